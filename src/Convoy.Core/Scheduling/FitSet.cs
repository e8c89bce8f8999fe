using System.Numerics;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>
/// A set of the numbers 0 to n - 1, each with something free, that finds its next member with enough of it. Members lie in words of 64,
/// words in blocks of 64; each knows the most that any of its members may have, so that what is full is passed over by the thousand.
/// </summary>
internal sealed class FitSet
{
    private const int Bits = 6;
    private readonly ulong[] members;
    private readonly ulong[] words;

    /// <summary>Never less than what any member has; too much where a member has lost some of it since it was last looked at.</summary>
    private readonly Most[] mostOfWord;
    private readonly Most[] mostOfBlock;

    public FitSet(int size)
    {
        members = new ulong[Math.Max(1, (size + 63) >> Bits)];
        words = new ulong[(members.Length + 63) >> Bits];
        (mostOfWord, mostOfBlock) = (new Most[members.Length], new Most[words.Length]);
    }

    private FitSet(FitSet other) =>
        (members, words, mostOfWord, mostOfBlock) = ([.. other.members], [.. other.words], [.. other.mostOfWord], [.. other.mostOfBlock]);

    public bool IsEmpty { get; private set; } = true;

    public FitSet Copy() => new(this) { IsEmpty = IsEmpty };

    public void Add(int number, in FreeRow row)
    {
        members[number >> Bits] |= 1UL << number;
        words[number >> Bits >> Bits] |= 1UL << (number >> Bits);
        IsEmpty = false;
        Raise(number, row);
    }

    /// <summary>The member may have more than before.</summary>
    public void Raise(int number, in FreeRow row)
    {
        mostOfWord[number >> Bits].Raise(row);
        mostOfBlock[number >> Bits >> Bits].Raise(row);
    }

    public void Remove(int number)
    {
        var word = number >> Bits;
        if ((members[word] &= ~(1UL << number)) != 0) return;
        mostOfWord[word] = default;
        if ((words[word >> Bits] &= ~(1UL << word)) != 0) return;
        mostOfBlock[word >> Bits] = default;
        IsEmpty = !words.AsSpan().ContainsAnyExcept(0UL);
    }

    /// <summary>The smallest member from <paramref name="from"/> up to but without <paramref name="end"/> that has all of this, or -1.</summary>
    /// <param name="among">Only these, as bits; null means all.</param>
    public int Next(int from, int end, in ResourceVector each, ReadOnlySpan<FreeRow> rows, ulong[]? among = null)
    {
        while (from < end)
        {
            var word = from >> Bits;
            var rest = members[word] & (ulong.MaxValue << from);
            if (among is not null) rest &= among[word];
            if (rest != 0 && mostOfWord[word].Holds(each))
            {
                for (; rest != 0; rest &= rest - 1)
                {
                    var number = (word << Bits) + BitOperations.TrailingZeroCount(rest);
                    if (number >= end) return -1;
                    if (rows[number].Holds(each)) return number;
                }

                Lower(word, rows);
            }

            from = NextWord(word + 1, each) << Bits;
        }

        return -1;
    }

    /// <summary>The first word from this on of which a member may have all of this; behind the last where there is none.</summary>
    private int NextWord(int word, in ResourceVector each)
    {
        for (var block = word >> Bits; block < words.Length; word = ++block << Bits)
        {
            if (!mostOfBlock[block].Holds(each)) continue;
            for (var rest = words[block] & (ulong.MaxValue << word); rest != 0; rest &= rest - 1)
            {
                var found = (block << Bits) + BitOperations.TrailingZeroCount(rest);
                if (mostOfWord[found].Holds(each)) return found;
            }

            Most most = default;
            for (var rest = words[block]; rest != 0; rest &= rest - 1) most.Raise(mostOfWord[(block << Bits) + BitOperations.TrailingZeroCount(rest)]);
            mostOfBlock[block] = most;
        }

        return members.Length;
    }

    private void Lower(int word, ReadOnlySpan<FreeRow> rows)
    {
        Most most = default;
        for (var rest = members[word]; rest != 0; rest &= rest - 1) most.Raise(rows[(word << Bits) + BitOperations.TrailingZeroCount(rest)]);
        mostOfWord[word] = most;
    }

    /// <summary>The most that one of several members has, kind by kind.</summary>
    private struct Most
    {
        private long cpu;
        private long memory;
        private long milli;
        private int rdma;

        public readonly bool Holds(in ResourceVector each) =>
            each.CpuMillicores <= cpu && each.MemoryBytes <= memory && each.Rdma <= rdma && (each.Milli == 0 || each.MilliDevices <= milli);

        public void Raise(in FreeRow row) => Raise(row.Cpu, row.Memory, row.MilliDevices, row.Rdma);

        public void Raise(in Most other) => Raise(other.cpu, other.memory, other.milli, other.rdma);

        private void Raise(long moreCpu, long moreMemory, long moreMilli, int moreRdma)
        {
            if (moreCpu > cpu) cpu = moreCpu;
            if (moreMemory > memory) memory = moreMemory;
            if (moreMilli > milli) milli = moreMilli;
            if (moreRdma > rdma) rdma = moreRdma;
        }
    }
}
