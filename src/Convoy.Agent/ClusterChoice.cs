using Convoy.Clusters;
using Convoy.Clusters.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Convoy.Agent;

/// <summary>What the agent keeps.</summary>
/// <param name="Requests">What is asked of Convoy inside it; null where nothing is.</param>
public sealed record OpenCluster(ICluster Cluster, IClusterRequests? Requests, IDisposable Access) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        Access.Dispose();
    }
}

/// <summary>The Kubernetes cluster that this agent is in, or has the way to.</summary>
public static class ClusterChoice
{
    private const string Lease = "convoy-agent";

    /// <summary>Returns when this agent is the one that acts.</summary>
    /// <param name="lost">Called when another acts instead.</param>
    /// <exception cref="NoClusterException">There is no way to a cluster.</exception>
    public static async Task<OpenCluster> OpenAsync(AgentOptions options, Action lost, ILoggerFactory logs, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // It is the open cluster's to dispose of, or goes below.
        var access = Reach(options);
#pragma warning restore CA2000
        try
        {
            var log = logs.CreateLogger<KubernetesCluster>();
            var seal = await access.ReadOrMakeSealAsync(options.Namespace, log, cancellationToken);
            if (!options.IsAlone) await access.BecomeLeaderAsync(options.Namespace, $"{Lease}-{options.Cluster}", $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}", lost, log, cancellationToken);
            var cluster = await access.OpenAsync(OptionsOf(options, seal), TimeProvider.System, log, cancellationToken);
            return new OpenCluster(cluster, cluster, access);
        }
        catch
        {
            access.Dispose();
            throw;
        }
    }

    private static KubernetesAccess Reach(AgentOptions options)
    {
        try
        {
            return KubernetesAccess.Open(options.Kubeconfig, options.Context);
        }
        catch (IOException unknown)
        {
            throw new NoClusterException(unknown.Message, unknown);
        }
    }

    private static KubernetesOptions OptionsOf(AgentOptions options, ReadOnlyMemory<byte> seal)
    {
        var usual = new KubernetesOptions { Name = options.Cluster, ServerUrl = options.TasksServer ?? options.Server.AbsoluteUri.TrimEnd('/'), SealKey = seal };
        var topology = new Dictionary<string, IReadOnlyList<string>>(usual.TopologyLabels);
        foreach (var (level, label) in options.Topology) topology[level] = [label];
        return usual with
        {
            DefaultImage = options.DefaultImage ?? usual.DefaultImage,
            AgentImage = options.AgentImage,
            TopologyLabels = topology,
            KeepPodsFor = options.KeepPods ?? usual.KeepPodsFor,
            Connections = options.Connections ?? usual.Connections,
        };
    }
}

public sealed class NoClusterException(string message, Exception inner) : Exception(message, inner);
