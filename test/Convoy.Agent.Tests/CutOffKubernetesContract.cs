using Convoy.Clusters;
using Convoy.Clusters.Remote;
using Convoy.Clusters.Tests;
using Convoy.Clusters.Tests.Kubernetes;
using Convoy.Core.Jobs;

namespace Convoy.Agent.Tests;

/// <summary>
/// Server, agent and API server, each cut off from the next again and again: what is asked of one is lost, answered late or twice, and its
/// watches break off. No task starts twice, and every one ends (guarantee 13).
/// </summary>
public sealed class CutOffKubernetesContract : ClusterContract
{
    private static int seed = 5000;

    protected override Task<IClusterBed> MakeBedAsync()
    {
        var next = Interlocked.Increment(ref seed);
        return Task.FromResult<IClusterBed>(new ChainBed(Doubles.Faulty(next, rate: 0.1), server => new BadWay(next, server)));
    }
}

/// <summary>Each life is one of the server's half and of the agent, over a cluster that outlasts both.</summary>
internal sealed class ChainBed(KubernetesBed inner, Func<HttpMessageHandler, HttpMessageHandler> way) : IClusterBed
{
    private RemoteCluster? half;
    private RunningAgent? agent;

    public IReadOnlyList<string> Waiting => inner.Waiting;

    public async Task<ICluster> OpenAsync(int nodes = 2, int devicesPerNode = 2)
    {
        await CloseAsync();
        var cluster = await inner.OpenAsync(nodes, devicesPerNode);
        half = RemoteBed.Half();
        agent = new RunningAgent(cluster, way(new SyncServer { Half = half }));
        return new PatientCluster(half);
    }

    public void End(JobId job, int rank, int exitCode) => inner.End(job, rank, exitCode);

    public int StartsOf(JobId job, int rank) => inner.StartsOf(job, rank);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await inner.DisposeAsync();
    }

    private async Task CloseAsync()
    {
        if (half is null) return;
        await half.DisposeAsync();
        await agent!.DisposeAsync();
        half = null;
    }
}
