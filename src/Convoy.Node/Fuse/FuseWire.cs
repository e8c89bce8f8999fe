using System.Runtime.InteropServices;

namespace Convoy.NodeAgent.Fuse;

/// <summary>The kernel's words, of its linux/fuse.h. They lie in memory as the processor has them; there is no order to change.</summary>
internal static class FuseWire
{
    public const uint Major = 7;

    /// <summary>Linux 5.4: every wish of <see cref="FuseTerms"/> is older.</summary>
    public const uint OldestMinor = 31;

    /// <summary>The newest whose structures are those written down here.</summary>
    public const uint NewestMinor = 39;

    /// <summary>FUSE_DEV_IOC_CLONE.</summary>
    public const nuint CloneDevice = 0x8004E500;

    public const uint Folder = 0x4000, File = 0x8000;
    public const uint KindOfFolder = 4, KindOfFile = 8;

    public const uint OpenDirect = 1, OpenKeepsCache = 1 << 1, OpenCachesFolder = 1 << 3, OpenNeedsNoFlush = 1 << 5;
}

internal enum FuseCall
{
    Lookup = 1,
    Forget = 2,
    GetAttributes = 3,
    SetAttributes = 4,
    ReadLink = 5,
    SymbolicLink = 6,
    MakeNode = 8,
    MakeFolder = 9,
    Unlink = 10,
    RemoveFolder = 11,
    Rename = 12,
    Link = 13,
    Open = 14,
    Read = 15,
    Write = 16,
    FileSystem = 17,
    Release = 18,
    SetExtended = 21,
    RemoveExtended = 24,
    Init = 26,
    OpenFolder = 27,
    ReadFolder = 28,
    ReleaseFolder = 29,
    Access = 34,
    Create = 35,
    Interrupt = 36,
    Destroy = 38,
    ForgetMany = 42,
    Allocate = 43,
    ReadFolderPlus = 44,
    Rename2 = 45,
    TemporaryFile = 51,
    ExtendedAttributes = 52,
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseRequest
{
    public uint Length;
    public FuseCall Call;
    public ulong Unique;
    public ulong Inode;
    public uint Uid, Gid, Pid;
    public uint Extensions;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseReplyHead
{
    public uint Length;

    /// <summary>Negative.</summary>
    public int Error;

    public ulong Unique;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttributes
{
    public ulong Inode, Size, Blocks, AccessedAt, ModifiedAt, ChangedAt;
    public uint AccessedNanoseconds, ModifiedNanoseconds, ChangedNanoseconds;
    public uint Mode, Links, Uid, Gid, Device, BlockBytes, Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttributesReply
{
    public ulong Seconds;
    public uint Nanoseconds, Unused;
    public FuseAttributes Attributes;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseEntry
{
    public ulong Inode, Generation, NameSeconds, AttributesSeconds;
    public uint NameNanoseconds, AttributesNanoseconds;
    public FuseAttributes Attributes;
}

/// <summary>Before the bytes of its name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFolderEntry
{
    public ulong Inode, Next;
    public uint NameBytes, Kind;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpenRequest
{
    public uint Flags, OpenFlags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpenReply
{
    public ulong Handle;
    public uint Flags, Unused;
}

/// <summary>Of files and of folders.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseReadRequest
{
    public ulong Handle, Offset;
    public uint Size, ReadFlags;
    public ulong LockOwner;
    public uint Flags, Unused;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseAccessRequest
{
    public uint Mask, Unused;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseFileSystemReply
{
    public ulong Blocks, FreeBlocks, AvailableBlocks, Files, FreeFiles;
    public uint BlockBytes, NameBytes, FragmentBytes;
    public unsafe fixed uint Unused[7];
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseInitRequest
{
    public uint Major, Minor, ReadAhead, Flags;

    /// <summary>Only where <see cref="FuseTerms.Extended"/> is among the flags.</summary>
    public uint MoreFlags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseInitReply
{
    public uint Major, Minor, ReadAhead, Flags;
    public ushort Background, Congested;
    public uint Write, TimeNanoseconds;
    public ushort Pages, MapAlignment;
    public uint MoreFlags;
    public unsafe fixed uint Unused[7];
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseTime
{
    public long Seconds;
    public uint Nanoseconds, Unused;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FuseExtendedAttributes
{
    public ulong Seconds;
    public uint Nanoseconds, Flags;
    public unsafe fixed ulong Unused[2];
    public uint Mask, BlockBytes;
    public ulong Marks;
    public uint Links, Uid, Gid;
    public ushort Mode, Unused2;
    public ulong Inode, Size, Blocks, MarksMask;
    public FuseTime AccessedAt, BornAt, ChangedAt, ModifiedAt;
    public unsafe fixed uint Devices[4];
    public unsafe fixed ulong Unused3[14];
}
