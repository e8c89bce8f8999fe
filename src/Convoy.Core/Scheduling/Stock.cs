using System.Numerics;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>
/// What is free on every node at one moment, found by how many devices are free: on one node, and in any domain. The sum of what
/// was added to it, in whatever order.
/// </summary>
internal sealed class Stock
{
    private readonly NodeLayout layout;
    private readonly FreeRow[] rows;

    /// <summary>Thousandths free of each device; where devices are counted, of all of a node's.</summary>
    private readonly int[] milli;

    /// <summary>Nodes that anything may be put on.</summary>
    private readonly bool[] isOpen;

    /// <summary>For each pool its open nodes by their free devices.</summary>
    private readonly FitSet[][] byFree;

    /// <summary>The pools in which tasks share devices, as far as a place was sought there.</summary>
    private readonly SharedPool?[] shared;

    /// <summary>What breaks up the devices of each pool; null where no tasks share them.</summary>
    private Fragmentation?[] typical;

    /// <param name="isOpen">Whether anything may be put on a node.</param>
    /// <param name="capacity">All that is for jobs on a node.</param>
    public Stock(NodeLayout layout, Func<Node, bool> isOpen, Func<Node, ResourceVector> capacity)
    {
        this.layout = layout;
        rows = new FreeRow[layout.Nodes.Length];
        milli = new int[layout.FirstSlot[^1]];
        this.isOpen = new bool[rows.Length];
        byFree = [.. layout.Pools.Select(pool => Enumerable.Range(0, pool.Most + 1).Select(_ => new FitSet(pool.End - pool.First)).ToArray())];
        Domains = new DomainSums(layout);
        (shared, typical) = (new SharedPool?[layout.Pools.Length], new Fragmentation?[layout.Pools.Length]);
        for (var node = 0; node < rows.Length; node++)
        {
            Add(node, FreeChange.Of(capacity(layout.Nodes[node]), layout.Devices[node], layout.CountsDevices(node), 1));
            Open(node, isOpen(layout.Nodes[node]));
        }
    }

    private Stock(Stock other)
    {
        (layout, rows, milli, isOpen) = (other.layout, [.. other.rows], [.. other.milli], [.. other.isOpen]);
        byFree = [.. other.byFree.Select(sets => sets.Select(set => set.Copy()).ToArray())];
        Domains = other.Domains.Copy();
        (shared, typical) = (new SharedPool?[other.shared.Length], other.typical);
    }

    public ReadOnlySpan<FreeRow> Rows => rows;

    public DomainSums Domains { get; }

    public Stock Copy() => new(this);

    /// <summary>Thousandths free of each device of a node; of all together where they are counted.</summary>
    public ReadOnlySpan<int> Milli(int node) => milli.AsSpan(layout.FirstSlot[node], layout.FirstSlot[node + 1] - layout.FirstSlot[node]);

    public bool CountsDevices(int node) => layout.CountsDevices(node);

    public bool IsOpen(int node) => isOpen[node];

    public void Open(int node, bool open)
    {
        if (isOpen[node] == open) return;
        isOpen[node] = open;
        var pool = layout.Pools[layout.PoolOf[node]];
        if (shared[pool.Number] is not null) Share(pool, node);
        ref readonly var row = ref rows[node];
        var devices = Counted(row, pool);
        if (open)
        {
            byFree[pool.Number][devices].Add(node - pool.First, row);
            Domains.Change(node, default, 0, row, devices);
        }
        else
        {
            byFree[pool.Number][devices].Remove(node - pool.First);
            Domains.Change(node, row, devices, default, 0);
        }
    }

    public void Add(int node, in FreeChange change)
    {
        ref var row = ref rows[node];
        var before = row;
        row.Cpu += change.Cpu;
        row.Memory += change.Memory;
        row.Rdma += change.Rdma;
        AddDevices(ref row, node, change);
        if (!isOpen[node]) return;

        var pool = layout.Pools[layout.PoolOf[node]];
        if (shared[pool.Number] is not null) Share(pool, node);
        var sets = byFree[pool.Number];
        var (was, now) = (Counted(before, pool), Counted(row, pool));
        if (was != now)
        {
            sets[was].Remove(node - pool.First);
            sets[now].Add(node - pool.First, row);
        }
        else if (row.Cpu > before.Cpu || row.Memory > before.Memory || row.Rdma > before.Rdma || row.Partial > before.Partial)
        {
            sets[now].Raise(node - pool.First, row);
        }

        Domains.Change(node, before, was, row, now);
    }

