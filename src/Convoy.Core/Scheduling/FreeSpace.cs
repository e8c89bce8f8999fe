using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>What is free on each node, as planning goes on. A scratch: the snapshot is never changed.</summary>
internal sealed class FreeSpace
{
    private readonly NodeSpace[] nodes;
    private readonly Dictionary<(string Cluster, string Node), NodeSpace> byName;

    private FreeSpace(NodeSpace[] nodes)
    {
        this.nodes = nodes;
        byName = nodes.ToDictionary(space => (space.Node.Cluster, space.Node.Name));
    }

    /// <summary>Nodes by (cluster, name), less what the jobs given hold.</summary>
    public static FreeSpace Of(ClusterSnapshot snapshot, IEnumerable<RunningJob> holding)
    {
        var free = new FreeSpace([.. snapshot.Nodes
            .OrderBy(node => node.Cluster, StringComparer.Ordinal).ThenBy(node => node.Name, StringComparer.Ordinal)
            .Select(node => new NodeSpace(node, node.Capacity, new SortedSet<int>(node.Devices)))]);
        foreach (var job in holding)
        {
            foreach (var place in job.Places)
            {
                // A node that is gone from the snapshot has nothing left to give.
                if (free.byName.TryGetValue((job.Cluster, place.Node), out var space)) space.Take(place.Taken, place.Devices);
            }
        }

        return free;
    }

    public IEnumerable<NodeSpace> Usable(PendingJob job) => nodes.Where(space => space.Node.Health == NodeHealth.Ready && Allows(job, space.Node));

    public static bool Allows(PendingJob job, Node node) => job.Clusters.Contains("any") || job.Clusters.Contains(node.Cluster);

    /// <summary>Takes a place for every task of the gang's minimum, or nothing and null.</summary>
    public List<Place>? TryTake(PendingJob job, string cluster, string? accelerator)
    {
        var chosen = new List<Place>();

        // The largest tasks first: what is left of a node still holds small ones.
        foreach (var role in job.Roles.OrderByDescending(r => r.Each.Devices).ThenByDescending(r => r.Each.CpuMillicores).ThenByDescending(r => r.Each.MemoryBytes))
        {
            for (var i = 0; i < role.Min; i++)
            {
                if (TryTakeOne(role, cluster, accelerator) is not { } place)
                {
                    Give(chosen);
                    return null;
                }

                chosen.Add(place);
            }
        }

        return chosen;
    }

    /// <summary>Best fit: the node that is left with the fewest devices, then the least processor, then the first by name.</summary>
    public Place? TryTakeOne(RoleDemand role, string cluster, string? accelerator)
    {
        NodeSpace? best = null;
        foreach (var space in nodes)
        {
            if (space.Node.Health != NodeHealth.Ready || space.Node.Cluster != cluster) continue;
            if ((role.Each.Devices > 0 && space.Node.Accelerator != accelerator) || !role.Each.FitsIn(space.Free)) continue;
            if (best is null || (space.Free.Devices, space.Free.CpuMillicores).CompareTo((best.Free.Devices, best.Free.CpuMillicores)) < 0) best = space;
        }

        if (best is null) return null;
        int[] devices = best.Node.AssignsDevices ? [.. best.FreeDevices.Take(role.Each.Devices)] : [];
        best.Take(role.Each, devices);
        return new Place(role, cluster, best.Node.Name, devices);
    }

    public void Take(IEnumerable<Place> places)
    {
        foreach (var place in places) byName[(place.Cluster, place.Node)].Take(place.Role.Each, place.Devices);
    }

    public void Give(IEnumerable<Place> places)
    {
        foreach (var place in places) byName[(place.Cluster, place.Node)].Give(place.Role.Each, place.Devices);
    }
}

/// <summary>One task's share of one node.</summary>
internal sealed record Place(RoleDemand Role, string Cluster, string Node, int[] Devices);

/// <summary>One node's free part.</summary>
internal sealed class NodeSpace(Node node, ResourceVector free, SortedSet<int> freeDevices)
{
    public Node Node => node;

    public ResourceVector Free { get; private set; } = free;

    public SortedSet<int> FreeDevices => freeDevices;

    public void Take(ResourceVector taken, IEnumerable<int> devices)
    {
        Free -= taken;
        freeDevices.ExceptWith(devices);
        if (node.AssignsDevices) Free = Free with { Devices = freeDevices.Count };
    }

    public void Give(ResourceVector given, IEnumerable<int> devices)
    {
        Free += given;
        freeDevices.UnionWith(devices.Intersect(node.Devices));
        if (node.AssignsDevices) Free = Free with { Devices = freeDevices.Count };
    }
}
