namespace Convoy.Core.Scheduling.Placement;

/// <summary>
/// How much of a node's free devices a typical task could not use: the measure of Weng et al., "Beware of Fragmentation" (USENIX ATC '23).
/// For a task drawn from the workload, all that is free is lost if the node cannot hold the task, else what is free on devices too full for
/// it. The workload is known beforehand in the paper, from the trace; in Convoy it is what history shows of past tasks.
/// </summary>
/// <remarks>
/// Nothing is divided: an amount is the sum over the workload's tasks, in milli-devices × tasks. It takes O(devices of the node), because
/// the tasks that a device can serve are counted beforehand by (model, cpu threshold, share threshold). Memory is not looked at.
/// </remarks>
public sealed class Fragmentation
{
    /// <summary>Shapes told apart, the most popular; beyond them the tables would grow and the measure would not change.</summary>
    public const int MostShapes = 512;

    /// <summary>So that a score in long cannot overflow: 2^31 tasks × 64 devices × 1000 × <see cref="SharedPool"/>'s factor of 3200.</summary>
    public const long MostTasks = int.MaxValue;

    private readonly long[] cpus;
    private readonly int[] shareRanks = new int[PodShape.WholeDevice + 1];
    private readonly int mostDevices;
    private readonly Dictionary<int, Tables> byModel = [];
    private readonly (PodShape Shape, long Tasks)[] typical;

    /// <param name="workload">How many tasks of each shape were seen. A shape may come more than once.</param>
    public Fragmentation(IEnumerable<KeyValuePair<PodShape, long>> workload)
    {
        typical = [.. workload.GroupBy(seen => Typical(seen.Key), seen => seen.Value).Select(seen => (Shape: seen.Key, Tasks: seen.Sum()))
            .OrderByDescending(seen => seen.Tasks).ThenBy(seen => seen.Shape.CpuMillicores).ThenBy(seen => seen.Shape.Devices)
            .ThenBy(seen => seen.Shape.Milli).ThenBy(seen => seen.Shape.Models.Bits).Take(MostShapes)];
        Tasks = typical.Sum(seen => seen.Tasks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Tasks, MostTasks, nameof(workload));
        if (typical.Any(seen => seen.Tasks < 0)) throw new ArgumentException("a shape cannot have been seen a negative number of times", nameof(workload));

        cpus = [.. typical.Select(seen => seen.Shape.CpuMillicores).Distinct().Order()];
        var shares = typical.Where(seen => seen.Shape.Devices == 1).Select(seen => seen.Shape.Milli).Distinct().Order().ToArray();
        for (var milli = 0; milli <= PodShape.WholeDevice; milli++) shareRanks[milli] = shares.Count(share => share <= milli);
        ShareRanks = shares.Length + 1;
        mostDevices = typical.Select(seen => seen.Shape.Devices).DefaultIfEmpty().Max();
    }

    /// <summary>Tasks in the workload: what an amount is to be divided by for milli-devices.</summary>
    public long Tasks { get; }

    private int ShareRanks { get; }

    /// <summary>In milli-devices × tasks of the workload.</summary>
    /// <param name="free">Thousandths free of each device.</param>
    public long Of(int model, long cpuMillicores, ReadOnlySpan<int> free)
    {
        var tables = TablesOf(model);
        var cpu = Rank(cpuMillicores);
        var usedBy = tables.Shares.AsSpan(cpu * ShareRanks, ShareRanks);
        long amount = 0;
        var whole = 0;
        foreach (var milli in free)
        {
            amount += milli * (Tasks - usedBy[shareRanks[milli]]);
            if (milli == PodShape.WholeDevice) whole++;
        }

        return amount - (PodShape.WholeDevice * (long)whole * tables.Wholes[(cpu * (mostDevices + 1)) + Math.Min(whole, mostDevices)]);
    }

    private static PodShape Typical(PodShape shape) => new(shape.CpuMillicores, 0, shape.Devices, shape.Milli, shape.Models);

    /// <summary>How many of the workload's cpu amounts fit.</summary>
    private int Rank(long cpuMillicores)
    {
        var found = Array.BinarySearch(cpus, cpuMillicores);
        return found >= 0 ? found + 1 : ~found;
    }

    private Tables TablesOf(int model)
    {
        if (byModel.TryGetValue(model, out var known)) return known;
        var shares = new long[(cpus.Length + 1) * ShareRanks];
        var wholes = new long[(cpus.Length + 1) * (mostDevices + 1)];
        foreach (var (shape, tasks) in typical)
        {
            if (shape.Devices == 0 || !shape.Models.Contains(model)) continue;
            for (var cpu = Rank(shape.CpuMillicores); cpu <= cpus.Length; cpu++)
            {
                if (shape.Devices == 1) AddFrom(shares.AsSpan(cpu * ShareRanks, ShareRanks), shareRanks[shape.Milli], tasks);
                else AddFrom(wholes.AsSpan(cpu * (mostDevices + 1), mostDevices + 1), shape.Devices, tasks);
            }
        }

        return byModel[model] = new Tables(shares, wholes);
    }

    private static void AddFrom(Span<long> counts, int first, long tasks)
    {
        foreach (ref var count in counts[first..]) count += tasks;
    }

    /// <param name="Shares">Tasks of one device that a device can serve, by cpu rank and rank of what is free of it.</param>
    /// <param name="Wholes">Tasks of several devices that the node can serve, by cpu rank and idle devices.</param>
    private sealed record Tables(long[] Shares, long[] Wholes);
}
