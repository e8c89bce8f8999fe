using System.Numerics;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>What is free in each domain altogether, and how many tasks of 1, 2, 3… devices it has room for: kept up with every change.</summary>
internal sealed class DomainSums
{
    private readonly NodeLayout layout;
    private readonly int width;

    /// <summary>How many tasks of c devices fit in f free ones, at f × width + c - 1.</summary>
    private readonly int[] timesIn;
    private readonly int[] slots;
    private readonly FreeSum[] sums;

    public DomainSums(NodeLayout layout)
    {
        this.layout = layout;
        var most = layout.Pools.Select(pool => pool.Most).DefaultIfEmpty().Max();
        width = Math.Max(1, (most + Vector<int>.Count - 1) / Vector<int>.Count) * Vector<int>.Count;
        timesIn = new int[(most + 1) * width];
        for (var free = 0; free <= most; free++)
        {
            for (var devices = 1; devices <= free; devices++) timesIn[(free * width) + devices - 1] = free / devices;
        }

        slots = new int[layout.Domains.Length * width];
        sums = new FreeSum[layout.Domains.Length];
    }

    private DomainSums(DomainSums other) => (layout, width, timesIn, slots, sums) = (other.layout, other.width, other.timesIn, [.. other.slots], [.. other.sums]);

    public ref readonly FreeSum this[int domain] => ref sums[domain];

    public DomainSums Copy() => new(this);

    /// <summary>Tasks of so many devices that its nodes have room for, as far as devices go.</summary>
    /// <param name="devices">At least 1.</param>
    public int Slots(int domain, int devices) => devices > width ? 0 : slots[(domain * width) + devices - 1];

    /// <summary>A node's row has changed.</summary>
    /// <param name="was">Its devices that counted before.</param>
    /// <param name="now">Those that count from now on.</param>
    public void Change(int node, in FreeRow before, int was, in FreeRow after, int now)
    {
        var change = FreeSum.Between(before, after, now - was);
        for (var domain = layout.NarrowestDomain[node]; domain >= 0; domain = layout.Domains[domain].Parent)
        {
            sums[domain].Add(change);
            if (was == now) continue;
            for (var at = 0; at < width; at += Vector<int>.Count)
            {
                var room = new Vector<int>(slots, (domain * width) + at) + new Vector<int>(timesIn, (now * width) + at) - new Vector<int>(timesIn, (was * width) + at);
                room.CopyTo(slots, (domain * width) + at);
            }
        }
    }
}

/// <summary>What is free of several nodes; who is overdrawn counts as full.</summary>
internal struct FreeSum
{
    public long Cpu;
    public long Memory;
    public long Rdma;
    public long Devices;

    /// <summary>Thousandths free of devices of which something is taken.</summary>
    public long Partial;

    public readonly long MilliDevices => (Devices * 1000) + Partial;

    public static FreeSum Between(in FreeRow before, in FreeRow after, int devices) => new()
    {
        Cpu = Math.Max(0, after.Cpu) - Math.Max(0, before.Cpu),
        Memory = Math.Max(0, after.Memory) - Math.Max(0, before.Memory),
        Rdma = Math.Max(0, after.Rdma) - Math.Max(0, before.Rdma),
        Devices = devices,
        Partial = (after.Devices < 0 ? 0 : after.Partial) - (before.Devices < 0 ? 0 : before.Partial),
    };

    public void Add(in FreeSum other)
    {
        Cpu += other.Cpu;
        Memory += other.Memory;
        Rdma += other.Rdma;
        Devices += other.Devices;
        Partial += other.Partial;
    }

    public readonly bool Holds(in ResourceVector total) =>
        total.CpuMillicores <= Cpu && total.MemoryBytes <= Memory && total.Rdma <= Rdma && total.Devices <= Devices && total.MilliDevices <= MilliDevices;
}
