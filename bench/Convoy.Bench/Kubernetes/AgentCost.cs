using System.Diagnostics;
using System.Globalization;
using Convoy.Bench.Everyday;
using Convoy.Clusters.Tests.Kubernetes;

namespace Convoy.Bench.Kubernetes;

/// <summary>What the agent of a large cluster costs: to start, while nothing happens, for what kubelets write, and for each decision.</summary>
internal static class AgentCost
{
    private const int Pods = 20_000;
    private const int Decisions = 200;
    private const int Touched = 2_000;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    public static async Task PrintAsync(TextWriter output, ApiServerProcess server, PlainClient plain, string programs, IReadOnlyList<int> sizes)
    {
        await plain.CreateAndBindAsync(Pods, 0, sizes[0]);
        await output.WriteLineAsync($"""

            ## The agent of a large cluster

            {Pods} pods of others on the nodes. Bytes are those of the line between agent and server, both ways, HTTP's own among them; a decision is a job of one task, from its submission to its running pod.

            | nodes | first picture at the server | memory | idle, of one core | idle, bytes/s | CPU per 1000 pods that change | CPU per 1000 nodes that change | bytes per decision | CPU per decision |
            |---|---|---|---|---|---|---|---|---|
            """);
        var made = sizes[0];
        foreach (var nodes in sizes)
        {
            await KubernetesTable.MakeNodesAsync(server.Client, made, nodes);
            made = nodes;
            var clock = Stopwatch.StartNew();
            await using var convoy = await JoinedConvoy.StartAsync(programs, server.Kubeconfig, KubernetesTable.Cluster, TimeSpan.Zero);
            await convoy.UntilNodesAsync(nodes);
            var first = clock.Elapsed;
            await Task.Delay(TimeSpan.FromSeconds(5));
            var (idle, idleBytes) = await CostAsync(convoy, () => Task.Delay(Quiet));
            var (pods, _) = await CostAsync(convoy, () => plain.TouchPodsAsync(Touched, $"seen by {nodes}"));
            var (seen, _) = await CostAsync(convoy, () => plain.TouchNodesAsync(sizes[0], $"seen by {nodes}"));
            await using var kubelet = new StandInKubelet(server.Client, "convoy.dev/job-id");
            var (jobs, jobBytes) = await CostAsync(convoy, async () =>
            {
                await KubernetesTable.SubmitAsync(convoy.Client, Decisions, 1);
                await JoinedConvoy.UntilAsync(async () => (await convoy.Client.ListJobsAsync(new() { All = true, Phase = Core.Jobs.JobPhase.Running, Limit = 1000 }, CancellationToken.None)).Items.Count == Decisions);
            });
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {nodes} | {first.TotalSeconds:0.0} s | {convoy.AgentResident >> 20} MiB | {idle.TotalSeconds / Quiet.TotalSeconds:0.0%} | {idleBytes / Quiet.TotalSeconds:0} | {pods.TotalMilliseconds / Touched * 1000:0} ms | {seen.TotalMilliseconds / sizes[0] * 1000:0} ms | {jobBytes / Decisions} | {jobs.TotalMilliseconds / Decisions:0.0} ms |"));
            await convoy.CancelAllAsync();
        }
    }

    private static async Task<(TimeSpan Processor, long Bytes)> CostAsync(JoinedConvoy convoy, Func<Task> work)
    {
        var (processor, (up, down)) = (convoy.AgentTime, convoy.Passed);
        await work();

        // What was written is seen a moment later.
        await Task.Delay(TimeSpan.FromSeconds(1));
        return (convoy.AgentTime - processor, convoy.Passed.Up - up + convoy.Passed.Down - down);
    }
}
