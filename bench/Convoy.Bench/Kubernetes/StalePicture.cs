using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Bench.Everyday;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.Tests.Kubernetes;
using Convoy.Core.Jobs;

namespace Convoy.Bench.Kubernetes;

/// <summary>
/// Another scheduler fills the nodes on which Convoy decides, and the picture of which it decides is old: how many gangs are refused when their
/// pods are to be bound, how many jobs made way for nobody, and how long it takes until nothing changes any more.
/// </summary>
internal static class StalePicture
{
    private const int Nodes = 50;
    private const int GpusPerNode = 8;
    private const int Interns = 50;
    private const int Gangs = 25;
    private const int OthersPods = 100;
    private const int OthersGpus = 2;
    private const int GpusPerTask = 4;

    /// <summary>The gangs, and the others' pods, come within it.</summary>
    private static readonly TimeSpan Rush = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);

    public static async Task PrintAsync(TextWriter output, ApiServerProcess server, PlainClient plain, string programs, string assets)
    {
        await output.WriteLineAsync($"""

            ## A picture that is old, and a second scheduler

            {Nodes} nodes of {GpusPerNode} GPUs. {Interns} jobs of an intern's, of {GpusPerTask} GPUs each, run on half of them. Within {Rush.TotalSeconds:0} s come {Gangs} gangs of a senior's, of 2 tasks of {GpusPerTask} GPUs, and {OthersPods} pods of {OthersGpus} GPUs for kube-scheduler: together with the interns they ask for 600 of 400 GPUs, and every device that an intern gives up is there for whoever is first. The line between agent and server takes the time given, half of it each way. Settled: nothing has changed for {Settled.TotalSeconds:0} s, which are not counted.

            | nodes | age of the picture | gangs refused, or torn down before all were bound | jobs evicted | of them for nobody | seniors' GPUs | kube-scheduler's GPUs | idle GPUs | settled after |
            |---|---|---|---|---|---|---|---|---|
            """);
        await KubernetesTable.MakeNodesAsync(server.Client, 0, Nodes);
        foreach (var (isTainted, age) in new[] { (false, 0), (false, 500), (true, 500) })
        {
            await RunAsync(output, server, plain, programs, assets, isTainted, TimeSpan.FromMilliseconds(age));
        }
    }

    private static async Task RunAsync(TextWriter output, ApiServerProcess server, PlainClient plain, string programs, string assets, bool isTainted, TimeSpan age)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, Nodes), async (i, stop) => await TaintAsync(server.Client, $"node-{i}", isTainted && i >= Nodes / 4, stop));
        await using var kubelet = new StandInKubelet(server.Client);
        await using var convoy = await JoinedConvoy.StartAsync(programs, server.Kubeconfig, KubernetesTable.Cluster, age / 2);
        await convoy.UntilNodesAsync(Nodes);
        var intern = await convoy.InternAsync();
        for (var i = 0; i < Interns; i++) await intern.SubmitAsync(ServerProcess.NewId(), KubernetesTable.Job($"intern-{i}", 1, GpusPerTask), CancellationToken.None);
        await JoinedConvoy.UntilAsync(async () => (await convoy.Client.ListJobsAsync(new JobQuery { All = true, Phase = JobPhase.Running, Limit = 1000 }, CancellationToken.None)).Items.Count == Interns);
        using var scheduler = KubernetesTable.Scheduler(Path.Combine(assets, "kube-scheduler"), server.Kubeconfig);
        await Task.Delay(TimeSpan.FromSeconds(5));

        var clock = Stopwatch.StartNew();
        await Task.WhenAll(
            ComeAsync(Gangs, i => convoy.Client.SubmitAsync(ServerProcess.NewId(), KubernetesTable.Job($"senior-{i}", 2, GpusPerTask), CancellationToken.None)),
            ComeAsync(OthersPods, i => plain.CreatePodAsync($"other-{i}", OthersGpus, "default-scheduler")));
        var changed = clock.Elapsed;
        var before = "";
        while (clock.Elapsed - changed < Settled)
        {
            await Task.Delay(250);
            var now = string.Join(' ', kubelet.Bound.Select(pod => $"{pod.Metadata.Uid}").Order(StringComparer.Ordinal));
            if (now != before) changed = clock.Elapsed;
            before = now;
        }

        var jobs = await JobsAsync(convoy.Client);
        var attempts = jobs.SelectMany(job => (job.Attempts ?? []).Select(attempt => (Job: job, Attempt: attempt))).ToArray();
        var refused = attempts.Count(each => each.Attempt.StopCause == StopCause.NotBound || (each.Attempt.StopCause == StopCause.NodeLost && each.Attempt.RunningAt is null));
        var evicted = attempts.Where(each => each.Attempt.StopCause == StopCause.Preempted).ToArray();
        var forNobody = evicted.Count(victim => !attempts.Any(other => other.Job.User != victim.Job.User && other.Attempt.RunningAt >= victim.Attempt.EndedAt && other.Attempt.Tasks.Any(task => task.Node == victim.Attempt.Tasks[0].Node)));
        var seniors = kubelet.Bound.Count(pod => pod.Metadata.Labels.GetValueOrDefault("convoy.dev/job-name")?.StartsWith("senior", StringComparison.Ordinal) ?? false) * GpusPerTask;
        var interns = kubelet.Bound.Count(pod => pod.Metadata.Labels.GetValueOrDefault("convoy.dev/job-name")?.StartsWith("intern", StringComparison.Ordinal) ?? false) * GpusPerTask;
        var others = kubelet.Bound.Count(pod => pod.Metadata.Name.StartsWith("other-", StringComparison.Ordinal)) * OthersGpus;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {(isTainted ? "three quarters tainted for Convoy" : "all shared")} | {age.TotalMilliseconds:0} ms | {refused} | {evicted.Length} | {forNobody} | {seniors} | {others} | {(Nodes * GpusPerNode) - seniors - interns - others} | {changed.TotalSeconds:0.0} s |"));
        await convoy.CancelAllAsync();
        await server.ClearAllButNodesAsync();
        intern.Dispose();
    }

    private static async Task ComeAsync(int count, Func<int, Task> each)
    {
        for (var i = 0; i < count; i++)
        {
            await each(i);
            await Task.Delay(Rush / count);
        }
    }

    private static async Task<IReadOnlyList<JobView>> JobsAsync(ConvoyClient client)
    {
        var jobs = new List<JobView>();
        foreach (var brief in (await client.ListJobsAsync(new JobQuery { All = true, Limit = 1000 }, CancellationToken.None)).Items) jobs.Add(await client.GetJobAsync(brief.Id, CancellationToken.None));
        return jobs;
    }

    private static Task TaintAsync(ApiClient api, string node, bool isTainted, CancellationToken cancellationToken)
    {
        var taints = isTainted ? new JsonArray(new JsonObject { ["key"] = "convoy.dev/dedicated", ["effect"] = "NoSchedule" }) : null;
        return api.MergeAsync($"/api/v1/nodes/{node}", Encoding.UTF8.GetBytes(new JsonObject { ["spec"] = new JsonObject { ["taints"] = taints } }.ToJsonString()), ApiJson.Default.NodeObject, cancellationToken);
    }
}
