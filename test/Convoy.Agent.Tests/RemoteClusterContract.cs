using Convoy.Clusters;
using Convoy.Clusters.Remote;
using Convoy.Clusters.Tests;
using Convoy.Clusters.Tests.Doubles;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Agent.Tests;

/// <summary>A cluster that an agent keeps is a cluster like any other.</summary>
public class RemoteClusterContract : ClusterContract
{
    protected override Task<IClusterBed> MakeBedAsync() => Task.FromResult<IClusterBed>(new RemoteBed(server => server));
}

/// <summary>However bad the way to it is.</summary>
public sealed class BadlyReachedClusterContract : ClusterContract
{
    private static int seed = 411;

    protected override Task<IClusterBed> MakeBedAsync() => Task.FromResult<IClusterBed>(new RemoteBed(server => new BadWay(Interlocked.Increment(ref seed), server)));
}

/// <summary>Each life is one of both halves, over a double of what the agent keeps.</summary>
internal sealed class RemoteBed(Func<HttpMessageHandler, HttpMessageHandler> way) : IClusterBed
{
    private readonly FakeApiServer server = new(seed: 20_262);
    private RemoteCluster? half;
    private RunningAgent? agent;
    private FakeCluster? cluster;

    public IReadOnlyList<string> Waiting => ["wait"];

    public async Task<ICluster> OpenAsync(int nodes = 2, int devicesPerNode = 2)
    {
        await DisposeAsync();
        server.Nodes = Nodes(nodes, devicesPerNode);
        half = Half();
        agent = new RunningAgent(cluster = new FakeCluster(server), way(new SyncServer { Half = half }));
        return half;
    }

    public void End(JobId job, int rank, int exitCode) => server.End(job, rank, exitCode);

    public int StartsOf(JobId job, int rank) => server.StartsOf(job, rank);

    public async ValueTask DisposeAsync()
    {
        if (half is null) return;
        await half.DisposeAsync();
        await agent!.DisposeAsync();
        await cluster!.DisposeAsync();
    }

    public static RemoteCluster Half(TimeProvider? time = null) => new("fake", time ?? TimeProvider.System, lease: TimeSpan.FromSeconds(30), patience: TimeSpan.FromSeconds(60));

    public static NodeObservation[] Nodes(int count, int devices = 2) =>
        [.. Enumerable.Range(0, count).Select(i => new NodeObservation($"node-{i}", NodeHealth.Ready, 8000, 32L << 30, "GPU", [.. Enumerable.Range(0, devices)], AssignsDevices: true))];
}
