using Convoy.Clusters;

namespace Convoy.Agent;

/// <summary>What the agent keeps.</summary>
/// <param name="Requests">What is asked of Convoy inside it; null where nothing is.</param>
public sealed record OpenCluster(ICluster Cluster, IClusterRequests? Requests) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

/// <summary>Which kind of cluster this agent is in.</summary>
public static class ClusterChoice
{
    /// <exception cref="NoClusterException">It is in none that it knows.</exception>
    public static Task<OpenCluster> OpenAsync(AgentOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        throw new NoClusterException($"no kind of cluster is built into this agent, so it cannot keep '{options.Cluster}'");
    }
}

public sealed class NoClusterException(string message) : Exception(message);
