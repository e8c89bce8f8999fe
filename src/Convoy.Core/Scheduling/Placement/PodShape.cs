using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling.Placement;

/// <summary>Accelerator models by their number in a catalogue, 0 to 63, as a bit mask.</summary>
public readonly record struct ModelSet(ulong Bits)
{
    public const int Most = 64;

    public static ModelSet Any => new(ulong.MaxValue);

    public bool Contains(int model) => (Bits >> model & 1) != 0;

    public static ModelSet Of(params IEnumerable<int> models) => new(DeviceSet.Of(models).Bits);
}

/// <summary>What one task asks of a node: a share of one device, whole devices, or none. Tasks of one shape are interchangeable.</summary>
public readonly record struct PodShape
{
    /// <summary>Parts of one device.</summary>
    public const int WholeDevice = 1000;

    /// <param name="devices">Number of devices.</param>
    /// <param name="milli">Thousandths of each: 1000 where more than one is asked for.</param>
    public PodShape(long cpuMillicores, long memoryBytes, int devices, int milli, ModelSet models)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cpuMillicores);
        ArgumentOutOfRangeException.ThrowIfNegative(memoryBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(devices);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(devices, DeviceSet.Most);
        if (devices > 0)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(milli, devices == 1 ? 1 : WholeDevice);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(milli, WholeDevice);
        }

        (CpuMillicores, MemoryBytes, Devices, Milli, Models) = (cpuMillicores, memoryBytes, devices, devices == 0 ? 0 : milli, devices == 0 ? ModelSet.Any : models);
    }

    /// <param name="each">What the task takes: at most so many devices as a node can have.</param>
    public static PodShape Of(in ResourceVector each, ModelSet models) =>
        new(each.CpuMillicores, each.MemoryBytes, each.Milli > 0 ? 1 : each.Devices, each.Milli > 0 ? each.Milli : WholeDevice, models);

    public long CpuMillicores { get; }

    public long MemoryBytes { get; }

    public int Devices { get; }

    /// <summary>Thousandths of each device; 0 without devices.</summary>
    public int Milli { get; }

    /// <summary>Models accepted; any without devices.</summary>
    public ModelSet Models { get; }

    public bool IsShare => Milli is > 0 and < WholeDevice;
}

/// <summary>What is free on a node whose devices may be shared.</summary>
/// <param name="Model">Number of its accelerator's model in the catalogue.</param>
/// <param name="FreeMilli">Thousandths free of each device, by index.</param>
public sealed record SharedNode(string Name, int Model, long CpuMillicores, long MemoryBytes, IReadOnlyList<int> FreeMilli);

/// <param name="Node">Place among the nodes of the pool, which are in the order of their names.</param>
public readonly record struct SharedPlace(int Node, DeviceSet Devices);
