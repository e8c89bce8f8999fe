using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Convoy.Core.Languages;
using static Convoy.Core.Datasets.ManifestLayout;

namespace Convoy.Core.Datasets;

/// <summary>Makes a manifest of files, given in any order. It keeps about 70 bytes of each, its path and its pieces.</summary>
public sealed class ManifestBuilder
{
    private readonly List<PackRow> packs = [];
    private readonly ArrayBufferWriter<byte> paths = new();
    private readonly List<Chunk> chunks = [];
    private readonly List<FileRow> files = [];
    private bool sorted = true;

    public int Files => files.Count;

    /// <summary>Of all files so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>A pack that files may lie in; what it is may be said later, when it is full.</summary>
    /// <returns>What <see cref="Chunk.Pack"/> is of its pieces.</returns>
    public int AddPack()
    {
        packs.Add(default);
        return packs.Count - 1;
    }

    /// <param name="pack">As <see cref="AddPack"/> numbered it.</param>
    /// <param name="hashesOfSegments">Of each segment.</param>
    public void SetPack(int pack, Sha256 sha256, int length, IReadOnlyList<Sha256> hashesOfSegments)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hashesOfSegments.Count, Pack.SegmentsOf(length));
        packs[pack] = new PackRow(sha256, length, hashesOfSegments);
    }

    /// <param name="path">UTF-8, below the data set's root.</param>
    /// <param name="sha256">Of the whole file.</param>
    /// <param name="pieces">In their order; none where the file is empty.</param>
    /// <returns>Where its pieces stand among all that were given; <see cref="PiecesAt"/> has them again.</returns>
    /// <exception cref="BadManifestException">A data set cannot have a file of that path.</exception>
    public int AddFile(ReadOnlySpan<byte> path, Sha256 sha256, ReadOnlySpan<Chunk> pieces)
    {
        if (FilePath.Check(path) is { } problem) throw new BadManifestException(ManifestProblems.Of(problem, path));
        if (sorted && files.Count > 0) sorted = PathOrder.Compare(PathOf(files[^1]), path) < 0;
        files.Add(new FileRow(paths.WrittenCount, path.Length, chunks.Count, pieces.Length, sha256));
        paths.Write(path);
        chunks.AddRange(pieces);
        foreach (var piece in pieces) Bytes += piece.Length;
        return chunks.Count - pieces.Length;
    }

    /// <summary>Pieces that were given before, for another file of the same bytes.</summary>
    public Chunk[] PiecesAt(int first, int count) => [.. CollectionsMarshal.AsSpan(chunks).Slice(first, count)];

    /// <summary>The manifest, in pieces to be written one after another.</summary>
    /// <exception cref="BadManifestException">Two files have the same path, or one that is another's directory.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> Build()
    {
        var order = Enumerable.Range(0, files.Count).ToArray();
        if (!sorted) Array.Sort(order, (left, right) => PathOrder.Compare(PathOf(files[left]), PathOf(files[right])));
        RefuseClashes(order);
        var tree = DirectoryTree.Of(order, file => PathOf(files[file]).ToArray());
        return Write(tree);
    }

    private ReadOnlySpan<byte> PathOf(FileRow file) => paths.WrittenSpan.Slice(file.Path, file.PathLength);

    /// <summary>In path order, what lies in a directory follows at once on a file of the directory's name.</summary>
    private void RefuseClashes(int[] order)
    {
        for (var i = 1; i < order.Length; i++)
        {
            var before = PathOf(files[order[i - 1]]);
            var path = PathOf(files[order[i]]);
            if (!path.StartsWith(before)) continue;
            if (path.Length == before.Length) throw new BadManifestException($"there are two files of the path '{Encoding.UTF8.GetString(path)}'");
            if (path[before.Length] == (byte)'/') throw new BadManifestException($"'{Encoding.UTF8.GetString(before)}' is both a file and a directory");
        }
    }

    private List<ReadOnlyMemory<byte>> Write(DirectoryTree tree)
    {
        var chunkRecords = new ArrayBufferWriter<byte>(Math.Max(1, chunks.Count * ChunkRecord));
        var firstChunks = new ArrayBufferWriter<byte>((files.Count + 1) * 4);
        var hashes = new ArrayBufferWriter<byte>(Math.Max(1, files.Count * Sha256.Size));
        var fileNames = new NameBlocks();
        var written = 0;

        // By first use, so that the same files make the same manifest however they came, and none that no file needs.
        var (order, numbers) = (new List<int>(), Enumerable.Repeat(-1, packs.Count).ToArray());
        var all = CollectionsMarshal.AsSpan(chunks);
        foreach (var number in tree.Files)
        {
            var file = files[number];
            WriteNumber(firstChunks, written);
            foreach (var chunk in all.Slice(file.FirstChunk, file.Chunks))
            {
                if (numbers[chunk.Pack] < 0)
                {
                    numbers[chunk.Pack] = order.Count;
                    order.Add(chunk.Pack);
                }

                WriteChunk(chunkRecords.GetSpan(ChunkRecord), chunk with { Pack = numbers[chunk.Pack] });
                chunkRecords.Advance(ChunkRecord);
            }

            written += file.Chunks;
            file.Sha256.Write(hashes.GetSpan(Sha256.Size));
            hashes.Advance(Sha256.Size);
            var path = PathOf(file);
            fileNames.Add(path[(path.LastIndexOf((byte)'/') + 1)..]);
        }

        WriteNumber(firstChunks, written);
        var directories = new ArrayBufferWriter<byte>(tree.Directories.Count * DirectoryRecord);
        var directoryNames = new NameBlocks();
        foreach (var directory in tree.Directories)
        {
            WriteNumber(directories, directory.Parent);
            WriteNumber(directories, directory.FirstDirectory);
            WriteNumber(directories, directory.Directories);
            WriteNumber(directories, directory.FirstFile);
            WriteNumber(directories, directory.Files);
            directoryNames.Add(directory.Name);
        }

        var (packRecords, segmentHashes) = WritePacks(order);
        return Assemble(tree.Directories.Count, order.Count, written, segmentHashes.WrittenCount / Sha256.Size, [
            packRecords.WrittenMemory, segmentHashes.WrittenMemory, chunkRecords.WrittenMemory, firstChunks.WrittenMemory, hashes.WrittenMemory, directories.WrittenMemory,
            directoryNames.Blocks, directoryNames.Names, fileNames.Blocks, fileNames.Names,
        ]);
    }

    private List<ReadOnlyMemory<byte>> Assemble(int directories, int packCount, int chunkCount, int segments, ReadOnlyMemory<byte>[] sections)
    {
        var head = new byte[HeadBytes];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), files.Count);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), directories);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(16), packCount);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(20), segments);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(24), chunkCount);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(32), Bytes);
        var pieces = new List<ReadOnlyMemory<byte>> { head };
        long offset = HeadBytes;
        for (var i = 0; i < sections.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(40 + (i * 16)), offset);
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(48 + (i * 16)), sections[i].Length);
            pieces.Add(sections[i]);
            offset += Padded(sections[i].Length);
            if (Padded(sections[i].Length) - sections[i].Length is > 0 and var gap) pieces.Add(new byte[gap]);
        }

        if (offset > int.MaxValue) throw new BadManifestException($"a version may have a manifest of 2 GiB, about 20 million files; make several data sets of these {files.Count} files");
        return pieces;
    }

    private (ArrayBufferWriter<byte> Packs, ArrayBufferWriter<byte> SegmentHashes) WritePacks(List<int> order)
    {
        var (records, hashes) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        foreach (var pack in order.Select(number => packs[number]))
        {
            if (pack.Length == 0) throw new InvalidOperationException("nobody has said what a pack is");
            pack.Sha256.Write(records.GetSpan(PackRecord));
            records.Advance(Sha256.Size);
            WriteNumber(records, pack.Length);
            WriteNumber(records, hashes.WrittenCount / Sha256.Size);
            foreach (var hash in pack.SegmentHashes)
            {
                hash.Write(hashes.GetSpan(Sha256.Size));
                hashes.Advance(Sha256.Size);
            }
        }

        return (records, hashes);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> to, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to.GetSpan(4), number);
        to.Advance(4);
    }

    private readonly record struct PackRow(Sha256 Sha256, int Length, IReadOnlyList<Sha256> SegmentHashes);

    private readonly record struct FileRow(int Path, int PathLength, int FirstChunk, int Chunks, Sha256 Sha256);
}
