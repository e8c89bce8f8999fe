using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling.Checking;

/// <summary>How many tasks of a kind some nodes have room for. Asked again for the same kind, it remembers.</summary>
/// <param name="use">What is taken of a node.</param>
internal sealed class Room(IEnumerable<CheckedNode> nodes, Func<CheckedNode, NodeUse> use)
{
    private readonly Dictionary<(string Cluster, string? Accelerator, ResourceVector Each, NodeRequirement? Requirement), long> known = [];
    private Dictionary<CheckedNode, NodeUse>? uses;
    private Dictionary<(string Cluster, string? Accelerator), Group>? groups;
    private bool? isUntainted;

    /// <summary>Clusters with accelerator types.</summary>
    public IEnumerable<(string Cluster, string? Accelerator)> Pools => Groups.Keys;

    private Dictionary<CheckedNode, NodeUse> Uses => uses ??= nodes.ToDictionary(node => node, use);

    private Dictionary<(string Cluster, string? Accelerator), Group> Groups => groups ??= Uses
        .GroupBy(each => (each.Key.Node.Cluster, each.Key.Node.Accelerator)).ToDictionary(group => group.Key, group => new Group([.. group.Select(each => each.Value)]));

    /// <param name="accelerator">Which the nodes must have; null where any node will do.</param>
    public long Slots(string cluster, string? accelerator, RoleDemand role)
    {
        var requirement = MayBeAnywhere(role) ? null : role.Requirement;
        if (known.TryGetValue((cluster, accelerator, role.Each, requirement), out var slots)) return slots;
        if (requirement is null)
        {
            foreach (var (pool, group) in Groups)
            {
                if (pool.Cluster == cluster && (accelerator is null || pool.Accelerator == accelerator)) slots += group.Slots(role.Each);
            }
        }
        else
        {
            foreach (var (node, before) in Uses)
            {
                if (node.Node.Cluster == cluster && (accelerator is null || node.Node.Accelerator == accelerator) && Landing.IsAllowed(role, node.Node)) slots += before.Slots(role.Each);
            }
        }

        return known[(cluster, accelerator, role.Each, requirement)] = slots;
    }

    /// <summary>The same, where on some nodes other things are taken.</summary>
    public long Slots(string cluster, string? accelerator, RoleDemand role, IEnumerable<CheckedNode> changed, Func<CheckedNode, NodeUse> otherwise)
    {
        var slots = Slots(cluster, accelerator, role);
        foreach (var node in changed)
        {
            if (node.Node.Cluster != cluster || (accelerator is not null && node.Node.Accelerator != accelerator) || !Landing.IsAllowed(role, node.Node) || !Uses.TryGetValue(node, out var before)) continue;
            slots += otherwise(node).Slots(role.Each) - before.Slots(role.Each);
        }

        return slots;
    }

    /// <summary>Whether labels and taints keep the role's tasks from none of the nodes for certain.</summary>
    private bool MayBeAnywhere(RoleDemand role) => role.Requirement.AnyOf.Count == 0 && role.Requirement.Tolerations is null && (isUntainted ??= Uses.Keys.All(node => node.Node.Taints.All(taint => taint.IsPreference)));

    /// <summary>Nodes of a kind. Most have one of few amounts left, and whole devices are a matter of amounts alone.</summary>
    private sealed class Group(NodeUse[] nodes)
    {
        private readonly Dictionary<ResourceVector, int> nodesByLeft = nodes.GroupBy(node => node.Left).ToDictionary(group => group.Key, group => group.Count());

        public long Slots(ResourceVector each) => each is { Devices: 0, Milli: > 0 }
            ? nodes.Sum(node => node.Slots(each))
            : nodesByLeft.Sum(left => (long)each.TimesIn(left.Key, int.MaxValue) * left.Value);
    }
}
