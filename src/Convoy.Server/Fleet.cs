using System.Collections.Immutable;
using Convoy.Clusters;
using Convoy.Core.Scheduling;

namespace Convoy.Server;

/// <summary>The clusters and their nodes as last seen.</summary>
public sealed class Fleet
{
    private readonly Lock changing = new();
    private IReadOnlyList<Node> nodes = [];
    private ImmutableSortedDictionary<string, ClusterState> clusters = ImmutableSortedDictionary.Create<string, ClusterState>(StringComparer.Ordinal);

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, ClusterState> Clusters => Volatile.Read(ref clusters);

    public bool HasReported => Clusters.Values.Any(cluster => cluster.LastSeenAt is not null);

    /// <summary>Of all clusters; the same list until one of them changes.</summary>
    public IReadOnlyList<Node> Nodes => Volatile.Read(ref nodes);

    public void Register(string name, string kind)
    {
        lock (changing) Volatile.Write(ref clusters, clusters.SetItem(name, new ClusterState(name, kind, [], null)));
    }

    /// <summary>True where the nodes have changed.</summary>
    public bool Saw(string name, ClusterReport report, DateTimeOffset now)
    {
        lock (changing)
        {
            var before = clusters[name];
            Volatile.Write(ref clusters, clusters.SetItem(name, before with { Nodes = report.Nodes is null ? before.Nodes : [.. report.Nodes.Select(node => Node.Of(name, node))], LastSeenAt = now }));
            if (report.Nodes is not null) Volatile.Write(ref nodes, [.. clusters.Values.SelectMany(cluster => cluster.Nodes)]);
            return before.LastSeenAt is null || report.Nodes is not null;
        }
    }
}

public sealed record ClusterState(string Name, string Kind, IReadOnlyList<Node> Nodes, DateTimeOffset? LastSeenAt);
