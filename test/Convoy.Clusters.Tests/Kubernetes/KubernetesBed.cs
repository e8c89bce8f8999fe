using System.Globalization;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>An API server, real or not, with nodes that somebody stands in for.</summary>
internal sealed class KubernetesBed : IClusterBed
{
    private readonly Func<ApiClient> connect;
    private readonly ApiClient admin;
    private readonly HashSet<string> nodes = [];
    private ICluster? open;

    /// <param name="connect">A connection for the operator.</param>
    /// <param name="admin">One without faults, for the world.</param>
    public KubernetesBed(Func<ApiClient> connect, ApiClient admin)
    {
        this.connect = connect;
        this.admin = admin;
        Kubelet = new StandInKubelet(admin);
    }

    public StandInKubelet Kubelet { get; }

    public ApiClient Admin => admin;

    public IReadOnlyList<string> Waiting => ["sleep", "infinity"];

    public KubernetesOptions Options { get; init; } = new() { Name = "local", ServerUrl = "http://127.0.0.1:1", SealKey = new byte[32] };

    public async Task<ICluster> OpenAsync(int nodes = 2, int devicesPerNode = 2)
    {
        if (open is not null) await open.DisposeAsync();
        await SetNodesAsync(nodes, devicesPerNode);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return open = new PatientCluster(await KubernetesCluster.OpenAsync(Options, connect(), TimeProvider.System, NullLogger.Instance, patience.Token));
    }

    public void End(JobId job, int rank, int exitCode) => Kubelet.End(job, rank, exitCode);

    public int StartsOf(JobId job, int rank) => Kubelet.StartsOf(job, rank);

    public async Task SetNodesAsync(int count, int devices)
    {
        for (var i = 0; i < count; i++)
        {
            var name = $"node-{i.ToString(CultureInfo.InvariantCulture)}";
            await StandInNodes.SetAsync(admin, name, devices);
            nodes.Add(name);
        }

        foreach (var node in nodes.Where(name => int.Parse(name[5..], CultureInfo.InvariantCulture) >= count).ToArray())
        {
            await admin.DeleteAsync($"/api/v1/nodes/{node}", null, CancellationToken.None);
            nodes.Remove(node);
        }
    }

    public async Task CloseAsync()
    {
        if (open is not null) await open.DisposeAsync();
        open = null;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await Kubelet.DisposeAsync();
    }
}

/// <summary>Asks again, as the server does, where a wish could not be taken for now.</summary>
internal sealed class PatientCluster(ICluster cluster) : ICluster
{
    private const int MostTries = 200;

    public ICluster Inner => cluster;

    public string Name => cluster.Name;

    public async Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            var refusals = await cluster.ApplyAsync(assignments, cancellationToken);
            if (tries == MostTries || refusals.All(refusal => refusal.Permanent)) return refusals;
            await Task.Delay(20, cancellationToken);
        }
    }

    public async Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await cluster.ForgetAsync(job, ownerNumber, cancellationToken);
            }
            catch (IOException) when (tries < MostTries)
            {
                await Task.Delay(20, cancellationToken);
            }
        }
    }

    public Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken) => cluster.ObserveAsync(since, cancellationToken);

    public Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken) => cluster.WaitForChangeAsync(since, cancellationToken);

    public ValueTask DisposeAsync() => cluster.DisposeAsync();
}

/// <summary>The double, with or without faults.</summary>
internal static class Doubles
{
    public static KubernetesBed Sound() => Make(new FakeKubernetes(), null);

    /// <summary>Kubernetes before 1.22.</summary>
    public static KubernetesBed Old() => Make(new FakeKubernetes { EvictionForm = "policy/v1beta1" }, null);

    public static KubernetesBed Faulty(int seed, double rate = 0.15)
    {
        var server = new FakeKubernetes();
        return Make(server, new FaultyConnection(server, seed, rate));
    }

    private static KubernetesBed Make(FakeKubernetes server, FaultyConnection? faults) =>
        new(() => Connect((HttpMessageHandler?)faults ?? server), Connect(server));

    private static ApiClient Connect(HttpMessageHandler handler) =>
        new(new HttpClient(handler, disposeHandler: false) { BaseAddress = new Uri("http://api.test"), Timeout = Timeout.InfiniteTimeSpan }, (_, _) => Task.CompletedTask);
}
