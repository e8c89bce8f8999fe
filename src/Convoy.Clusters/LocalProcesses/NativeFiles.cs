using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Linux's calls that name a file by an open folder and one name in it, so that no link on the way can lead elsewhere.</summary>
internal static unsafe partial class NativeFiles
{
    public const int NoSuchFile = 2;
    public const int NotAllowed = 13;
    public const int NothingThere = 6;

    private const int CloseOnExec = 0x80000;
    private const int NoWaiting = 0x800;
    private const int NoLinkAtEnd = 0x100;
    private const int RemoveFolderFlag = 0x200;
    private const uint BasicStatus = 0x7ff;
    private const int StatusBytes = 256;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    // Numbers that differ between x86-64 and arm64.
    private static readonly int FolderOnly = IsArm ? 0x4000 : 0x10000;
    private static readonly int NoLink = IsArm ? 0x8000 : 0x20000;
    private static readonly long ReadFolderCall = IsArm ? 61 : 217;

    public static OpenFolder OpenFolder(string path) => new(Open(path, FolderOnly | NoLink | CloseOnExec, 0));

    public static OpenFolder OpenFolder(OpenFolder folder, byte[] name) => new(OpenAt(folder, name, FolderOnly | NoLink | CloseOnExec, 0));

    /// <summary>Without waiting for a pipe's other end.</summary>
    public static SafeFileHandle OpenFile(OpenFolder folder, byte[] name) => new(OpenAt(folder, name, NoLink | NoWaiting | CloseOnExec, 0), ownsHandle: true);

    /// <summary>One that is not there yet, for its owner alone.</summary>
    public static SafeFileHandle CreateFile(OpenFolder folder, byte[] name)
    {
        const int writeOnly = 1, create = 0x40, andNoOther = 0x80;
        return new(OpenAt(folder, name, writeOnly | create | andNoOther | NoLink | CloseOnExec, 0b110_000_000), ownsHandle: true);
    }

    /// <summary>Bytes of the folder's next entries; 0 at its end.</summary>
    public static int ReadFolder(OpenFolder folder, byte[] into)
    {
        var read = ReadEntries(ReadFolderCall, folder, into, into.Length);
        return read >= 0 ? (int)read : throw LastError("a folder");
    }

    /// <summary>Of the link itself where it is one. Null where it is not told: <see cref="LastErrorNumber"/> says why.</summary>
    public static FileStatus? Status(OpenFolder folder, byte[] name)
    {
        // struct statx is the same on every architecture.
        var status = stackalloc byte[StatusBytes];
        return Statx(folder, name, NoLinkAtEnd, BasicStatus, status) == 0 ? FileStatus.Read(new ReadOnlySpan<byte>(status, StatusBytes)) : null;
    }

    public static FileStatus Status(SafeHandle file)
    {
        const int ofItself = 0x1000;
        var status = stackalloc byte[StatusBytes];
        return Statx(file, [0], ofItself, BasicStatus, status) == 0 ? FileStatus.Read(new ReadOnlySpan<byte>(status, StatusBytes)) : throw LastError("an open file");
    }

    /// <summary>When the file was made. Null where the file system does not know it.</summary>
    public static DateTime? BornAt(string path)
    {
        const int ofItself = 0x1000;
        const uint birth = 0x800;
        var status = stackalloc byte[StatusBytes];
        using var file = Native.OpenToRead(path);
        if (Statx(file, [0], ofItself, birth, status) != 0 || (*(uint*)status & birth) == 0) return null;
        return DateTimeOffset.FromUnixTimeSeconds(*(long*)(status + 80)).UtcDateTime;
    }

    /// <summary>What a symbolic link says; empty where it is none any more.</summary>
    public static byte[] ReadLink(OpenFolder folder, byte[] name)
    {
        var target = new byte[4096];
        var length = ReadLinkAt(folder, name, target, (nuint)target.Length);
        return length > 0 ? target[..(int)length] : [];
    }

    public static bool TryRemoveFile(OpenFolder folder, byte[] name) => UnlinkAt(folder, name, 0) == 0;

    public static bool TryRemoveFolder(OpenFolder folder, byte[] name) => UnlinkAt(folder, name, RemoveFolderFlag) == 0;

    public static bool TryMove(OpenFolder from, byte[] name, OpenFolder to, byte[] newName) => RenameAt(from, name, to, newName) == 0;

    public static bool TryAllowAll(OpenFolder folder, byte[] name) => ChangeModeAt(folder, name, 0b111_000_000, 0) == 0;

