namespace Convoy.Core.Scheduling;

/// <summary>What all nodes have together, in whatever state they are.</summary>
internal sealed class ClusterTotals
{
    private readonly Dictionary<string, long> devicesOf = new(StringComparer.Ordinal);

    public long CpuMillicores { get; private set; }

    public long MemoryBytes { get; private set; }

    public long Devices { get; private set; }

    public long DevicesOf(string accelerator) => devicesOf.GetValueOrDefault(accelerator);

    public void Add(Node node, int times = 1)
    {
        CpuMillicores += times * node.CpuMillicores;
        MemoryBytes += times * node.MemoryBytes;
        Devices += times * node.Devices.Count;
        if (node.Accelerator is { } type) devicesOf[type] = DevicesOf(type) + (times * node.Devices.Count);
    }
}
