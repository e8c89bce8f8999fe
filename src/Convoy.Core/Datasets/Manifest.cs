using System.Buffers.Binary;
using System.Runtime.InteropServices;
using static Convoy.Core.Datasets.ManifestLayout;

namespace Convoy.Core.Datasets;

/// <summary>
/// A version of a data set: its directories and files, where their bytes lie, and what hashes they have. It is read where it lies, and nothing
/// of it is kept besides; the memory is most often a mapped file. Files and directories are known by their numbers, from 0.
/// </summary>
public sealed class Manifest
{
    private const int Root = 0;
    private readonly ReadOnlyMemory<byte> content;
    private readonly (int Offset, int Length)[] sections = new (int, int)[Sections];

    private Manifest(ReadOnlyMemory<byte> content)
    {
        this.content = content;
        var head = content.Span;
        if (head.Length < HeadBytes || !head[..Magic.Length].SequenceEqual(Magic)) throw new BadManifestException($"this is no manifest of a data set");
        Files = BinaryPrimitives.ReadInt32LittleEndian(head[8..]);
        Directories = BinaryPrimitives.ReadInt32LittleEndian(head[12..]);
        Packs = BinaryPrimitives.ReadInt32LittleEndian(head[16..]);
        Segments = BinaryPrimitives.ReadInt32LittleEndian(head[20..]);
        Chunks = BinaryPrimitives.ReadInt32LittleEndian(head[24..]);
        Bytes = BinaryPrimitives.ReadInt64LittleEndian(head[32..]);
        ReadSections(head);
    }

    public int Files { get; }

    /// <summary>The root among them, which is number 0.</summary>
    public int Directories { get; }

    public int Packs { get; }

    /// <summary>Of all packs.</summary>
    public int Segments { get; }

    /// <summary>Of all files.</summary>
    public int Chunks { get; }

    /// <summary>Of all files.</summary>
    public long Bytes { get; }

    /// <summary>What nobody vouches for: all of it is looked at, each name among it.</summary>
    /// <exception cref="BadManifestException">It is no manifest, or one that does not hold together.</exception>
    public static Manifest Read(ReadOnlyMemory<byte> content)
    {
        var manifest = new Manifest(content);
        new ManifestCheck(manifest).Run();
        return manifest;
    }

    /// <summary>What was read before and is known by its hash: only its head is looked at.</summary>
    /// <exception cref="BadManifestException">It is no manifest.</exception>
    public static Manifest Trust(ReadOnlyMemory<byte> content) => new(content);

    public ManifestFigures Figures
    {
        get
        {
            var packed = 0L;
            for (var pack = 0; pack < Packs; pack++) packed += PackAt(pack).Length;
            return new ManifestFigures(Files, Directories, Bytes, Packs, packed);
        }
    }

    public Pack PackAt(int pack)
    {
        var record = Record(ManifestSection.Packs, pack, PackRecord);
        return new Pack(Sha256.Read(record), BinaryPrimitives.ReadInt32LittleEndian(record[Sha256.Size..]), BinaryPrimitives.ReadInt32LittleEndian(record[(Sha256.Size + 4)..]));
    }

    /// <param name="segment">Counted through all packs.</param>
    public Sha256 SegmentHash(int segment) => Sha256.Read(Record(ManifestSection.SegmentHashes, segment, Sha256.Size));

    public Chunk ChunkAt(int chunk) => ReadChunk(Record(ManifestSection.Chunks, chunk, ChunkRecord));

    /// <summary>The number of the file's first piece; that of the next file's is where they end.</summary>
    public int FirstChunk(int file) => BinaryPrimitives.ReadInt32LittleEndian(Record(ManifestSection.FirstChunks, file, 4));

    public Sha256 FileHash(int file) => Sha256.Read(Record(ManifestSection.FileHashes, file, Sha256.Size));

    public long FileSize(int file)
    {
        var size = 0L;
        for (var (chunk, end) = (FirstChunk(file), FirstChunk(file + 1)); chunk < end; chunk++) size += ChunkAt(chunk).Length;
        return size;
    }

    public DirectoryEntry DirectoryAt(int directory)
    {
        var record = MemoryMarshal.Cast<byte, int>(Record(ManifestSection.Directories, directory, DirectoryRecord));
        return BitConverter.IsLittleEndian
            ? new DirectoryEntry(record[0], record[1], record[2], record[3], record[4])
            : throw new PlatformNotSupportedException("manifests are read on little-endian processors");
    }

