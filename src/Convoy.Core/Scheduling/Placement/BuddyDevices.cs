using System.Numerics;

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
        if (count > free.Count) return null;
        if (count == 0) return DeviceSet.None;

        Choice? best = null;
        foreach (var group in groups)
        {
            if ((free & group).Count >= count) best = Choice.Better(best, In(group, free, count));
        }

        return (best ?? In(new DeviceSet(ulong.MaxValue), free, count)).Devices;
    }

    private static Choice In(DeviceSet group, DeviceSet free, int count)
    {
        var local = Gather(free.Bits, group.Bits);
        for (var size = (int)BitOperations.RoundUpToPowerOf2((uint)count); ; size *= 2)
        {
            Choice? best = null;
            for (var start = 0; start < DeviceSet.Most; start += size)
            {
                var inside = local & Block(start, size);
                if (BitOperations.PopCount(inside) < count) continue;
                var taken = inside & ~Leave(inside, BitOperations.PopCount(inside) - count);
                best = Choice.Better(best, new Choice(group.Count, size, Lost(local, local & ~taken), new DeviceSet(Scatter(taken, group.Bits))));
            }

            if (best is not null) return best;
        }
    }

    /// <summary>The given number of devices to spare, in the largest aligned blocks that they can make, highest first.</summary>
    private static ulong Leave(ulong free, int spare)
    {
        var left = 0UL;
        for (var size = DeviceSet.Most; size > 0; size /= 2)
        {
            for (var start = DeviceSet.Most - size; start >= 0 && spare >= size; start -= size)
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
        for (var (size, level) = (1, 0); ; level++)
        {
            // Seven levels of at most 64 blocks fit seven bytes.
            lost += (ulong)(BitOperations.PopCount(before) - BitOperations.PopCount(after)) << (8 * level);
            if (size == DeviceSet.Most) return lost;

            // A bit stands for the whole block that begins there: two neighbours make one of the next size.
            before &= before >> size;
            after &= after >> size;
            size *= 2;
            var begins = ulong.MaxValue / Block(0, size);
            before &= begins;
            after &= begins;
        }
    }

    private static ulong Block(int start, int size) => (size == DeviceSet.Most ? ulong.MaxValue : (1UL << size) - 1) << start;

    /// <summary>The bits of the value that the mask names, moved together at the low end.</summary>
    private static ulong Gather(ulong value, ulong mask)
    {
        var gathered = 0UL;
        for (var i = 0; mask != 0; i++, mask &= mask - 1) gathered |= (value >> BitOperations.TrailingZeroCount(mask) & 1) << i;
        return gathered;
    }

    private static ulong Scatter(ulong value, ulong mask)
    {
        var scattered = 0UL;
        for (var i = 0; mask != 0; i++, mask &= mask - 1) scattered |= (value >> i & 1) << BitOperations.TrailingZeroCount(mask);
        return scattered;
    }

    private sealed record Choice(int Group, int Block, ulong Lost, DeviceSet Devices)
    {
        public static Choice Better(Choice? known, Choice other) =>
            known is null || (other.Group, other.Block, other.Lost, Lowest(other)).CompareTo((known.Group, known.Block, known.Lost, Lowest(known))) < 0 ? other : known;

        private static int Lowest(Choice choice) => BitOperations.TrailingZeroCount(choice.Devices.Bits);
    }
}
