using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.Tests.Doubles;

public sealed class FakeClusterContract : ClusterContract
{
    protected override Task<IClusterBed> MakeBedAsync() => Task.FromResult<IClusterBed>(new FakeBed());

    private sealed class FakeBed : IClusterBed
    {
        private readonly FakeApiServer server = new(seed: 20_261);
        private ICluster? cluster;

        public IReadOnlyList<string> Waiting => ["wait"];

        public async Task<ICluster> OpenAsync(int nodes = 2, int devicesPerNode = 2)
        {
            await DisposeAsync();
            server.Nodes = [.. Enumerable.Range(0, nodes).Select(i => new NodeObservation($"node-{i}", NodeHealth.Ready, 8000, 32L << 30, "GPU", [.. Enumerable.Range(0, devicesPerNode)], AssignsDevices: true))];
            return cluster = new FakeCluster(server);
        }

        public void End(JobId job, int rank, int exitCode) => server.End(job, rank, exitCode);

        public int StartsOf(JobId job, int rank) => server.StartsOf(job, rank);

        public async ValueTask DisposeAsync()
        {
            if (cluster is not null) await cluster.DisposeAsync();
        }
    }
}
