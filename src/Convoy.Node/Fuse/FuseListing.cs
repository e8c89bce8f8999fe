using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Fuse;

/// <summary>
/// Writes what a folder has: itself, its parent, its folders and its files, in the order of their numbers. An entry's place among them is what the
/// kernel comes back with for those behind it.
/// </summary>
internal readonly unsafe ref struct FuseListing(Manifest manifest, FuseTree tree, byte* room, int roomBytes)
{
    private const int Align = sizeof(ulong);
    private const ulong Own = 2;
    private readonly byte* room = room;

    /// <param name="from">The place of the first entry to write.</param>
    /// <param name="describes">Whether each comes with its attributes, which saves asking for them.</param>
    /// <returns>Bytes written; none at the end.</returns>
    public int Write(int folder, ulong from, bool describes)
    {
        var entry = manifest.DirectoryAt(folder);
        var written = 0;
        if (from == 0 && !Add(ref written, FuseTree.InodeOfFolder(folder), from++, "."u8, describes)) return written;
        if (from == 1 && !Add(ref written, FuseTree.InodeOfFolder(entry.Parent), from++, ".."u8, describes)) return written;
        var at = from - Own;
        if (at < (ulong)entry.Directories)
        {
            var names = manifest.DirectoryNamesFrom(entry.FirstDirectory + (int)at);
            for (; at < (ulong)entry.Directories && names.MoveNext(); at++)
            {
                if (!Add(ref written, FuseTree.InodeOfFolder(entry.FirstDirectory + (int)at), Own + at, names.Current, describes)) return written;
            }
        }

        at -= (ulong)entry.Directories;
        if (at < (ulong)entry.Files)
        {
            var names = manifest.FileNamesFrom(entry.FirstFile + (int)at);
            for (; at < (ulong)entry.Files && names.MoveNext(); at++)
            {
                if (!Add(ref written, tree.InodeOfFile(entry.FirstFile + (int)at), Own + (ulong)entry.Directories + at, names.Current, describes)) return written;
            }
        }

        return written;
    }

    /// <summary>False where there is no more room.</summary>
    private bool Add(ref int written, ulong inode, ulong place, ReadOnlySpan<byte> name, bool describes)
    {
        var head = sizeof(FuseFolderEntry) + (describes ? sizeof(FuseEntry) : 0);
        var length = (head + name.Length + Align - 1) / Align * Align;
        if (written + length > roomBytes) return false;
        var to = room + written;
        if (describes)
        {
            // A looked-up inode of 0 says that '.' and '..' are only named: the kernel has those.
            tree.Enter(place < Own ? 0 : inode, (FuseEntry*)to);
            to += sizeof(FuseEntry);
        }

        *(FuseFolderEntry*)to = new FuseFolderEntry { Inode = inode, Next = place + 1, NameBytes = (uint)name.Length, Kind = tree.IsFolder(inode) ? FuseWire.KindOfFolder : FuseWire.KindOfFile };
        to += sizeof(FuseFolderEntry);
        name.CopyTo(new Span<byte>(to, name.Length));
        new Span<byte>(to + name.Length, length - head - name.Length).Clear();
        written += length;
        return true;
    }
}
