using System.Diagnostics;
using Convoy.Bench.Everyday;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Bench.Kubernetes;

/// <summary>A server with no machines of its own, and the agent through which one cluster joined it.</summary>
internal sealed class JoinedConvoy : IAsyncDisposable
{
    private readonly string folder;
    private readonly ServerProcess server;
    private readonly Process agent;
    private readonly string cluster;
    private readonly Relay? relay;

    private JoinedConvoy(string folder, ServerProcess server, ConvoyClient client, Process agent, string cluster, Relay? relay)
    {
        this.relay = relay;
        this.folder = folder;
        this.server = server;
        this.agent = agent;
        this.cluster = cluster;
        Client = client;
    }

    public ConvoyClient Client { get; }

    public TimeSpan AgentTime
    {
        get
        {
            agent.Refresh();
            return agent.TotalProcessorTime;
        }
    }

    public TimeSpan ServerTime => Process.GetProcessById(server.Pid).TotalProcessorTime;

    public long AgentResident
    {
        get
        {
            agent.Refresh();
            return agent.WorkingSet64;
        }
    }

    /// <summary>What passed between agent and server.</summary>
    public (long Up, long Down) Passed => relay!.Passed;

    /// <param name="delay">Of the line between agent and server, each way; null where there is nothing in between, and nothing is counted.</param>
    public static async Task<JoinedConvoy> StartAsync(string programs, string kubeconfig, string cluster, TimeSpan? delay = null)
    {
        var folder = Directory.CreateTempSubdirectory("convoy-bench-").FullName;

        // Tasks run under uids of their own and pass through.
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        var server = await ServerProcess.StartAsync(programs, Path.Combine(folder, "state"), "--gpus", "0");
        var client = server.NewClient();
        var token = Path.Combine(folder, "token");
        await File.WriteAllTextAsync(token, (await client.JoinClusterAsync(cluster, new ClusterJoinRequest("kubernetes"), CancellationToken.None)).Token);
        var relay = delay is { } each ? new Relay(server.Url, each) : null;
        var agent = Quiet(new ProcessStartInfo(Path.Combine(programs, "convoy-agent"), ["--server", (relay?.Url ?? server.Url).ToString(), "--cluster", cluster, "--token-file", token, "--kubeconfig", kubeconfig, "--no-election"]));
        return new JoinedConvoy(folder, server, client, agent, cluster, relay);
    }

    public Task UntilNodesAsync(int nodes) => UntilAsync(async () => (await Client.GetClusterAsync(cluster, CancellationToken.None)).Nodes == nodes);

    /// <summary>What waits is cancelled; what has pods must have lost them.</summary>
    public Task UntilIdleAsync() => UntilAsync(async () =>
    {
        var left = await Client.ListJobsAsync(new JobQuery { All = true, Unfinished = true, Limit = 1000 }, CancellationToken.None);
        foreach (var job in left.Items.Where(job => job.Phase is JobPhase.Pending)) await Client.CancelJobAsync(job.Id, CancellationToken.None);
        return left.Items.Count == 0;
    });

    /// <summary>Where there are kubelets: all jobs are cancelled, and have ended.</summary>
    public async Task CancelAllAsync()
    {
        var unfinished = await Client.ListJobsAsync(new JobQuery { All = true, Unfinished = true, Limit = 1000 }, CancellationToken.None);
        await Parallel.ForEachAsync(unfinished.Items, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (job, stop) => await Client.CancelJobAsync(job.Id, stop));
        await UntilIdleAsync();
    }

    /// <summary>As somebody of a lower level.</summary>
    public async Task<ConvoyClient> InternAsync()
    {
        await Client.AddUserAsync(new NewUserRequest("ina", "intern"), CancellationToken.None);
        return new ConvoyClient(server.Url, (await Client.CreateTokenAsync(new NewTokenRequest("ina", null, null), CancellationToken.None)).Token, TimeProvider.System);
    }

    public string Cost(string what) => $"Agent with {what}: {AgentResident >> 20} MiB, {AgentTime.TotalSeconds:0.0} s of processor time so far. Server: {server.ResidentBytes() >> 20} MiB.";

    public ValueTask DisposeAsync()
    {
        agent.Dispose();
        server.Dispose();
        relay?.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>One that ends with this program, and whose output nobody wants.</summary>
    public static Process Quiet(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var process = new Killed { StartInfo = start };
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var clock = Stopwatch.StartNew();
        while (!await isSo())
        {
            if (clock.Elapsed > TimeSpan.FromMinutes(3)) throw new TimeoutException("it does not come so far");
            await Task.Delay(200);
        }
    }

    private sealed class Killed : Process
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing && !HasExited) Kill();
            base.Dispose(disposing);
        }
    }
}
