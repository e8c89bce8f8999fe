using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>
/// All that does not change as jobs come and go: the nodes in an order in which every pool, and every domain of a pool, is a range.
/// Nodes, pools, domains and areas go by their numbers.
/// </summary>
internal sealed class NodeLayout
{
    private readonly Dictionary<string, ClusterNodes> clusters = [];
    private readonly int[] numbers;
    private readonly List<Pool> pools = [];
    private readonly List<Domain> domains = [];
    private readonly List<int[]> areas = [];

    /// <param name="countsOnly">Devices are not told apart, whatever the cluster does.</param>
    public NodeLayout(IEnumerable<Node> nodes, bool countsOnly)
    {
        CountsOnly = countsOnly;
        Nodes = [.. nodes];
        Array.Sort(Nodes, InOrder);
        var count = Nodes.Length;
        (PoolOf, FirstSlot, Devices, Groups, NarrowestDomain) = (new int[count], new int[count + 1], new DeviceSet[count], new DeviceGroups[count], new int[count]);
        var alike = new DeviceGroups();
        var known = new Dictionary<string, DeviceGroups>();
        for (var i = 0; i < count; i++)
        {
            var node = Nodes[i];
            Devices[i] = DevicesOf(node);

            // What is only counted is one number.
            FirstSlot[i + 1] = FirstSlot[i] + Math.Max(1, Devices[i].End);
            Groups[i] = node.DeviceGroups.Count == 0 ? alike : GroupsOf(node, known);
        }

        var areaOf = new Dictionary<(string Cluster, TopologyLevel Level, string Path), int>();
        for (var (first, end) = (0, 0); first < count; first = end)
        {
            while (end < count && SamePool(Nodes[first], Nodes[end])) end++;
            AddPool(first, end, areaOf);
        }

        (Pools, Domains, Areas, numbers) = ([.. pools], [.. domains], [.. areas], [.. Enumerable.Range(0, domains.Count)]);
        Allowed = new AllowedNodes(this);
        foreach (var ofCluster in pools.GroupBy(pool => pool.Cluster)) clusters.Add(ofCluster.Key, ClusterOf(ofCluster.Key, [.. ofCluster]));
    }

    public Node[] Nodes { get; }

    /// <summary>Each node's pool.</summary>
    public int[] PoolOf { get; }

    /// <summary>Each node's first place in lists of devices, and one behind the last.</summary>
    public int[] FirstSlot { get; }

    /// <summary>Each node's devices where they are handed out one by one; none where they are counted.</summary>
    public DeviceSet[] Devices { get; }

    public DeviceGroups[] Groups { get; }

    public int[] NarrowestDomain { get; }

    /// <summary>By cluster and accelerator, those without one first.</summary>
    public Pool[] Pools { get; }

    public Domain[] Domains { get; }

    /// <summary>Domains of one cluster that are the same place, in the order of their pools.</summary>
    public int[][] Areas { get; }

    /// <summary>On which of the nodes tasks may land.</summary>
    public AllowedNodes Allowed { get; }

    /// <summary>Whether devices are told apart nowhere.</summary>
    public bool CountsOnly { get; }

    /// <summary>Whether the node's devices are not told apart.</summary>
    public bool CountsDevices(int node) => Devices[node] == DeviceSet.None;

    /// <summary>Those of the devices that the node hands out; where it counts them, none.</summary>
    public DeviceSet Handed(int node, IReadOnlyList<int> devices)
    {
        var bits = 0UL;
        var end = CountsDevices(node) ? 0 : FirstSlot[node + 1] - FirstSlot[node];
        for (var i = 0; i < devices.Count; i++)
        {
            if ((uint)devices[i] < (uint)end) bits |= 1UL << devices[i];
        }

        return new DeviceSet(bits);
    }

    public ClusterNodes? Cluster(string name) => clusters.GetValueOrDefault(name);

    /// <summary>-1 where there is no such node.</summary>
    public int IndexOf(string cluster, string node) => clusters.TryGetValue(cluster, out var known) && known.Index.TryGetValue(node, out var index) ? index : -1;

    /// <summary>That domain and no other.</summary>
    public ReadOnlySpan<int> Only(int domain) => numbers.AsSpan(domain, 1);

    /// <summary>Whether the node may stand in for the one of its name without another order.</summary>
    public bool MayRenew(Node node, int index)
    {
        var (known, devices) = (Nodes[index], DevicesOf(node));
        return InOrder(node, known) == 0 && node.AssignsDevices == known.AssignsDevices && node.Devices.Count <= Pools[PoolOf[index]].Most
            && (devices == DeviceSet.None) == CountsDevices(index) && devices.End <= FirstSlot[index + 1] - FirstSlot[index]
            && node.DeviceGroups.Count == known.DeviceGroups.Count && node.DeviceGroups.Zip(known.DeviceGroups).All(pair => pair.First.SequenceEqual(pair.Second));
    }

    /// <summary>The devices that the node had before.</summary>
    public DeviceSet Renew(Node node, int index)
    {
        var before = Devices[index];
        Allowed.Renew(Nodes[index], node);
        (Nodes[index], Devices[index]) = (node, DevicesOf(node));
        return before;
    }

    private DeviceSet DevicesOf(Node node) =>
        node.AssignsDevices && !CountsOnly ? DeviceSet.Of(node.Devices.Where(device => device is >= 0 and < DeviceSet.Most)) : DeviceSet.None;

    private static bool SamePool(Node one, Node other) => one.Cluster == other.Cluster && one.Accelerator == other.Accelerator;

