using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>When the machines are wanted.</summary>
internal enum Moment
{
    /// <summary>What is free at this moment.</summary>
    Now,

    /// <summary>What is free once those who have been told to stop have gone.</summary>
    Soon,
}

/// <summary>One node's free part.</summary>
/// <param name="Index">Its number in the layout.</param>
internal readonly record struct NodeSpace(FreeSpace Space, int Index)
{
    public Node Node => Space.Layout.Nodes[Index];

    /// <summary>What is on its way out included.</summary>
    public ResourceVector Free => FreeAt(Moment.Soon);

    public ResourceVector FreeAt(Moment moment) => Space.At(moment).Rows[Index].Free;
}

/// <summary>One task's share of one node.</summary>
internal sealed record Place(RoleDemand Role, string Cluster, string Node, int[] Devices)
{
    /// <summary>The node's number in the layout that the place was found in; -1 where it was not.</summary>
    public int Index { get; init; } = -1;
}

/// <summary>What is free of one node. Less than nothing may be, where it has lost something under its jobs.</summary>
internal struct FreeRow
{
    public long Cpu;
    public long Memory;

    /// <summary>Devices of which nothing is taken, where they are handed out one by one.</summary>
    public DeviceSet Idle;

    /// <summary>Whole ones.</summary>
    public int Devices;
    public int Rdma;

    /// <summary>Thousandths free of devices of which something is taken.</summary>
    public int Partial;

    public readonly ResourceVector Free => new(Cpu, Memory, Devices) { Rdma = Rdma, Milli = Partial };

    /// <summary>Whole ones and thousandths of others, all together.</summary>
    public readonly long MilliDevices => (Devices * (long)PodShape.WholeDevice) + Partial;

    /// <summary>Whether all of this fits, as far as sums tell. What is not asked for is not in the way, however overdrawn.</summary>
    public readonly bool Holds(in ResourceVector each) =>
        each.CpuMillicores <= Math.Max(0, Cpu) && each.MemoryBytes <= Math.Max(0, Memory) && each.Rdma <= Math.Max(0, Rdma)
        && (each.Devices == 0 || each.Devices <= Devices) && (each.Milli == 0 || each.MilliDevices <= MilliDevices);
}