    /// <summary>The directory that the file is in.</summary>
    public int DirectoryOf(int file)
    {
        var (low, high) = (0, Directories - 1);
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            if (DirectoryAt(middle).FirstFile <= file) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    /// <summary>Within its directory.</summary>
    /// <returns>How many bytes of <paramref name="name"/>, which has room for <see cref="FilePath.LongestPart"/>, it has.</returns>
    public int FileName(int file, Span<byte> name) => Names(ManifestSection.FileNameBlocks).Read(file, name);

    /// <summary>Within its parent; the root has none.</summary>
    /// <returns>How many bytes of <paramref name="name"/> it has.</returns>
    public int DirectoryName(int directory, Span<byte> name) => Names(ManifestSection.DirectoryNameBlocks).Read(directory, name);

    /// <summary>Names of a range, one after another: cheaper than to ask for each.</summary>
    public NameReader FileNamesFrom(int file) => Names(ManifestSection.FileNameBlocks).From(file);

    public NameReader DirectoryNamesFrom(int directory) => Names(ManifestSection.DirectoryNameBlocks).From(directory);

    /// <summary>Below the data set's root, with slashes.</summary>
    public byte[] PathOf(int file)
    {
        Span<byte> path = stackalloc byte[FilePath.LongestPath];
        Span<byte> name = stackalloc byte[FilePath.LongestPart];
        var start = path.Length;
        var length = FileName(file, name);
        for (var directory = DirectoryOf(file); ; directory = DirectoryAt(directory).Parent)
        {
            start -= length;
            name[..length].CopyTo(path[start..]);
            if (directory == Root) return path[start..].ToArray();
            path[--start] = (byte)'/';
            length = DirectoryName(directory, name);
        }
    }

    /// <summary>Null where there is none.</summary>
    public int? FindDirectory(int parent, ReadOnlySpan<byte> name)
    {
        var entry = DirectoryAt(parent);
        return Names(ManifestSection.DirectoryNameBlocks).Find(name, entry.FirstDirectory, entry.Directories);
    }

    /// <summary>Null where there is none.</summary>
    public int? FindFile(int directory, ReadOnlySpan<byte> name)
    {
        var entry = DirectoryAt(directory);
        return Names(ManifestSection.FileNameBlocks).Find(name, entry.FirstFile, entry.Files);
    }

    /// <summary>By its path below the root. Null where there is none.</summary>
    public int? FindFile(ReadOnlySpan<byte> path)
    {
        var directory = Root;
        for (int slash; (slash = path.IndexOf((byte)'/')) >= 0; path = path[(slash + 1)..])
        {
            if (FindDirectory(directory, path[..slash]) is not { } next) return null;
            directory = next;
        }

        return FindFile(directory, path);
    }

    internal ReadOnlySpan<byte> Section(ManifestSection section)
    {
        var (offset, length) = sections[(int)section];
        return content.Span.Slice(offset, length);
    }

    internal NameTable Names(ManifestSection blocks) => new(Section(blocks), Section(blocks + 1), blocks == ManifestSection.FileNameBlocks ? Files : Directories);

    private ReadOnlySpan<byte> Record(ManifestSection section, int number, int size) => Section(section).Slice(checked(number * size), size);

    /// <summary>Sections follow on each other without a hole, and those of records have as many as the head says.</summary>
    private void ReadSections(ReadOnlySpan<byte> head)
    {
        if (Files < 0 || Directories < 1 || Packs < 0 || Segments < 0 || Chunks < 0 || Bytes < 0) throw Broken();
        long at = HeadBytes;
        for (var i = 0; i < Sections; i++)
        {
            var (offset, length) = (BinaryPrimitives.ReadInt64LittleEndian(head[(40 + (i * 16))..]), BinaryPrimitives.ReadInt64LittleEndian(head[(48 + (i * 16))..]));
            if (offset != at || length < 0 || length > int.MaxValue) throw Broken();
            at += Padded(length);
            if (at > content.Length) throw Broken();
            sections[i] = ((int)offset, (int)length);
        }

        if (at != content.Length) throw Broken();
        Expect(ManifestSection.Packs, Packs, PackRecord);
        Expect(ManifestSection.SegmentHashes, Segments, Sha256.Size);
        Expect(ManifestSection.Chunks, Chunks, ChunkRecord);
        Expect(ManifestSection.FirstChunks, Files + 1L, 4);
        Expect(ManifestSection.FileHashes, Files, Sha256.Size);
        Expect(ManifestSection.Directories, Directories, DirectoryRecord);
        Expect(ManifestSection.DirectoryNameBlocks, (Directories + NamesOfBlock - 1L) / NamesOfBlock, 4);
        Expect(ManifestSection.FileNameBlocks, (Files + NamesOfBlock - 1L) / NamesOfBlock, 4);
    }

    private void Expect(ManifestSection section, long records, int size)
    {
        if (sections[(int)section].Length != records * size) throw Broken();
    }

    internal static BadManifestException Broken() => new($"the manifest does not hold together: it was cut short or changed");
}

/// <summary>A directory: its children are two ranges of numbers.</summary>
/// <param name="Parent">The root is its own.</param>
public readonly record struct DirectoryEntry(int Parent, int FirstDirectory, int Directories, int FirstFile, int Files);