    private static int InOrder(Node one, Node other)
    {
        var order = string.CompareOrdinal(one.Cluster, other.Cluster);
        if (order == 0) order = string.CompareOrdinal(one.Accelerator, other.Accelerator);
        if (order == 0) order = TopologyPath.Compare(one, other);
        return order == 0 ? string.CompareOrdinal(one.Name, other.Name) : order;
    }

    private static DeviceGroups GroupsOf(Node node, Dictionary<string, DeviceGroups> known)
    {
        var sets = node.DeviceGroups.Select(group => DeviceSet.Of(group.Where(device => device is >= 0 and < DeviceSet.Most))).ToArray();
        var key = string.Join(',', sets.Select(set => set.Bits));
        if (!known.TryGetValue(key, out var groups)) known.Add(key, groups = new DeviceGroups(sets));
        return groups;
    }

    private void AddPool(int first, int end, Dictionary<(string Cluster, TopologyLevel Level, string Path), int> areaOf)
    {
        const int Levels = TopologyLevel.Cluster - TopologyLevel.Rack + 1;
        var (most, hasIslands) = (0, false);
        for (var i = first; i < end; i++)
        {
            most = Math.Max(most, Nodes[i].Devices.Count);
            hasIslands |= Nodes[i].DeviceGroups.Count > 0;
        }

        // A level's domains, each with the level and position of its parent; then all get their numbers, narrow ones first.
        var found = new List<(int First, int End, int ParentLevel, int Parent)>[Levels];
        for (var level = 0; level < Levels; level++) found[level] = [];
        found[^1].Add((first, end, -1, 0));
        var narrowest = new (int Level, int Position)[end - first];
        for (var i = first; i < end; i++)
        {
            var parts = false;
            var (parentLevel, parent) = (Levels - 1, 0);
            foreach (var told in TopologyPath.Told)
            {
                var name = TopologyPath.NameOf(Nodes[i], told);
                parts = parts || i == first || name != TopologyPath.NameOf(Nodes[i - 1], told);
                if (name is null) continue;
                var level = told - TopologyLevel.Rack;
                if (parts) found[level].Add((i, i, parentLevel, parent));
                (parentLevel, parent) = (level, found[level].Count - 1);
                found[level][parent] = found[level][parent] with { End = i + 1 };
            }

            narrowest[i - first] = (parentLevel, parent);
        }

        var firstDomain = new int[Levels + 1];
        firstDomain[0] = domains.Count;
        for (var level = 0; level < Levels; level++) firstDomain[level + 1] = firstDomain[level] + found[level].Count;
        var ranges = new HashSet<(int First, int End)>();
        for (var level = 0; level < Levels; level++)
        {
            foreach (var domain in found[level])
            {
                var isOneAlone = !ranges.Add((domain.First, domain.End));
                domains.Add(new Domain(pools.Count, TopologyLevel.Rack + level, domain.First, domain.End,
                    domain.ParentLevel < 0 ? -1 : firstDomain[domain.ParentLevel] + domain.Parent, AreaOf(Nodes[domain.First], TopologyLevel.Rack + level, areaOf), isOneAlone));
            }
        }

        for (var i = first; i < end; i++)
        {
            PoolOf[i] = pools.Count;
            NarrowestDomain[i] = firstDomain[narrowest[i - first].Level] + narrowest[i - first].Position;
        }

        var model = Math.Min(pools.Count(pool => pool.Cluster == Nodes[first].Cluster), ModelSet.Most - 1);
        pools.Add(new Pool(pools.Count, Nodes[first].Cluster, Nodes[first].Accelerator, model, first, end, most, hasIslands, firstDomain));
    }

    /// <summary>The area of the domain that is about to be added.</summary>
    private int AreaOf(Node node, TopologyLevel level, Dictionary<(string Cluster, TopologyLevel Level, string Path), int> areaOf)
    {
        var key = (node.Cluster, level, TopologyPath.At(node, level) ?? "");
        if (!areaOf.TryGetValue(key, out var area))
        {
            areaOf.Add(key, area = areas.Count);
            areas.Add([]);
        }

        areas[area] = [.. areas[area], domains.Count];
        return area;
    }

    private ClusterNodes ClusterOf(string name, Pool[] own)
    {
        var index = new Dictionary<string, int>();
        foreach (var pool in own)
        {
            for (var i = pool.First; i < pool.End; i++) index.Add(Nodes[i].Name, i);
        }

        var byLevel = Enumerable.Range((int)TopologyLevel.Rack, TopologyLevel.Cluster - TopologyLevel.Rack + 1)
            .Select(level => own.SelectMany(pool => Enumerable.Range(pool.DomainsAt((TopologyLevel)level).First, pool.DomainsAt((TopologyLevel)level).End - pool.DomainsAt((TopologyLevel)level).First))
                .Select(domain => Domains[domain].Area).Distinct().ToArray());
        return new ClusterNodes(name, index, own, [.. byLevel]);
    }
}

/// <summary>One cluster's part of the layout.</summary>
/// <param name="Index">Numbers of its nodes by name.</param>
/// <param name="Pools">Those without an accelerator first.</param>
/// <param name="Areas">Numbers of its areas by level, racks first.</param>
internal sealed record ClusterNodes(string Name, Dictionary<string, int> Index, Pool[] Pools, int[][] Areas)
{
    /// <summary>The whole cluster as an area.</summary>
    public int Whole => Areas[^1][0];

    public bool HasAccelerators => Pools[^1].Accelerator is not null;

    public int[] AreasAt(TopologyLevel level) => Areas[level - TopologyLevel.Rack];

    public Pool? Pool(string? accelerator)
    {
        foreach (var pool in Pools)
        {
            if (pool.Accelerator == accelerator) return pool;
        }

        return null;
    }
}