    /// <summary>The first node of a range in a pool that has exactly so many devices free and room for this, or -1.</summary>
    /// <param name="allowed">Null means all.</param>
    public int Next(Pool pool, int devices, int from, int end, in ResourceVector each, NodeSet? allowed = null)
    {
        if (devices >= byFree[pool.Number].Length || byFree[pool.Number][devices].IsEmpty) return -1;
        var found = byFree[pool.Number][devices].Next(from - pool.First, end - pool.First, each, rows.AsSpan(pool.First, pool.End - pool.First), allowed?.Of(pool));
        return found < 0 ? -1 : found + pool.First;
    }

    /// <summary>From now on these are the typical tasks of each pool.</summary>
    /// <param name="workloads">Null where none shares devices.</param>
    public void Expect(Fragmentation?[] workloads)
    {
        typical = workloads;
        Array.Clear(shared);
    }

    public bool IsShared(Pool pool) => typical[pool.Number] is not null;

    /// <summary>The pool's nodes by what a task would break up there.</summary>
    public SharedPool Shared(Pool pool)
    {
        if (shared[pool.Number] is { } known) return known;
        var firstDevice = new int[pool.End - pool.First + 1];
        for (var node = pool.First; node < pool.End; node++)
        {
            firstDevice[node - pool.First + 1] = firstDevice[node - pool.First] + (layout.CountsDevices(node) ? layout.Nodes[node].Devices.Count : layout.FirstSlot[node + 1] - layout.FirstSlot[node]);
        }

        shared[pool.Number] = new SharedPool(pool.Model, firstDevice, typical[pool.Number] ?? new Fragmentation([]));
        for (var node = pool.First; node < pool.End; node++) Share(pool, node);
        return shared[pool.Number]!;
    }

    /// <summary>What is free of the node, as the pool of shared devices sees it: where devices are counted, any of them will do.</summary>
    private void Share(Pool pool, int node)
    {
        Span<int> alike = stackalloc int[layout.CountsDevices(node) ? Counted(rows[node], pool) : 0];
        alike.Fill(PodShape.WholeDevice);
        shared[pool.Number]!.Set(node - pool.First, isOpen[node] ? rows[node].Cpu : null, rows[node].Memory, layout.CountsDevices(node) ? alike : Milli(node));
    }

    /// <summary>A node may be overdrawn (devices died under its jobs): it has none to offer.</summary>
    private static int Counted(in FreeRow row, Pool pool) => Math.Clamp(row.Devices, 0, pool.Most);

    private void AddDevices(ref FreeRow row, int node, in FreeChange change)
    {
        if (change.Milli == 0) return;
        var free = milli.AsSpan(layout.FirstSlot[node]);
        if (layout.CountsDevices(node))
        {
            free[0] += change.Milli;

            // Rounded down, so that the two make up the sum below nothing too.
            row.Devices = (free[0] - (free[0] < 0 ? PodShape.WholeDevice - 1 : 0)) / PodShape.WholeDevice;
            row.Partial = free[0] - (row.Devices * PodShape.WholeDevice);
            return;
        }

        for (var rest = change.Devices.Bits; rest != 0; rest &= rest - 1)
        {
            var device = BitOperations.TrailingZeroCount(rest);
            row.Partial += Partial(free[device] + change.Milli) - Partial(free[device]);
            free[device] += change.Milli;
            var bit = new DeviceSet(1UL << device);
            row.Idle = free[device] == PodShape.WholeDevice ? row.Idle | bit : row.Idle - bit;
        }

        row.Devices = row.Idle.Count;
    }

    private static int Partial(int free) => free is > 0 and < PodShape.WholeDevice ? free : 0;
}

/// <summary>More or less of a node is free.</summary>
/// <param name="Milli">Thousandths of each device; where devices are counted, of all together.</param>
internal readonly record struct FreeChange(long Cpu, long Memory, int Rdma, int Milli, DeviceSet Devices)
{
    /// <param name="devices">Which, where the node hands them out one by one; others are none of it.</param>
    /// <param name="times">1 for more, -1 for less.</param>
    public static FreeChange Of(in ResourceVector amount, DeviceSet devices, bool areCounted, int times)
    {
        var milli = areCounted ? (int)amount.MilliDevices : devices == DeviceSet.None ? 0 : amount.Milli > 0 ? amount.Milli : PodShape.WholeDevice;
        return new FreeChange(times * amount.CpuMillicores, times * amount.MemoryBytes, times * amount.Rdma, times * milli, devices);
    }

    public FreeChange Undone => new(-Cpu, -Memory, -Rdma, -Milli, Devices);
}
