using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>Nodes that lie together: a range of those in the order of topology.</summary>
internal readonly record struct Domain(int First, int End);

/// <summary>Nodes of one cluster and accelerator type, found by how many of their devices are free, in any domain.</summary>
internal sealed class Pool
{
    private static readonly TopologyLevel[] Levels = [TopologyLevel.Rack, TopologyLevel.Block, TopologyLevel.Fabric, TopologyLevel.Zone, TopologyLevel.Region];
    private readonly NodeSpace[] nodes;
    private readonly IndexSet[] byFree;
    private readonly Dictionary<TopologyLevel, DomainCount[]> domains = [];
    private readonly Dictionary<NodeSpace, DomainCount[]> domainsOf = [];

    /// <param name="nodes">All nodes there are, in the order of topology.</param>
    public Pool(string cluster, string? accelerator, NodeSpace[] nodes, NodeSpace[] members)
    {
        Cluster = cluster;
        Accelerator = accelerator;
        Members = members;
        this.nodes = nodes;
        var most = members.Max(space => space.Node.Devices.Count);
        byFree = [.. Enumerable.Range(0, most + 1).Select(_ => new IndexSet(nodes.Length))];
        foreach (var level in Levels)
        {
            // Levels that the cluster tells nothing about have no domains.
            var groups = members.Where(space => TopologyPath.At(space.Node, level) is not null).GroupBy(space => TopologyPath.At(space.Node, level)).ToArray();
            domains[level] = [.. groups.Select(group => new DomainCount(new Domain(group.Min(space => space.Index), group.Max(space => space.Index) + 1), most))];
            foreach (var (space, count) in groups.Zip(domains[level]).SelectMany(pair => pair.First.Select(space => (space, pair.Second)))) domainsOf[space] = [.. domainsOf.GetValueOrDefault(space) ?? [], count];
        }

        foreach (var space in members) Move(space, -1);
    }

    public string Cluster { get; }

    public string? Accelerator { get; }

    public NodeSpace[] Members { get; }

    /// <param name="before">How many devices of the node were free; -1 where it was not counted.</param>
    public void Move(NodeSpace space, int before)
    {
        if (space.Node.Health != NodeHealth.Ready || space.Free.Devices == before) return;

        // A node may be overdrawn (devices died under its jobs): it has nothing to offer.
        var now = space.Free.Devices;
        if (before >= 0) byFree[before].Remove(space.Index);
        if (now >= 0) byFree[now].Add(space.Index);
        foreach (var domain in domainsOf.GetValueOrDefault(space) ?? []) domain.Move(before, now);
    }

    /// <summary>The fullest node of the domain on which this fits.</summary>
    public NodeSpace? BestFit(Domain domain, ResourceVector each, Moment moment, TimeMap.Trial? trial)
    {
        for (var devices = each.Devices; devices < byFree.Length; devices++)
        {
            for (var index = byFree[devices].Next(domain.First); index >= 0 && index < domain.End; index = byFree[devices].Next(index + 1))
            {
                if (each.FitsIn(nodes[index].FreeAt(moment)) && trial?.Allows(nodes[index], each) != false) return nodes[index];
            }
        }

        return null;
    }

    /// <summary>Single nodes with room for all of this, the fullest first.</summary>
    public IEnumerable<Domain> NodesFor(ResourceVector total)
    {
        for (var devices = total.Devices; devices < byFree.Length; devices++)
        {
            for (var index = byFree[devices].Next(0); index >= 0; index = byFree[devices].Next(index + 1))
            {
                if (total.FitsIn(nodes[index].Free)) yield return new Domain(index, index + 1);
            }
        }
    }

    /// <summary>Domains with room for so many tasks of so many devices, the fullest first.</summary>
    public IEnumerable<Domain> DomainsFor(TopologyLevel level, int devices, int tasks) => domains[level]
        .Where(domain => devices == 0 || domain.Slots(devices) >= tasks).OrderBy(domain => domain.Free).ThenBy(domain => domain.Range.First).Select(domain => domain.Range);

    /// <summary>How many nodes of a domain have 0, 1, 2… devices free.</summary>
    private sealed class DomainCount(Domain range, int most)
    {
        private readonly int[] nodesByFree = new int[most + 1];

        public Domain Range => range;

        public long Free { get; private set; }

        public long Slots(int devices)
        {
            long slots = 0;
            for (var free = devices; free < nodesByFree.Length; free++) slots += (long)nodesByFree[free] * (free / devices);
            return slots;
        }

        public void Move(int before, int now)
        {
            if (before >= 0) nodesByFree[before]--;
            if (now >= 0) nodesByFree[now]++;
            Free += Math.Max(0, now) - Math.Max(0, before);
        }
    }
}
