namespace Convoy.Core.Resources;

/// <summary>Integer amounts of what a task takes from a node. Devices are whole accelerators of the node's one type.</summary>
public readonly record struct ResourceVector(long CpuMillicores, long MemoryBytes, int Devices)
{
    private const int WholeDevice = 1000;

    /// <summary>Network devices for remote memory access.</summary>
    public int Rdma { get; init; }

    /// <summary>
    /// Thousandths of one device that others share, 1 to 999, for a task that asks for no whole one; in a sum, of all devices together.
    /// Which device has so much left only the node can tell.
    /// </summary>
    public int Milli { get; init; }

    /// <summary>Whole devices and shares together, in thousandths: what quotas and caps count.</summary>
    public long MilliDevices => ((long)Devices * WholeDevice) + Milli;

    public static ResourceVector operator +(ResourceVector left, ResourceVector right) =>
        new(left.CpuMillicores + right.CpuMillicores, left.MemoryBytes + right.MemoryBytes, left.Devices + right.Devices) { Rdma = left.Rdma + right.Rdma, Milli = left.Milli + right.Milli };

    public static ResourceVector operator -(ResourceVector left, ResourceVector right) =>
        new(left.CpuMillicores - right.CpuMillicores, left.MemoryBytes - right.MemoryBytes, left.Devices - right.Devices) { Rdma = left.Rdma - right.Rdma, Milli = left.Milli - right.Milli };

    public static ResourceVector operator *(ResourceVector each, int times) =>
        new(each.CpuMillicores * times, each.MemoryBytes * times, each.Devices * times) { Rdma = each.Rdma * times, Milli = each.Milli * times };

    /// <summary>Shares of a device apart.</summary>
    public bool FitsIn(ResourceVector free) => CpuMillicores <= free.CpuMillicores && MemoryBytes <= free.MemoryBytes && Devices <= free.Devices && Rdma <= free.Rdma;

    /// <summary>How many of these fit, shares of a device apart, at most <paramref name="atMost"/>. What takes nothing always fits.</summary>
    public int TimesIn(ResourceVector free, int atMost)
    {
        long times = atMost;
        if (CpuMillicores > 0) times = Math.Min(times, free.CpuMillicores / CpuMillicores);
        if (MemoryBytes > 0) times = Math.Min(times, free.MemoryBytes / MemoryBytes);
        if (Devices > 0) times = Math.Min(times, free.Devices / Devices);
        if (Rdma > 0) times = Math.Min(times, free.Rdma / Rdma);
        return (int)Math.Max(0, times);
    }
}
