using System.Numerics;

namespace Convoy.Core.Scheduling;

/// <summary>
/// A set of the numbers 0 to n - 1 that finds its next member in O(log64 n): a tree of 64-bit words, in which a bit of a word
/// says that the word below it is not empty.
/// </summary>
internal sealed class IndexSet
{
    private const int Bits = 6;
    private readonly ulong[][] levels;

    public IndexSet(int size)
    {
        var sizes = new List<int>();
        do
        {
            size = Math.Max(1, (size + 63) >> Bits);
            sizes.Add(size);
        }
        while (size > 1);
        levels = [.. sizes.Select(words => new ulong[words])];
    }

    public void Add(int number)
    {
        foreach (var level in levels)
        {
            level[number >> Bits] |= 1UL << number;
            number >>= Bits;
        }
    }

    public void Remove(int number)
    {
        foreach (var level in levels)
        {
            level[number >> Bits] &= ~(1UL << number);
            if (level[number >> Bits] != 0) return;
            number >>= Bits;
        }
    }

    /// <summary>The smallest member of at least <paramref name="from"/>, or -1.</summary>
    public int Next(int from)
    {
        var height = 0;
        while (height < levels.Length)
        {
            var word = from >> Bits;
            if (word >= levels[height].Length) return -1;
            var rest = levels[height][word] & (ulong.MaxValue << from);
            if (rest != 0)
            {
                var found = (word << Bits) + BitOperations.TrailingZeroCount(rest);
                while (height > 0) found = (found << Bits) + BitOperations.TrailingZeroCount(levels[--height][found]);
                return found;
            }

            // Nothing left in this word: one level up, behind it.
            from = word + 1;
            height++;
        }

        return -1;
    }
}
