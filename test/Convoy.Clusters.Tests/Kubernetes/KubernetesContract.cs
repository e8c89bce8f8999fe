namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>Tests that share one API server run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class KubernetesWorld : ICollectionFixture<RealApiServer>
{
    public const string Name = "Kubernetes";
}

[Collection(KubernetesWorld.Name)]
public sealed class KubernetesContract(RealApiServer server) : ClusterContract
{
    protected override async Task<IClusterBed> MakeBedAsync() => await BedOnAsync(server);

    internal static async Task<KubernetesBed> BedOnAsync(RealApiServer server)
    {
        Assert.SkipWhen(server.Missing is not null, server.Missing ?? "");
        await server.ClearAsync();
        return new KubernetesBed(() => server.Client, server.Client);
    }
}

public sealed class FakeKubernetesContract : ClusterContract
{
    protected override Task<IClusterBed> MakeBedAsync() => Task.FromResult<IClusterBed>(Doubles.Sound());
}

/// <summary>The same, with every sixth request or so going wrong.</summary>
public sealed class FaultyKubernetesContract : ClusterContract
{
    private static int seeds;

    protected override Task<IClusterBed> MakeBedAsync() => Task.FromResult<IClusterBed>(Doubles.Faulty(Interlocked.Increment(ref seeds)));
}
