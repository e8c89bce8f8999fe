using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>What the search for a gang's places looks at.</summary>
internal sealed class Gang
{
    private readonly int leading;

    /// <summary>For each role; null where all may be everywhere.</summary>
    private readonly NodeSet?[]? allowed;

    public Gang(PendingJob job, AllowedNodes nodes)
    {
        // The largest tasks first: what is left of a node still holds small ones.
        Roles = job.Roles.Count == 1 ? job.Roles : [.. job.Roles.OrderByDescending(role => role.Each.MilliDevices).ThenByDescending(role => role.Each.CpuMillicores).ThenByDescending(role => role.Each.MemoryBytes)];
        Widest = job.Topology is { IsRequired: true } wish ? wish.Level : TopologyLevel.Cluster;
        WantsIsland = job.Topology is null or { Level: TopologyLevel.Island };
        UsesDevices = Roles.Count > 0 && Roles[0].UsesDevices;
        for (var i = 0; i < Roles.Count; i++)
        {
            var role = Roles[i];
            Tasks += role.Min;
            var mayBe = nodes.For(role);
            if (mayBe is not null) (allowed ??= new NodeSet?[Roles.Count])[i] = mayBe;
            if (UsesDevices && !role.UsesDevices && Widest > TopologyLevel.Node) continue;
            leading++;
            Together += role.Each * role.Min;
            LeadingTasks += role.Min;
            AllowedTogether = NodeSet.And(AllowedTogether, mayBe);
        }
    }

    /// <summary>The largest first.</summary>
    public IReadOnlyList<RoleDemand> Roles { get; }

    /// <summary>No wider apart may its tasks be.</summary>
    public TopologyLevel Widest { get; }

    /// <summary>Whether all its devices must lie in one group.</summary>
    public bool NeedsIsland => Widest == TopologyLevel.Island;

    /// <summary>Whether they should, rather than fill the fullest node.</summary>
    public bool WantsIsland { get; }

    public bool UsesDevices { get; }

    public int Tasks { get; }

    public int LeadingTasks { get; }

    /// <summary>All that the leading roles take.</summary>
    public ResourceVector Together { get; }

    /// <summary>Where each of the leading roles may be; null means everywhere.</summary>
    public NodeSet? AllowedTogether { get; }

    /// <summary>Whether several tasks take devices of which some are shared: there is no best node before it is known which each takes.</summary>
    public bool IsSplit => Together.Milli > 0 && LeadingTasks > 1;

    /// <summary>Roles that are kept together: those with devices, or all where none has any or where one node must hold all. The others come after.</summary>
    public int Leading => leading;

    /// <summary>Where a role may be, by its number; null means everywhere.</summary>
    public NodeSet? Allowed(int role) => allowed?[role];

    /// <summary>False where these domains cannot hold the leading roles; true is no promise.</summary>
    public bool MayFitIn(DomainSums sums, ReadOnlySpan<int> scope)
    {
        FreeSum all = default;
        foreach (var domain in scope) all.Add(sums[domain]);
        if (!all.Holds(Together)) return false;
        var tasks = 0;
        for (var i = 0; i < leading && Roles[i].Each.Devices > 0; i++)
        {
            // Every larger task would take one of these too.
            tasks += Roles[i].Min;
            var slots = 0;
            foreach (var domain in scope) slots += sums.Slots(domain, Roles[i].Each.Devices);
            if (slots < tasks) return false;
        }

        return true;
    }
}
