using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Convoy.Core.Datasets;

/// <summary>Names as <see cref="NameBlocks"/> writes them.</summary>
internal readonly ref struct NameTable(ReadOnlySpan<byte> blocks, ReadOnlySpan<byte> names, int count)
{
    private readonly ReadOnlySpan<byte> blocks = blocks;
    private readonly ReadOnlySpan<byte> names = names;

    public int Read(int number, Span<byte> name)
    {
        var reader = From(number);
        reader.MoveNext();
        reader.Current.CopyTo(name);
        return reader.Current.Length;
    }

    /// <summary>Before the first name of a range.</summary>
    public NameReader From(int number)
    {
        var block = number / ManifestLayout.NamesOfBlock;
        var reader = new NameReader(names, block * ManifestLayout.NamesOfBlock < count ? StartOf(block) : names.Length, block * ManifestLayout.NamesOfBlock);
        while (reader.Next < number && reader.MoveNext());
        return reader;
    }

    /// <summary>Among a range of names that stand in order. Null where there is none.</summary>
    public int? Find(ReadOnlySpan<byte> name, int first, int length)
    {
        // The last block of the range whose first name, if it is of the range, is not behind the one sought.
        var (low, high) = (first / ManifestLayout.NamesOfBlock, length == 0 ? -1 : (first + length - 1) / ManifestLayout.NamesOfBlock);
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            if (FirstOf(middle).SequenceCompareTo(name) <= 0) low = middle;
            else high = middle - 1;
        }

        if (high < 0) return null;
        var reader = From(Math.Max(first, low * ManifestLayout.NamesOfBlock));
        for (var end = Math.Min(first + length, (low + 1) * ManifestLayout.NamesOfBlock); reader.Next < end && reader.MoveNext();)
        {
            var order = reader.Current.SequenceCompareTo(name);
            if (order == 0) return reader.Next - 1;
            if (order > 0) return null;
        }

        return null;
    }

    private int StartOf(int block) => BinaryPrimitives.ReadInt32LittleEndian(blocks[(block * 4)..]);

    /// <summary>It shares nothing with the one before, so it stands as it is.</summary>
    private ReadOnlySpan<byte> FirstOf(int block)
    {
        var at = StartOf(block);
        return names.Slice(at + 2, names[at + 1]);
    }
}

/// <summary>Goes through names one by one.</summary>
public ref struct NameReader
{
    private readonly ReadOnlySpan<byte> names;
    private NameBytes name;
    private int at;
    private int length;

    internal NameReader(ReadOnlySpan<byte> names, int at, int next)
    {
        this.names = names;
        this.at = at;
        Next = next;
    }

    /// <summary>The number of the name that <see cref="MoveNext"/> reads.</summary>
    public int Next { get; private set; }

    /// <summary>Until the next one is read.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Current => ((ReadOnlySpan<byte>)name)[..length];

    /// <summary>False at the end, and where the bytes are no names.</summary>
    public bool MoveNext()
    {
        if (at > names.Length - 2) return false;
        var (shared, rest) = (names[at], names[at + 1]);
        if (Next % ManifestLayout.NamesOfBlock == 0 && shared != 0) return false;
        if (shared > length || shared + rest > FilePath.LongestPart || at + 2 + rest > names.Length) return false;
        names.Slice(at + 2, rest).CopyTo(((Span<byte>)name)[shared..]);
        length = shared + rest;
        at += 2 + rest;
        Next++;
        return true;
    }

    /// <summary>Of the bytes, where the next name starts.</summary>
    internal readonly int Position => at;

    /// <summary>Where the name is put together, without anything to collect later.</summary>
    [InlineArray(FilePath.LongestPart)]
    private struct NameBytes
    {
        private byte first;
    }
}
