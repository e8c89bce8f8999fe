using System.Runtime.CompilerServices;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Fuse;

/// <summary>
/// The manifest as the kernel sees it. Inodes are computed from numbers and back, so nothing is remembered of what the kernel has looked up, and
/// nothing has to be forgotten: folders are 1 + their number, which makes the root 1, and files follow on the folders.
/// </summary>
internal sealed unsafe class FuseTree(Manifest manifest, DateTimeOffset publishedAt)
{
    private const ulong FirstFolder = 1;
    private const uint Anybody = 0x124, AnybodyEnters = 0x16D; // 0444 and 0555
    private const int BlocksOf = 512;

    /// <summary>What a version has it has for ever.</summary>
    private const ulong Year = 365 * 24 * 60 * 60;

    /// <summary>Of what programs read at once who ask for it: a file that is not held costs one call to the kernel for each.</summary>
    private const uint BlockBytes = 128 << 10;

    private const uint AllOfThem = 0xFFF; // STATX_BASIC_STATS and STATX_BTIME
    private readonly ulong firstFile = FirstFolder + (ulong)manifest.Directories;
    private readonly ulong end = FirstFolder + (ulong)manifest.Directories + (ulong)manifest.Files;
    private readonly long seconds = publishedAt.ToUnixTimeSeconds();
    private readonly uint nanoseconds = (uint)(publishedAt.UtcTicks % TimeSpan.TicksPerSecond * 100);

    public bool IsFolder(ulong inode) => inode >= FirstFolder && inode < firstFile;

    public bool IsFile(ulong inode) => inode >= firstFile && inode < end;

    public static int FolderOf(ulong inode) => (int)(inode - FirstFolder);

    public int FileOf(ulong inode) => (int)(inode - firstFile);

    public static ulong InodeOfFolder(int number) => FirstFolder + (ulong)number;

    public ulong InodeOfFile(int number) => firstFile + (ulong)number;

    /// <summary>0 where the folder has nothing of that name.</summary>
    public ulong Find(int folder, ReadOnlySpan<byte> name)
    {
        if (manifest.FindFile(folder, name) is { } file) return InodeOfFile(file);
        return manifest.FindDirectory(folder, name) is { } inner ? InodeOfFolder(inner) : 0;
    }

    /// <param name="inode">0 of a name that is not there, which is remembered as well.</param>
    public void Enter(ulong inode, FuseEntry* entry)
    {
        Unsafe.InitBlock(entry, 0, (uint)sizeof(FuseEntry));
        entry->Inode = inode;
        entry->NameSeconds = Year;
        entry->AttributesSeconds = Year;
        if (inode != 0) Describe(inode, &entry->Attributes);
    }

    public void Describe(ulong inode, FuseAttributesReply* reply)
    {
        Unsafe.InitBlock(reply, 0, (uint)sizeof(FuseAttributesReply));
        reply->Seconds = Year;
        Describe(inode, &reply->Attributes);
    }

    public void Describe(ulong inode, FuseExtendedAttributes* reply)
    {
        FuseAttributes found = default;
        Describe(inode, &found);
        Unsafe.InitBlock(reply, 0, (uint)sizeof(FuseExtendedAttributes));
        reply->Seconds = Year;
        reply->Mask = AllOfThem;
        reply->BlockBytes = found.BlockBytes;
        reply->Links = found.Links;
        reply->Mode = (ushort)found.Mode;
        reply->Inode = found.Inode;
        reply->Size = found.Size;
        reply->Blocks = found.Blocks;
        reply->AccessedAt = reply->BornAt = reply->ChangedAt = reply->ModifiedAt = new FuseTime { Seconds = seconds, Nanoseconds = nanoseconds };
    }

    public void Describe(FuseFileSystemReply* reply)
    {
        Unsafe.InitBlock(reply, 0, (uint)sizeof(FuseFileSystemReply));
        reply->Blocks = BlocksFor(manifest.Bytes);
        reply->Files = (ulong)manifest.Directories + (ulong)manifest.Files;
        reply->BlockBytes = reply->FragmentBytes = BlocksOf;
        reply->NameBytes = FilePath.LongestPart;
    }

    private void Describe(ulong inode, FuseAttributes* attributes)
    {
        attributes->Inode = inode;
        attributes->AccessedAt = attributes->ModifiedAt = attributes->ChangedAt = (ulong)seconds;
        attributes->AccessedNanoseconds = attributes->ModifiedNanoseconds = attributes->ChangedNanoseconds = nanoseconds;
        attributes->BlockBytes = BlockBytes;
        if (IsFolder(inode))
        {
            attributes->Mode = FuseWire.Folder | AnybodyEnters;

            // Its name, its '.', and the '..' of each folder within.
            attributes->Links = 2 + (uint)manifest.DirectoryAt(FolderOf(inode)).Directories;
            return;
        }

        var size = manifest.FileSize(FileOf(inode));
        attributes->Mode = FuseWire.File | Anybody;
        attributes->Links = 1;
        attributes->Size = (ulong)size;
        attributes->Blocks = BlocksFor(size);
    }

    private static ulong BlocksFor(long bytes) => (ulong)((bytes + BlocksOf - 1) / BlocksOf);
}
