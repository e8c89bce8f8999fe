using System.Collections.Immutable;
using Convoy.Clusters;
using Convoy.Core.Scheduling;

namespace Convoy.Server;

/// <summary>The clusters and their nodes as last seen.</summary>
public sealed class Fleet
{
    private ImmutableSortedDictionary<string, ClusterState> clusters = ImmutableSortedDictionary.Create<string, ClusterState>(StringComparer.Ordinal);

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, ClusterState> Clusters => Volatile.Read(ref clusters);

    public bool HasReported => Clusters.Values.Any(cluster => cluster.LastSeenAt is not null);

    public IEnumerable<Node> Nodes => Clusters.Values.SelectMany(cluster => cluster.Nodes.Select(node => Node.Of(cluster.Name, node)));

    public void Register(string name, string kind) =>
        ImmutableInterlocked.Update(ref clusters, known => known.SetItem(name, new ClusterState(name, kind, [], null)));

    /// <summary>True where the nodes have changed.</summary>
    public bool Saw(string name, ClusterReport report, DateTimeOffset now)
    {
        var first = Clusters[name].LastSeenAt is null;
        ImmutableInterlocked.Update(ref clusters, known => known.SetItem(name, known[name] with { Nodes = report.Nodes ?? known[name].Nodes, LastSeenAt = now }));
        return first || report.Nodes is not null;
    }
}

public sealed record ClusterState(string Name, string Kind, IReadOnlyList<NodeObservation> Nodes, DateTimeOffset? LastSeenAt);
