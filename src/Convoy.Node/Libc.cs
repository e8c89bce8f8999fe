using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Convoy.NodeAgent;

/// <summary>Calls of the C library that .NET has no words for. Linux on x86-64 and arm64, which agree on every constant here.</summary>
internal static unsafe partial class Libc
{
    public const int NotPermitted = 1, NotFound = 2, Interrupted = 4, InputOutput = 5, NoSuchDevice = 6, TryAgain = 11, NoAccess = 13, NoDevice = 19, NotFolder = 20, IsFolder = 21, Invalid = 22,
        NoSpace = 28, ReadOnly = 30, NotImplemented = 38, NotConnected = 107, QuotaFull = 122;

    public const int OpenReadWrite = 2, CloseOnExec = 0x80000;
    public const nuint NoSetUserId = 2, NoDevices = 4, ForReading = 1, Bind = 0x1000, SharesMounts = 0x100000;
    public const int Force = 1, Detach = 2;
    public const int Readable = 1, Writable = 2, Shared = 1;
    public const int KeepSize = 1, PunchHole = 2;

    public static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>ENOSPC, or EDQUOT where a quota is full.</summary>
    public static bool IsFull(int error) => error is NoSpace or QuotaFull;

    public static string Explain(int error) => Marshal.GetPInvokeErrorMessage(error);

    /// <summary>Of writev(2): bytes that need not lie together.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Span
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>struct msghdr of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public nint Name;
        public nint NameLength;
        public Span* Content;
        public nuint ContentCount;
        public byte* Control;
        public nuint ControlLength;
        public nint Flags;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "writev", SetLastError = true)]
    public static partial nint Write(int descriptor, Span* spans, int count);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int DeviceControl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string source, string target, string kind, nuint flags, string options);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    /// <param name="told">Room for struct statfs, which has 120 bytes.</param>
    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FileSystem(string path, byte* told);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint wanted, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint start, nuint length);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUid();

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int FlushData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    public static partial nint Send(SafeHandle socket, Message* message, int flags);

    /// <summary>Without the locks that .NET takes of files, which would go to whoever the descriptor is given to.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle OpenForReading(string path)
    {
        var descriptor = Open(path, CloseOnExec);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new IOException($"{path}: {Explain(LastError)}", LastError);
    }

    /// <summary>What was written of the file, or of the names in the folder, is there after the machine has stopped.</summary>
    /// <exception cref="IOException">The disk says no.</exception>
    public static void Flush(string path)
    {
        using var file = OpenForReading(path);
        if (FlushAll(file) != 0) throw new IOException($"{path}: {Explain(LastError)}", LastError);
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushAll(SafeFileHandle file);
}
