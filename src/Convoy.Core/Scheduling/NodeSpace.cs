using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>When the machines are wanted.</summary>
internal enum Moment
{
    /// <summary>What is free at this moment.</summary>
    Now,

    /// <summary>What is free once those who have been told to stop have gone.</summary>
    Soon,
}

/// <summary>One node's free part, that of jobs which are on their way out included.</summary>
internal sealed class NodeSpace(Node node, int index)
{
    /// <summary>Device indexes on their way out; while a placement is tried, taken ones among them.</summary>
    private readonly SortedSet<int> vacatingDevices = [];
    private readonly SortedSet<int> freeDevices = [.. node.Devices];
    private ResourceVector vacating;

    public Node Node => node;

    /// <summary>Position among all nodes, by cluster and name.</summary>
    public int Index => index;

    public ResourceVector Free { get; private set; } = node.Capacity;

    public ResourceVector FreeAt(Moment moment) => moment == Moment.Soon ? Free : Free - vacating;

    /// <summary>Devices that are on their way out go first: who waits for some of them anyway leaves the others to those who do not.</summary>
    public int[] Choose(int count, Moment moment) => !node.AssignsDevices ? []
        : moment == Moment.Now ? [.. freeDevices.Except(vacatingDevices).Take(count)]
        : [.. freeDevices.OrderBy(device => !vacatingDevices.Contains(device)).Take(count).Order()];

    public void Take(ResourceVector taken, IEnumerable<int> devices)
    {
        Free -= taken;
        freeDevices.ExceptWith(devices);
        CountDevices();
    }

    public void Give(ResourceVector given, IEnumerable<int> devices)
    {
        Free += given;
        freeDevices.UnionWith(devices.Intersect(node.Devices));
        CountDevices();
    }

    /// <summary>What has just been given is not free before those who hold it have gone.</summary>
    public void Vacate(ResourceVector given, IEnumerable<int> devices)
    {
        vacating += given;
        vacatingDevices.UnionWith(devices.Intersect(node.Devices));
        CountDevices();
    }

    /// <summary>What has just been taken is, as far as it goes, what is on its way out.</summary>
    public void Claim(ResourceVector taken, IEnumerable<int> devices)
    {
        vacating = new ResourceVector(
            vacating.CpuMillicores - Math.Min(vacating.CpuMillicores, taken.CpuMillicores),
            vacating.MemoryBytes - Math.Min(vacating.MemoryBytes, taken.MemoryBytes),
            vacating.Devices - Math.Min(vacating.Devices, taken.Devices));
        vacatingDevices.ExceptWith(devices);
        CountDevices();
    }

    // A device may have died under its job: what is handed out one by one is counted one by one.
    private void CountDevices()
    {
        if (!node.AssignsDevices) return;
        Free = Free with { Devices = freeDevices.Count };
        vacating = vacating with { Devices = vacatingDevices.Count };
    }
}

/// <summary>One task's share of one node.</summary>
internal sealed record Place(RoleDemand Role, string Cluster, string Node, int[] Devices);
