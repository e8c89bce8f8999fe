using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>
/// Stands for the kubelets of all nodes: says of every pod bound to a node that it runs, ends it when told, gives a deleted one's tasks their
/// end, and lets go of it. Nothing really runs.
/// </summary>
internal sealed class StandInKubelet : IAsyncDisposable
{
    private readonly ApiClient api;
    private readonly Informer<PodObject> pods;
    private readonly CancellationTokenSource closing = new();
    private readonly ConcurrentDictionary<string, Task> work = [];
    private readonly ConcurrentDictionary<(JobId Job, int Rank), int> words = [];
    private readonly ConcurrentDictionary<(JobId Job, int Rank), int> starts = [];
    private readonly ConcurrentDictionary<string, int> podWords = [];
    private readonly ConcurrentDictionary<string, byte> started = [];
    private readonly Task following;

    /// <param name="selector">A label: other pods are nobody's. Null for all pods.</param>
    public StandInKubelet(ApiClient api, string? selector = null)
    {
        this.api = api;
        pods = new Informer<PodObject>(api, "/api/v1/pods", ApiJson.Default.PodObject, ApiJson.Default.ObjectListPodObject, (_, after) => Act(after is null || selector is null || after.Metadata.Labels.ContainsKey(selector) ? after : null), TimeProvider.System, NullLogger.Instance);
        following = pods.RunAsync(closing.Token);
    }

    /// <summary>False: pods that come to a node stay as they are.</summary>
    public bool Starts { get; set; } = true;

    /// <summary>Pods on each node that are neither ended nor being deleted, as the API server has them.</summary>
    public IEnumerable<PodObject> Bound => pods.Items.Where(pod => pod is { IsBound: true, IsTerminal: false });

    public ICollection<PodObject> Pods => pods.Items;

    public int StartsOf(JobId job, int rank) => starts.GetValueOrDefault((job, rank));

    public IEnumerable<(JobId Job, int Rank, int Times)> AllStarts => starts.Select(one => (one.Key.Job, one.Key.Rank, one.Value));

    public void End(JobId job, int rank, int exitCode)
    {
        words[(job, rank)] = exitCode;
        foreach (var pod in pods.Items) Act(pod);
    }

    /// <summary>Ends the first container of a pod that is no task's.</summary>
    public void EndPod(string name, int exitCode)
    {
        podWords[name] = exitCode;
        foreach (var pod in pods.Items) Act(pod);
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await following;
        await Task.WhenAll(work.Values);
        closing.Dispose();
    }

    private void Act(PodObject? pod)
    {
        if (pod is not { IsBound: true }) return;
        work.AddOrUpdate(pod.Metadata.Uid, _ => Task.Run(() => ActAsync(pod)), (_, before) => before.ContinueWith(_ => ActAsync(pod), TaskScheduler.Default).Unwrap());
    }

    private async Task ActAsync(PodObject told)
    {
        try
        {
            var pod = pods.Find(told.Metadata.Key) ?? told;
            if (pod.Metadata.Uid != told.Metadata.Uid) return;
            var task = JobId.TryParse(pod.Metadata.Labels.GetValueOrDefault(ObjectNames.JobIdLabel), out var job) ? (job, int.Parse(pod.Metadata.Labels[ObjectNames.RankLabel], System.Globalization.CultureInfo.InvariantCulture)) : default;
            if (!pod.IsTerminal)
            {
                if (pod.Metadata.IsDeleting)
                {
                    if (started.ContainsKey(pod.Metadata.Uid)) await EndAsync(pod, 143);
                }
                else if (!Starts)
                {
                    return;
                }
                else if (started.TryAdd(pod.Metadata.Uid, 0))
                {
                    starts.AddOrUpdate(task, 1, (_, times) => times + 1);
                    await SetAsync(pod, new JsonObject { ["phase"] = "Running", ["startTime"] = Now(), ["containerStatuses"] = Container(pod, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Now() } }) });
                }

                if (!pod.Metadata.IsDeleting && (words.TryGetValue(task, out var code) || podWords.TryGetValue(pod.Metadata.Name, out code))) await EndAsync(pod, code);
            }

            if (pod.Metadata.IsDeleting && pod.Metadata.DeletionGracePeriodSeconds != 0)
            {
                await api.DeleteAsync(PathOf(pod), Encoding.UTF8.GetBytes("""{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0}"""), closing.Token);
            }
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Somebody was quicker.
        }
        catch (OperationCanceledException)
        {
            // The world ends.
        }
    }

    private Task EndAsync(PodObject pod, int code) => SetAsync(pod, new JsonObject
    {
        ["phase"] = code == 0 ? "Succeeded" : "Failed",
        ["containerStatuses"] = Container(pod, new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = code, ["startedAt"] = Now(), ["finishedAt"] = Now() } }),
    });

    private Task SetAsync(PodObject pod, JsonObject status) =>
        api.MergeAsync($"{PathOf(pod)}/status", Encoding.UTF8.GetBytes(new JsonObject { ["status"] = status }.ToJsonString()), ApiJson.Default.PodObject, closing.Token);

    private static JsonArray Container(PodObject pod, JsonObject state) => new(new JsonObject
    {
        ["name"] = pod.Spec.Containers[0].Name, ["image"] = "image", ["imageID"] = "", ["ready"] = false, ["restartCount"] = 0, ["state"] = state,
    });

    private static string PathOf(PodObject pod) => $"/api/v1/namespaces/{pod.Metadata.Namespace}/pods/{pod.Metadata.Name}";

    private static string Now() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
