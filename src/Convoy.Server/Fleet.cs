using System.Collections.Immutable;
using Convoy.Clusters;
using Convoy.Core.Scheduling;

namespace Convoy.Server;

/// <summary>The clusters and their nodes as last seen, and as administrators wish them to be used.</summary>
public sealed class Fleet
{
    private readonly Lock changing = new();
    private ImmutableSortedDictionary<string, ClusterState> clusters = ImmutableSortedDictionary.Create<string, ClusterState>(StringComparer.Ordinal);
    private ImmutableDictionary<(string Cluster, string Node), NodeWish> wishes = ImmutableDictionary<(string, string), NodeWish>.Empty;
    private IReadOnlyList<Node> nodes = [];
    private Silence silence = new("", [], []);

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, ClusterState> Clusters => Volatile.Read(ref clusters);

    public bool HasReported => Clusters.Values.Any(cluster => cluster.LastSeenAt is not null);

    /// <summary>Of all clusters; the same list until one of them changes.</summary>
    public IReadOnlyList<Node> Nodes => Volatile.Read(ref nodes);

    /// <summary>The same, but nothing may be expected of a cluster that is silent: its nodes are suspect.</summary>
    public IReadOnlyList<Node> NodesAt(DateTimeOffset now)
    {
        var (all, silent) = (Nodes, string.Join('/', Clusters.Values.Where(cluster => cluster.IsSilentAt(now)).Select(cluster => cluster.Name)));
        if (silent.Length == 0) return all;
        var known = Volatile.Read(ref silence);
        if (known.Clusters != silent || known.Of != all)
        {
            var names = silent.Split('/');
            known = new Silence(silent, all, [.. all.Select(node => node.Health == NodeHealth.Ready && names.Contains(node.Cluster) ? node with { Health = NodeHealth.Suspect } : node)]);
            Volatile.Write(ref silence, known);
        }

        return known.Nodes;
    }

    public NodeWish? WishOf(Node node) => Volatile.Read(ref wishes).GetValueOrDefault((node.Cluster, node.Name));

    /// <summary>Some cluster has reported, and of the others none is waited for any longer: what they hold is unknown.</summary>
    public bool IsKnownAt(DateTimeOffset now) => HasReported && Clusters.Values.All(cluster => cluster.LastSeenAt is not null || now - cluster.RegisteredAt >= ClusterState.Lease);

    public void Register(string name, string kind, DateTimeOffset now)
    {
        lock (changing) Volatile.Write(ref clusters, clusters.SetItem(name, new ClusterState(name, kind, [], now, null)));
    }

    /// <summary>Null where it was not known.</summary>
    public ClusterState? Remove(string name)
    {
        lock (changing)
        {
            var removed = clusters.GetValueOrDefault(name);
            Volatile.Write(ref clusters, clusters.Remove(name));
            Renew();
            return removed;
        }
    }

    /// <summary>After all it was not to be removed.</summary>
    public void PutBack(ClusterState removed)
    {
        lock (changing)
        {
            Volatile.Write(ref clusters, clusters.SetItem(removed.Name, removed));
            Renew();
        }
    }

    /// <summary>All that is wished, in the place of what was.</summary>
    public void Wish(IEnumerable<NodeWish> wished)
    {
        lock (changing)
        {
            Volatile.Write(ref wishes, wished.ToImmutableDictionary(wish => (wish.Cluster, wish.Node)));
            Renew();
        }
    }

    /// <summary>True where the nodes have changed.</summary>
    public bool Saw(string name, ClusterReport report, DateTimeOffset now)
    {
        lock (changing)
        {
            if (!clusters.TryGetValue(name, out var before)) return false;
            var after = before with { Nodes = report.Nodes is null ? before.Nodes : [.. report.Nodes.Select(node => Node.Of(name, node))], LastSeenAt = report.HeardAt ?? now };
            Volatile.Write(ref clusters, clusters.SetItem(name, after));
            if (report.Nodes is not null) Renew();
            return before.LastSeenAt is null || (before.IsSilentAt(now) && !after.IsSilentAt(now)) || report.Nodes is not null;
        }
    }

    private void Renew() => Volatile.Write(ref nodes, [.. clusters.Values.SelectMany(cluster => cluster.Nodes).Select(node => WishOf(node) is { } wish && node.Health != NodeHealth.Gone ? node with { Health = wish.Health } : node)]);

    private sealed record Silence(string Clusters, IReadOnlyList<Node> Of, IReadOnlyList<Node> Nodes);
}

/// <param name="Nodes">As the cluster describes them.</param>
public sealed record ClusterState(string Name, string Kind, IReadOnlyList<Node> Nodes, DateTimeOffset RegisteredAt, DateTimeOffset? LastSeenAt)
{
    /// <summary>How long what a cluster said last is believed; one that says nothing for so long is unreachable.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    public bool IsSilentAt(DateTimeOffset now) => now - (LastSeenAt ?? RegisteredAt) >= Lease;
}
