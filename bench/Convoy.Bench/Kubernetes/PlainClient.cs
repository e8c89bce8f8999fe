using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using k8s;

namespace Convoy.Bench.Kubernetes;

/// <summary>The reference: one client that makes the writes and decides nothing, over so many connections.</summary>
internal sealed class PlainClient(ApiClient api, int connections)
{
    private const string Space = "plain";

    public async Task CreatePodsAsync(int count, int gpus, string scheduler, string space = Space) => await EachAsync(count, i => api.PostAsync($"/api/v1/namespaces/{space}/pods", Pod(i, gpus, scheduler), ApiJson.Default.PodObject, CancellationToken.None));

    /// <returns>Pods a second from the first create to the last binding.</returns>
    /// <param name="nodes">The pods go to so many nodes, turn by turn; null gives each its own.</param>
    public async Task<double> CreateAndBindAsync(int count, int gpus, int? nodes = null)
    {
        var clock = Stopwatch.StartNew();
        await EachAsync(count, async i =>
        {
            await api.PostAsync($"/api/v1/namespaces/{Space}/pods", Pod(i, gpus, "nobody"), ApiJson.Default.PodObject, CancellationToken.None);
            await BindAsync(Space, $"pod-{i}", $"node-{i % (nodes ?? count)}");
        });
        return count / clock.Elapsed.TotalSeconds;
    }

    /// <summary>What kubelets write: each of so many pods is said to run.</summary>
    public Task TouchPodsAsync(int count, string word) => EachAsync(count, i => api.MergeAsync(
        $"/api/v1/namespaces/{Space}/pods/pod-{i}/status", Encoding.UTF8.GetBytes($$$"""{"status":{"phase":"Running","message":"{{{word}}}"}}"""), ApiJson.Default.PodObject, CancellationToken.None));

    public Task TouchNodesAsync(int count, string word) => EachAsync(count, i => api.MergeAsync(
        $"/api/v1/nodes/node-{i}/status", Encoding.UTF8.GetBytes($$$"""{"status":{"conditions":[{"type":"Ready","status":"True","message":"{{{word}}}"}]}}"""), ApiJson.Default.NodeObject, CancellationToken.None));

    public Task CreatePodAsync(string name, int gpus, string scheduler) => api.PostAsync($"/api/v1/namespaces/{Space}/pods", Pod(name, gpus, scheduler), ApiJson.Default.PodObject, CancellationToken.None);

    /// <summary>The same writes as a job's operator makes: the object, its secret, its service where it has peers, its pods and their bindings, its status.</summary>
    /// <returns>Jobs a second.</returns>
    public async Task<double> JobsAsync(int count, int tasks, int gpus)
    {
        var options = new KubernetesOptions { Name = "bench", ServerUrl = "http://127.0.0.1:1", SealKey = new byte[32] };
        var seal = new DecisionSeal(options.SealKey);
        var node = new NodeResources(AcceleratorCatalogue.WellKnown[0], null);
        var clock = Stopwatch.StartNew();
        await EachAsync(count, async i =>
        {
            var decision = new Assignment
            {
                JobId = JobId.FromKey("plain", $"{i}"), Generation = 1, Wanted = WantedState.Run, Attempt = 1, Cluster = "bench", Owner = "admin",
                Spec = KubernetesTable.Job($"job-{i}", tasks, gpus),
                Tasks = [.. Enumerable.Range(0, tasks).Select(rank => new TaskPlacement("worker", rank, rank, $"node-{(i * tasks) + rank}", []))],
            };
            var name = ObjectNames.Job(decision);
            var path = TrainingJobObject.PathOf(Space, name);
            var made = await api.ApplyAsync(path, JsonSerializer.SerializeToUtf8Bytes(TrainingJobRendering.Render(null, true, Space, name, seal.Mark(Space, name, decision, 1)), ApiJson.Default.TrainingJobWrite), ApiJson.Default.TrainingJobObject, CancellationToken.None);
            var owner = AttemptObjects.OwnedBy(name, made.Metadata.Uid);
            await api.ApplyAsync($"/api/v1/namespaces/{Space}/secrets/{ObjectNames.Attempt(decision)}", Bytes(AttemptObjects.Secret(decision, "token", owner, Space)), CancellationToken.None);
            if (AttemptObjects.NeedsService(decision)) await api.ApplyAsync($"/api/v1/namespaces/{Space}/services/{ObjectNames.Attempt(decision)}", Bytes(AttemptObjects.Service(decision, owner, Space)), CancellationToken.None);
            foreach (var task in decision.Tasks) await api.PostAsync($"/api/v1/namespaces/{Space}/pods", Bytes(TaskPod.Render(decision, task.Rank, node, owner, Space, options)), ApiJson.Default.PodObject, CancellationToken.None);
            foreach (var task in decision.Tasks) await BindAsync(Space, ObjectNames.Pod(decision, task.Rank), task.Node);
            var status = JobStatus.Of(new KnownGang(decision, new HashSet<int>(), false, tasks, null, null), null, DateTimeOffset.UtcNow);
            await api.ApplyAsync($"{path}/status", JsonSerializer.SerializeToUtf8Bytes(new TrainingJobStatusWrite(new TrainingJobMeta(name, Space), status), ApiJson.Default.TrainingJobStatusWrite), CancellationToken.None);
        });
        return count / clock.Elapsed.TotalSeconds;
    }

    public Task MakeNamespaceAsync(string name, string? owner = null)
    {
        var meta = new JsonObject { ["name"] = name };
        if (owner is not null) meta["annotations"] = new JsonObject { [ObjectNames.OwnerLabel] = owner };
        return api.ApplyAsync($"/api/v1/namespaces/{name}", Encoding.UTF8.GetBytes(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = meta }.ToJsonString()), CancellationToken.None);
    }

    private Task BindAsync(string space, string pod, string node) => api.PostAsync(
        $"/api/v1/namespaces/{space}/pods/{pod}/binding",
        Encoding.UTF8.GetBytes(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Binding", ["metadata"] = new JsonObject { ["name"] = pod }, ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node } }.ToJsonString()),
        CancellationToken.None);

    private static byte[] Bytes(object body) => Encoding.UTF8.GetBytes(KubernetesJson.Serialize(body));

    private static byte[] Pod(int i, int gpus, string scheduler) => Pod($"pod-{i}", gpus, scheduler);

    private static byte[] Pod(string name, int gpus, string scheduler) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject
        {
            ["schedulerName"] = scheduler,
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "image", ["resources"] = new JsonObject { ["limits"] = gpus == 0 ? [] : new JsonObject { ["nvidia.com/gpu"] = $"{gpus}" }, ["requests"] = new JsonObject { ["cpu"] = "1" } } }),
        },
    }.ToJsonString());

    private async Task EachAsync(int count, Func<int, Task> each)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count) await each(i);
        }));
    }
}
