namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalClusterContract : ClusterContract
{
    protected override Task<IClusterBed> MakeBedAsync() => Task.FromResult<IClusterBed>(new LocalBed());
}
