using System.Diagnostics;
using System.Globalization;
using System.Text;
using Convoy.Bench.Everyday;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.Tests.Kubernetes;
using Convoy.Core.Jobs;

namespace Convoy.Bench.Kubernetes;

/// <summary>How fast pods come to nodes on one API server: Convoy, kube-scheduler, and a client that only writes. All in one run.</summary>
internal static class KubernetesTable
{
    private const int Nodes = 1000;
    private const int GpusPerNode = 8;
    private const int Gangs = 125;
    private const int Connections = 8;
    /// <summary>Until what was compiled at the start is compiled well.</summary>
    private const int WarmRuns = 4;

    public const string Cluster = "bench";

    /// <param name="only">The part that is wanted; null for all of them.</param>
    public static async Task PrintAsync(TextWriter output, string programs, string assets, string? only)
    {
        Environment.SetEnvironmentVariable("KUBEBUILDER_ASSETS", assets);
        await using var server = new ApiServerProcess();
        await server.InitializeAsync();
        if (server.Missing is not null) throw new InvalidOperationException(server.Missing);
        var api = server.Client;
        var plain = new PlainClient(api, Connections);
        await plain.MakeNamespaceAsync("plain");
        await plain.MakeNamespaceAsync("default");
        await plain.MakeNamespaceAsync("foreign", "admin");
        await output.WriteLineAsync($"""
            # Kubernetes

                dotnet run -c Release --project bench/Convoy.Bench -- kubernetes PROGRAMS ASSETS > bench/results/kubernetes.md

            One API server (Kubernetes {server.Version.Major}.{server.Version.Minor}) with its etcd, everything that is measured and the clients on {Environment.ProcessorCount} processors. {Nodes} nodes of {GpusPerNode} GPUs; {Connections} connections each. From the first create to the last binding that a watch shows; kubelets there are none.

            | what | pods/s | against the client |
            |---|---|---|
            """);

        // By itself, as it has few nodes.
        using var stale = new StringWriter();
        if (only is null or "stale") await StalePicture.PrintAsync(stale, server, plain, programs, assets);
        if (only == "stale")
        {
            await output.WriteAsync(stale.ToString());
            return;
        }

        await MakeNodesAsync(api, 0, Nodes);
        if (only == "agent")
        {
            await AgentCost.PrintAsync(output, server, plain, programs, [Nodes, 5 * Nodes]);
            return;
        }

        // The first of all warms the API server up, and is not counted.
        await plain.CreateAndBindAsync(Nodes, GpusPerNode);
        await server.ClearPodsAsync();
        var writes = await BoundAsync(api, Nodes, () => plain.CreateAndBindAsync(Nodes, GpusPerNode));
        await RowAsync(output, $"reference: one client creates and binds {Nodes} pods", writes, writes);
        await server.ClearPodsAsync();
        if (only is null or "scheduler") await SchedulerAsync(output, server, plain, assets, writes);
        await using (var convoy = await JoinedConvoy.StartAsync(programs, server.Kubeconfig, Cluster))
        {
            await convoy.UntilNodesAsync(Nodes);
            if (only is null or "foreign") await ForeignAsync(output, server, plain, convoy, writes);
            if (only is null or "jobs") await JobsAsync(output, server, plain, convoy);
        }

        if (only is not null) return;
        await AgentCost.PrintAsync(output, server, plain, programs, [Nodes, 5 * Nodes]);
        await output.WriteAsync(stale.ToString());
    }

    private static async Task SchedulerAsync(TextWriter output, ApiServerProcess server, PlainClient plain, string assets, double writes)
    {
        using (Scheduler(Path.Combine(assets, "kube-scheduler"), server.Kubeconfig))
        {
            await Task.Delay(TimeSpan.FromSeconds(15));
            await RowAsync(output, $"kube-scheduler binds {Nodes} pods of one node", await BoundAsync(server.Client, Nodes, () => plain.CreatePodsAsync(Nodes, GpusPerNode, "default-scheduler", "plain")), writes);
        }

        await server.ClearPodsAsync();
    }

    private static async Task ForeignAsync(TextWriter output, ApiServerProcess server, PlainClient plain, JoinedConvoy convoy, double writes)
    {
        // The client had its first run, too, before it was counted.
        for (var run = 1; run <= WarmRuns; run++)
        {
            var (agent, own) = (convoy.AgentTime, convoy.ServerTime);
            var rate = await BoundAsync(server.Client, Nodes, () => plain.CreatePodsAsync(Nodes, GpusPerNode, "convoy", "foreign"));
            var cost = string.Create(CultureInfo.InvariantCulture, $"{(convoy.AgentTime - agent).TotalMilliseconds / Nodes:0.0} ms of the agent's processor time for each and {(convoy.ServerTime - own).TotalMilliseconds / Nodes:0.0} ms of the server's");
            if (run is 1 or WarmRuns) await RowAsync(output, $"Convoy binds {Nodes} pods of another operator, {(run == 1 ? "just started" : $"run {run}")}; {cost}", rate, writes);
            await server.ClearPodsAsync();
            await convoy.UntilIdleAsync();
        }
    }

