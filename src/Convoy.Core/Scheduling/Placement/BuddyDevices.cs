using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Convoy.Core.Scheduling.Placement;

/// <summary>
/// Which whole devices of a node a task gets. Devices are cut as in the buddy system (Knowlton 1965): a block of 2^k devices begins at a
/// multiple of 2^k, so that what is left over is again a block that a larger task can use.
/// </summary>
public static class BuddyDevices
{
    /// <summary>
    /// Takes <paramref name="count"/> of the <paramref name="free"/> devices, or null where there are too few. In order: all in one group
    /// of the fewest devices; all in the smallest aligned block; most of the largest aligned blocks left whole, then of the next size;
    /// lowest indexes.
    /// </summary>
    /// <param name="groups">
    /// NVLink islands, NUMA groups or both, which may nest; none means that all devices are alike. Blocks are aligned within a group, in
    /// the order of its devices.
    /// </param>
    public static DeviceSet? Choose(DeviceSet free, int count, params ReadOnlySpan<DeviceSet> groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return count > free.Count ? null : Best(free, count, groups).Devices;
    }

    /// <summary>The same with how good it is.</summary>
    /// <param name="count">At most the free ones.</param>
    internal static DeviceChoice Best(DeviceSet free, int count, ReadOnlySpan<DeviceSet> groups)
    {
        if (count == 0) return default;
        var best = DeviceChoice.Worst;
        foreach (var group in groups)
        {
            if ((free & group).Count >= count) best = DeviceChoice.Better(best, In(group, free, count));
        }

        return best == DeviceChoice.Worst ? In(new DeviceSet(ulong.MaxValue), free, count) : best;
    }

    private static DeviceChoice In(DeviceSet group, DeviceSet free, int count)
    {
        var local = Gather(free.Bits, group.Bits);
        var end = DeviceSet.Most - BitOperations.LeadingZeroCount(local);
        for (var size = (int)BitOperations.RoundUpToPowerOf2((uint)count); ; size *= 2)
        {
            var best = DeviceChoice.Worst;
            for (var start = 0; start < end; start += size)
            {
                var inside = local & Block(start, size);
                if (BitOperations.PopCount(inside) < count) continue;
                var taken = inside & ~Leave(inside, BitOperations.PopCount(inside) - count);
                best = DeviceChoice.Better(best, new DeviceChoice(group.Count, size, Lost(local, local & ~taken), new DeviceSet(Scatter(taken, group.Bits))));
            }

            if (best != DeviceChoice.Worst) return best;
        }
    }

    /// <summary>The given number of devices to spare, in the largest aligned blocks that they can make, highest first.</summary>
    private static ulong Leave(ulong free, int spare)
    {
        var left = 0UL;
        if (spare == 0) return left;
        var end = DeviceSet.Most - BitOperations.LeadingZeroCount(free);
        for (var size = 1 << BitOperations.Log2((uint)spare); size > 0; size /= 2)
        {
            for (var start = (end - 1) / size * size; start >= 0 && spare >= size; start -= size)
            {
                var block = Block(start, size);
                if ((free & ~left & block) != block) continue;
                left |= block;
                spare -= size;
            }
        }

        return left;
    }

    /// <summary>Whole aligned blocks that are no more, the number of the largest in the highest byte.</summary>
    private static ulong Lost(ulong before, ulong after)
    {
        var lost = 0UL;

        // Seven levels of at most 64 blocks fit seven bytes.
        for (var (size, level) = (1, 0); before != 0; level++)
        {
            lost += (ulong)(BitOperations.PopCount(before) - BitOperations.PopCount(after)) << (8 * level);
            if (size == DeviceSet.Most) break;

            // A bit stands for the whole block that begins there: two neighbours make one of the next size.
            before &= before >> size;
            after &= after >> size;
            size *= 2;
            var begins = ulong.MaxValue / Block(0, size);
            before &= begins;
            after &= begins;
        }

        return lost;
    }

    private static ulong Block(int start, int size) => (size == DeviceSet.Most ? ulong.MaxValue : (1UL << size) - 1) << start;

    /// <summary>The bits of the value that the mask names, moved together at the low end.</summary>
    private static ulong Gather(ulong value, ulong mask)
    {
        if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitExtract(value, mask);
        var gathered = 0UL;
        for (var i = 0; mask != 0; i++, mask &= mask - 1) gathered |= (value >> BitOperations.TrailingZeroCount(mask) & 1) << i;
        return gathered;
    }

    private static ulong Scatter(ulong value, ulong mask)
    {
        if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitDeposit(value, mask);
        var scattered = 0UL;
        for (var i = 0; mask != 0; i++, mask &= mask - 1) scattered |= (value >> i & 1) << BitOperations.TrailingZeroCount(mask);
        return scattered;
    }
}

/// <summary>Devices, and what taking them costs: the smaller is the better, on one node as among several.</summary>
/// <param name="Group">Devices of the group that they lie in; <see cref="DeviceSet.Most"/> where they lie in none.</param>
/// <param name="Block">Devices of the smallest aligned block around them.</param>
/// <param name="Lost">Whole aligned blocks that are no more, the number of the largest in the highest byte.</param>
internal readonly record struct DeviceChoice(int Group, int Block, ulong Lost, DeviceSet Devices)
{
    public static DeviceChoice Worst => new(int.MaxValue, 0, 0, DeviceSet.None);

    /// <summary>Whether no larger block is broken for so many devices, and they lie as close together as can be.</summary>
    public bool IsWithoutLoss(int count)
    {
        var least = 0UL;
        for (var level = 0; count >> level > 0; level++) least += (ulong)(count >> level) << (8 * level);
        return count == 0 || (Block == (int)BitOperations.RoundUpToPowerOf2((uint)count) && Lost <= least);
    }

    public bool CostsLessThan(DeviceChoice other) =>
        Group != other.Group ? Group < other.Group : Block != other.Block ? Block < other.Block : Lost < other.Lost;

    public static DeviceChoice Better(DeviceChoice known, DeviceChoice other) =>
        other.CostsLessThan(known) || (!known.CostsLessThan(other) && Lowest(other) < Lowest(known)) ? other : known;

    private static int Lowest(DeviceChoice choice) => BitOperations.TrailingZeroCount(choice.Devices.Bits);
}
