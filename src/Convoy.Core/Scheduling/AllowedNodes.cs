namespace Convoy.Core.Scheduling;

/// <summary>Nodes of a layout on which tasks may land by what is asked of labels and taints, found once for all who ask for the same. Most often all, and then there is nothing to look at.</summary>
internal sealed class AllowedNodes
{
    /// <summary>Requirements that are remembered; they may differ without end.</summary>
    private const int MostKnown = 1024;

    private readonly NodeLayout layout;
    private readonly Dictionary<(NodeRequirement Requirement, bool UsesDevices), NodeSet?> known = [];

    /// <summary>Nodes that keep somebody away.</summary>
    private int tainted;

    public AllowedNodes(NodeLayout layout)
    {
        this.layout = layout;
        foreach (var node in layout.Nodes) tainted += NodeRequirement.IsTainted(node) ? 1 : 0;
    }

    /// <summary>Null means all.</summary>
    public NodeSet? For(RoleDemand role)
    {
        if (tainted == 0 && role.Requirement.IsNone) return null;
        var key = (role.Requirement, role.UsesDevices);
        if (known.TryGetValue(key, out var allowed)) return allowed;
        if (known.Count == MostKnown) known.Clear();
        known.Add(key, allowed = NodeSet.Where(layout, node => role.Requirement.Allows(node, role.UsesDevices)));
        return allowed;
    }

    /// <summary>Those on which some of the roles may be.</summary>
    public NodeSet? ForAny(IEnumerable<RoleDemand> roles)
    {
        NodeSet? any = null;
        var isFirst = true;
        foreach (var role in roles)
        {
            if (For(role) is not { } allowed) return null;
            any = isFirst ? allowed : any!.Or(allowed);
            isFirst = false;
        }

        return any;
    }

    public bool Allows(RoleDemand role, int node) => NodeSet.Has(For(role), layout, node);

    /// <summary>The node stands in for another of its name.</summary>
    public void Renew(Node before, Node after)
    {
        tainted += (NodeRequirement.IsTainted(after) ? 1 : 0) - (NodeRequirement.IsTainted(before) ? 1 : 0);
        if (ReferenceEquals(before.Labels, after.Labels) && ReferenceEquals(before.Taints, after.Taints)) return;
        if (!before.Taints.SequenceEqual(after.Taints) || before.Labels.Count != after.Labels.Count || before.Labels.Any(label => after.Labels.GetValueOrDefault(label.Key) != label.Value)) known.Clear();
    }
}

/// <summary>Some of a layout's nodes, pool by pool.</summary>
internal sealed class NodeSet
{
    /// <summary>Bits by the node's place in its pool; null where it is all of the pool.</summary>
    private readonly ulong[]?[] byPool;

    private NodeSet(ulong[]?[] byPool) => this.byPool = byPool;

    /// <summary>Null where that is all of them.</summary>
    public static NodeSet? Where(NodeLayout layout, Func<Node, bool> isIn) => Of([.. layout.Pools.Select(pool =>
    {
        var (bits, isWhole) = (new ulong[(pool.End - pool.First + 63) >> 6], true);
        for (var node = pool.First; node < pool.End; node++)
        {
            if (isIn(layout.Nodes[node])) bits[(node - pool.First) >> 6] |= 1UL << (node - pool.First);
            else isWhole = false;
        }

        return isWhole ? null : bits;
    })]);

    /// <param name="set">Null has all.</param>
    public static bool Has(NodeSet? set, NodeLayout layout, int node)
    {
        if (set is null) return true;
        var pool = layout.Pools[layout.PoolOf[node]];
        return set.byPool[pool.Number] is not { } bits || (bits[(node - pool.First) >> 6] >> (node - pool.First) & 1) != 0;
    }

    /// <summary>Bits of those of the pool; null where that is all of them.</summary>
    public ulong[]? Of(Pool pool) => byPool[pool.Number];

    public static NodeSet? And(NodeSet? one, NodeSet? other) => one is null || ReferenceEquals(one, other) ? other : other is null ? one
        : new NodeSet([.. one.byPool.Zip(other.byPool, (x, y) => x is null ? y : y is null ? x : [.. x.Zip(y, (a, b) => a & b)])]);

    public NodeSet? Or(NodeSet other) => ReferenceEquals(this, other) ? this
        : Of([.. byPool.Zip(other.byPool, (x, y) => x is null || y is null ? null : (ulong[])[.. x.Zip(y, (a, b) => a | b)])]);

    private static NodeSet? Of(ulong[]?[] byPool) => Array.TrueForAll(byPool, bits => bits is null) ? null : new NodeSet(byPool);
}
