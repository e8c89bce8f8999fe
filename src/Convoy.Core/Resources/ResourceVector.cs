namespace Convoy.Core.Resources;

/// <summary>Integer amounts of what a task takes from a node. Devices are whole accelerators of the node's one type.</summary>
public readonly record struct ResourceVector(long CpuMillicores, long MemoryBytes, int Devices)
{
    public static ResourceVector operator +(ResourceVector left, ResourceVector right) =>
        new(left.CpuMillicores + right.CpuMillicores, left.MemoryBytes + right.MemoryBytes, left.Devices + right.Devices);

    public static ResourceVector operator -(ResourceVector left, ResourceVector right) =>
        new(left.CpuMillicores - right.CpuMillicores, left.MemoryBytes - right.MemoryBytes, left.Devices - right.Devices);

    public static ResourceVector operator *(ResourceVector each, int times) => new(each.CpuMillicores * times, each.MemoryBytes * times, each.Devices * times);

    public bool FitsIn(ResourceVector free) => CpuMillicores <= free.CpuMillicores && MemoryBytes <= free.MemoryBytes && Devices <= free.Devices;

    /// <summary>How many of these fit, at most <paramref name="atMost"/>. What takes nothing always fits.</summary>
    public int TimesIn(ResourceVector free, int atMost)
    {
        long times = atMost;
        if (CpuMillicores > 0) times = Math.Min(times, free.CpuMillicores / CpuMillicores);
        if (MemoryBytes > 0) times = Math.Min(times, free.MemoryBytes / MemoryBytes);
        if (Devices > 0) times = Math.Min(times, free.Devices / Devices);
        return (int)Math.Max(0, times);
    }
}
