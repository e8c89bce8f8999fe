using System.Buffers.Binary;

namespace Convoy.Core.Datasets;

/// <summary>
/// Whether a manifest from anybody can be read without a surprise: every number is within its range, directories make one tree, names are
/// allowed, in order and each once, and pieces lie within their packs.
/// </summary>
internal sealed class ManifestCheck(Manifest manifest)
{
    public void Run()
    {
        CheckPacks();
        CheckChunks();
        CheckTree();
        CheckNames(manifest.Names(ManifestSection.DirectoryNameBlocks), ManifestSection.DirectoryNameBlocks, manifest.Directories);
        CheckNames(manifest.Names(ManifestSection.FileNameBlocks), ManifestSection.FileNameBlocks, manifest.Files);
        CheckEntries();
    }

    private static void Require(bool holds)
    {
        if (!holds) throw Manifest.Broken();
    }

    private void CheckPacks()
    {
        long segments = 0;
        for (var number = 0; number < manifest.Packs; number++)
        {
            var pack = manifest.PackAt(number);
            Require(pack.Length is > 0 and <= PackLayout.PackBytes && pack.FirstSegment == segments);
            segments += pack.Segments;
        }

        Require(segments == manifest.Segments);
    }

    private void CheckChunks()
    {
        for (var number = 0; number < manifest.Chunks; number++)
        {
            var chunk = manifest.ChunkAt(number);
            Require(chunk.Pack >= 0 && chunk.Pack < manifest.Packs && chunk.Length is > 0 and <= PackLayout.SegmentBytes);
            Require(chunk.Offset + chunk.Length <= manifest.PackAt(chunk.Pack).Length && (chunk.Offset % PackLayout.SegmentBytes) + chunk.Length <= PackLayout.SegmentBytes);
        }

        var (before, bytes) = (0, (UInt128)0);
        for (var file = 0; file <= manifest.Files; file++)
        {
            var first = manifest.FirstChunk(file);
            Require(first >= before && first <= manifest.Chunks && (file > 0 || first == 0));
            before = first;
        }

        Require(before == manifest.Chunks);
        for (var number = 0; number < manifest.Chunks; number++) bytes += (uint)manifest.ChunkAt(number).Length;
        Require(bytes == (ulong)manifest.Bytes);
    }

    private void CheckTree()
    {
        var (directory, file) = (1L, 0L);
        for (var number = 0; number < manifest.Directories; number++)
        {
            var entry = manifest.DirectoryAt(number);
            Require(entry.Directories >= 0 && entry.Files >= 0 && entry.FirstDirectory == directory && entry.FirstFile == file);
            // Children are always behind their parent, so there is no circle.
            Require(number == 0 ? entry.Parent == 0 : entry.Parent >= 0 && entry.Parent < number && IsChild(number, manifest.DirectoryAt(entry.Parent)));
            directory += entry.Directories;
            file += entry.Files;
        }

        Require(directory == manifest.Directories && file == manifest.Files);
    }

    private static bool IsChild(int number, DirectoryEntry parent) => number >= parent.FirstDirectory && number - parent.FirstDirectory < parent.Directories;

    /// <summary>That every block starts where the one before ends, and nothing is left over.</summary>
    private void CheckNames(NameTable table, ManifestSection section, int count)
    {
        var blocks = manifest.Section(section);
        var reader = new NameReader(manifest.Section(section + 1), 0, 0);
        for (var number = 0; number < count; number++)
        {
            if (number % ManifestLayout.NamesOfBlock == 0) Require(BinaryPrimitives.ReadInt32LittleEndian(blocks[(number / ManifestLayout.NamesOfBlock * 4)..]) == reader.Position);
            Require(reader.MoveNext());
        }

        Require(reader.Position == manifest.Section(section + 1).Length);
    }

    private void CheckEntries()
    {
        Span<byte> before = stackalloc byte[FilePath.LongestPart];
        var files = manifest.FileNamesFrom(0);
        var depths = new int[manifest.Directories];
        for (var number = 0; number < manifest.Directories; number++)
        {
            var entry = manifest.DirectoryAt(number);
            if (number > 0) depths[number] = depths[entry.Parent] + 1 + manifest.DirectoryName(number, before);
            CheckOrder(manifest.DirectoryNamesFrom(entry.FirstDirectory), entry.Directories, depths[number]);
            CheckOrder(manifest.FileNamesFrom(entry.FirstFile), entry.Files, depths[number]);
            RefuseClash(entry);
        }
    }

    /// <param name="above">Bytes of the path of the directory, its last slash among them.</param>
    private static void CheckOrder(NameReader names, int count, int above)
    {
        var before = new byte[FilePath.LongestPart];
        var length = 0;
        for (var i = 0; i < count; i++)
        {
            Require(names.MoveNext());
            if (FilePath.CheckPart(names.Current) is { } problem) throw new BadManifestException(ManifestProblems.Of(problem, names.Current));
            Require(above + names.Current.Length <= FilePath.LongestPath);
            Require(i == 0 || before.AsSpan(0, length).SequenceCompareTo(names.Current) < 0);
            length = names.Current.Length;
            names.Current.CopyTo(before);
        }
    }

    /// <summary>No name is both a file's and a directory's: both stand in order, so one walk through both is enough.</summary>
    private void RefuseClash(DirectoryEntry entry)
    {
        if (entry.Files == 0 || entry.Directories == 0) return;
        var files = manifest.FileNamesFrom(entry.FirstFile);
        var directories = manifest.DirectoryNamesFrom(entry.FirstDirectory);
        var (file, directory) = (0, 0);
        files.MoveNext();
        directories.MoveNext();
        while (file < entry.Files && directory < entry.Directories)
        {
            var order = files.Current.SequenceCompareTo(directories.Current);
            Require(order != 0);
            if (order < 0)
            {
                file++;
                files.MoveNext();
            }
            else
            {
                directory++;
                directories.MoveNext();
            }
        }
    }
}