    /// <summary>By itself, and as Convoy's operator does it.</summary>
    private static async Task JobsAsync(TextWriter output, ApiServerProcess server, PlainClient plain, JoinedConvoy convoy)
    {
        var ownSingles = await plain.JobsAsync(Nodes, 1, GpusPerNode);
        await server.ClearAllButNodesAsync();
        await RowAsync(output, $"reference: one client makes the writes of {Nodes} TrainingJobs of one task", ownSingles, ownSingles);
        var before = await WritesAsync(server);
        var singles = await BoundAsync(server.Client, Nodes, () => SubmitAsync(convoy.Client, Nodes, 1));
        var written = Difference(await WritesAsync(server), before);
        await RowAsync(output, $"Convoy: {Nodes} TrainingJobs of one task", singles, ownSingles);
        await CancelAllAsync(convoy, server);

        var ownGangs = await plain.JobsAsync(Gangs, GpusPerNode, GpusPerNode) * GpusPerNode;
        await server.ClearAllButNodesAsync();
        await RowAsync(output, $"reference: one client makes the writes of {Gangs} gangs of {GpusPerNode}", ownGangs, ownGangs);
        var beforeGangs = await WritesAsync(server);
        var gangs = await BoundAsync(server.Client, Nodes, () => SubmitAsync(convoy.Client, Gangs, GpusPerNode));
        await Task.Delay(TimeSpan.FromSeconds(2));
        var writtenGangs = Difference(await WritesAsync(server), beforeGangs);
        await RowAsync(output, $"Convoy: {Gangs} gangs of {GpusPerNode}", gangs, ownGangs);
        await output.WriteLineAsync($"\nWrites (the API server's own count): {written} for {Nodes} jobs of one task; {writtenGangs} for {Gangs} gangs of {GpusPerNode} pods.");
        await output.WriteLineAsync($"\n{convoy.Cost($"{Nodes} nodes and {Nodes} pods")}");
        await CancelAllAsync(convoy, server);
    }

    public static JobSpec Job(string name, int tasks, int gpus) => new()
    {
        Name = name,
        Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = ["sleep", "infinity"], Replicas = new Replicas(tasks, tasks), Resources = new ResourceSpec { Gpu = gpus } } },
        Placement = new PlacementSpec { Clusters = [Cluster] },
    };

    public static async Task MakeNodesAsync(ApiClient api, int from, int to)
    {
        await Parallel.ForEachAsync(Enumerable.Range(from, to - from), new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (i, _) => await StandInNodes.SetAsync(api, $"node-{i}", GpusPerNode));
    }

    /// <returns>Pods a second from the first of what <paramref name="make"/> does until all are bound.</returns>
    private static async Task<double> BoundAsync(ApiClient api, int pods, Func<Task> make)
    {
        var bound = 0;
        var all = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        var informer = new Informer<PodObject>(api, "/api/v1/pods", ApiJson.Default.PodObject, ApiJson.Default.ObjectListPodObject, (was, now) =>
        {
            if (now is { IsBound: true } && was is not { IsBound: true } && ++bound == pods) all.SetResult();
        }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var following = informer.RunAsync(stop.Token);
        await informer.Synced;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(make(), all.Task.WaitAsync(TimeSpan.FromMinutes(5)));
        var rate = pods / clock.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await following;
        return rate;
    }

    public static async Task SubmitAsync(ConvoyClient client, int jobs, int tasks)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < jobs) await client.SubmitAsync(ServerProcess.NewId(), Job($"job-{i}", tasks, GpusPerNode), CancellationToken.None);
        }));
    }

    private static async Task CancelAllAsync(JoinedConvoy convoy, ApiServerProcess server)
    {
        var unfinished = await convoy.Client.ListJobsAsync(new JobQuery { All = true, Unfinished = true, Limit = 1000 }, CancellationToken.None);
        await Parallel.ForEachAsync(unfinished.Items, new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (job, stop) => await convoy.Client.CancelJobAsync(job.Id, stop));
        await Task.Delay(TimeSpan.FromSeconds(5));
        await server.ClearAllButNodesAsync();
        await convoy.UntilIdleAsync();
    }

    /// <summary>Of pods and what jobs are made of, as the API server counted them.</summary>
    private static async Task<Dictionary<string, double>> WritesAsync(ApiServerProcess server)
    {
        var counts = new Dictionary<string, double>();
        foreach (var line in (await server.GetTextAsync("/metrics")).Split('\n'))
        {
            if (!line.StartsWith("apiserver_request_total{", StringComparison.Ordinal) || !(line.Contains("verb=\"POST\"", StringComparison.Ordinal) || line.Contains("verb=\"PATCH\"", StringComparison.Ordinal) || line.Contains("verb=\"APPLY\"", StringComparison.Ordinal) || line.Contains("verb=\"DELETE\"", StringComparison.Ordinal))) continue;
            var resource = Of(line, "resource") + (Of(line, "subresource") is { Length: > 0 } sub ? $"/{sub}" : "");
            if (resource.Split('/')[0] is not ("pods" or "secrets" or "services" or "trainingjobs")) continue;
            counts[resource] = counts.GetValueOrDefault(resource) + double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
        }

        return counts;

        static string Of(string line, string label)
        {
            var start = line.IndexOf($",{label}=\"", StringComparison.Ordinal);
            if (start < 0) return "";
            start += label.Length + 3;
            return line[start..line.IndexOf('"', start)];
        }
    }

    private static string Difference(Dictionary<string, double> after, Dictionary<string, double> before) =>
        string.Join(", ", after.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, Count: pair.Value - before.GetValueOrDefault(pair.Key))).Where(pair => pair.Count > 0).Select(pair => $"{pair.Count:0} {pair.Key}"));

    public static Process Scheduler(string program, string kubeconfig) => JoinedConvoy.Quiet(new ProcessStartInfo(program, ["--kubeconfig", kubeconfig, "--leader-elect=false", "--kube-api-qps=5000", "--kube-api-burst=5000", "--bind-address=127.0.0.1", $"--secure-port={ServerProcess.FreePort()}", $"--cert-dir={Path.GetDirectoryName(kubeconfig)}/scheduler"]));

    private static Task RowAsync(TextWriter output, string what, double rate, double reference) => output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {what} | {rate:0} | {rate / reference:0.00} |"));
}