    /// <summary>Of an open folder itself.</summary>
    public static void ChangeOwner(OpenFolder folder, uint uid, uint gid)
    {
        const int ofItself = 0x1000;
        if (ChangeOwnerAt(folder, [0], uid, gid, ofItself) != 0) throw LastError("a folder's owner");
    }

    /// <summary>Of what has that name, a link itself; gone by now is well too.</summary>
    public static void ChangeOwner(OpenFolder folder, byte[] name, uint uid)
    {
        if (ChangeOwnerAt(folder, name, uid, uid, NoLinkAtEnd) != 0 && LastErrorNumber != NoSuchFile) throw LastError(Convoy.Clusters.LocalProcesses.OpenFolder.Text(name));
    }

    public static void ChangeMode(OpenFolder folder, uint mode)
    {
        if (ChangeOpenMode(folder, mode) != 0) throw LastError("a folder's mode");
    }

    /// <summary>Where the next data of a file with holes begin; null where there are none after <paramref name="at"/>.</summary>
    public static long? NextData(SafeFileHandle file, long at)
    {
        const int data = 3;
        var found = Seek(file, at, data);
        return found >= 0 ? found : LastErrorNumber == NothingThere ? null : at;
    }

    /// <summary>Where data that begin at <paramref name="at"/> end.</summary>
    public static long NextHole(SafeFileHandle file, long at)
    {
        const int hole = 4;
        var found = Seek(file, at, hole);
        return found >= 0 ? found : long.MaxValue;
    }

    /// <summary>Gives a file another name on the same file system.</summary>
    public static bool TryLink(string file, string name) => Link(file, name) == 0;

    /// <summary>Makes all that was written to the file system of a folder durable.</summary>
    /// <exception cref="IOException">The folder is none, or the disk failed.</exception>
    public static void FlushFileSystem(string path)
    {
        using var folder = OpenFolder(path);
        if (folder.IsInvalid || SyncFileSystem(folder) != 0) throw LastError(path);
    }

    public static int LastErrorNumber => Marshal.GetLastPInvokeError();

    public static IOException LastError(string what) => new($"{what} cannot be used: {new Win32Exception(LastErrorNumber).Message}");

    // An int, not a handle: of a -1 in 32 bits a handle of 64 would make a valid one.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(OpenFolder folder, byte[] name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint ReadEntries(long number, OpenFolder folder, [Out] byte[] into, nint size);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Statx(SafeHandle file, byte[] name, int flags, uint wanted, byte* status);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    private static partial nint ReadLinkAt(OpenFolder folder, byte[] name, [Out] byte[] target, nuint size);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    private static partial int UnlinkAt(OpenFolder folder, byte[] name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    private static partial int RenameAt(OpenFolder from, byte[] name, OpenFolder to, byte[] newName);

    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true)]
    private static partial int ChangeModeAt(OpenFolder folder, byte[] name, uint mode, int flags);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true)]
    private static partial int ChangeOwnerAt(OpenFolder folder, byte[] name, uint uid, uint gid, int flags);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    private static partial int ChangeOpenMode(OpenFolder folder, uint mode);

    [LibraryImport("libc", EntryPoint = "lseek64", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long at, int from);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string file, string name);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(OpenFolder folder);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, uint who, int value);

    /// <summary>Of the calling thread, which has to be the platform's own: this cannot be taken back.</summary>
    public static void YieldToOthers() => _ = SetPriority(0, 0, 10);
}

/// <summary>Of struct statx.</summary>
/// <param name="Names">Hard links.</param>
internal readonly record struct FileStatus(int Type, int Mode, uint Names, uint Uid, uint Gid, long Size, long BytesOnDisk, DateTimeOffset ModifiedAt, (uint Major, uint Minor) Device)
{
    private const int TypeBits = 0xF000;
    private const int BlockBytes = 512;

    public bool IsFolder => Type == 0x4000;

    public bool IsFile => Type == 0x8000;

    public bool IsLink => Type == 0xA000;

    public static FileStatus Read(ReadOnlySpan<byte> status)
    {
        int mode = MemoryMarshal.Read<ushort>(status[28..]);
        var seconds = MemoryMarshal.Read<long>(status[112..]);
        return new FileStatus(
            mode & TypeBits,
            mode & 0x1FF,
            MemoryMarshal.Read<uint>(status[16..]),
            MemoryMarshal.Read<uint>(status[20..]),
            MemoryMarshal.Read<uint>(status[24..]),
            MemoryMarshal.Read<long>(status[40..]),
            MemoryMarshal.Read<long>(status[48..]) * BlockBytes,
            // People may set any time at all.
            DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds())),
            (MemoryMarshal.Read<uint>(status[136..]), MemoryMarshal.Read<uint>(status[140..])));
    }
}
