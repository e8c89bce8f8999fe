using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>The calls of Linux that .NET has no name for.</summary>
internal static unsafe partial class Native
{
    public const int NoHang = 1;
    public const int SigKill = 9;

    // The same number on x86-64 and arm64, which O_DIRECTORY has not.
    private const int CloseOnExecFlag = 0x80000;
    private const int NonBlockingFlag = 0x800;

    // The same numbers on every architecture that is newer than these two calls.
    private const long PidFdSendSignal = 424;
    private const long PidFdOpen = 434;

    public static long SetGroupsCall { get; } = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 159 : 116;

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int pid, out int status, int options);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    public static partial int SetFileUid(uint uid);

    [LibraryImport("libc", EntryPoint = "setfsgid")]
    public static partial int SetFileGid(uint gid);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial long Call(long number, long a, long b, long c, long d);

    public static int OpenProcess(int pid) => (int)Call(PidFdOpen, pid, 0, 0, 0);

    public static void Signal(int processHandle, int signal) => Call(PidFdSendSignal, processHandle, signal, 0, 0);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    /// <summary>Never waits: a pipe that nobody writes to is empty.</summary>
    public static SafeFileHandle OpenToRead(string path)
    {
        var descriptor = Open(path, CloseOnExecFlag | NonBlockingFlag, 0);
        if (descriptor >= 0) return new SafeFileHandle(descriptor, ownsHandle: true);
        var error = Marshal.GetLastPInvokeError();
        throw new IOException($"{path}: {new Win32Exception(error).Message}", error);
    }

    /// <summary>Invalid where it cannot be opened.</summary>
    public static SafeFileHandle OpenFolder(string path) => new(Open(path, CloseOnExecFlag, 0), ownsHandle: true);

    /// <summary>Makes names in a folder durable.</summary>
    public static void FlushFolder(string path)
    {
        var descriptor = Open(path, CloseOnExecFlag, 0);
        if (descriptor < 0) throw new IOException($"{path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        var failed = Flush(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (failed) throw new IOException($"{path}: {new Win32Exception(error).Message}", error);
    }

    /// <summary>
    /// Whether nobody at all has the TCP port. .NET's own sockets ask with SO_REUSEADDR, and so see none that is bound but not listened on.
    /// </summary>
    public static bool CanBind(int port)
    {
        const int inet = 2, stream = 1;
        var socket = Socket(inet, stream | CloseOnExecFlag, 0);
        if (socket < 0) throw new IOException(new Win32Exception(Marshal.GetLastPInvokeError()).Message);
        // struct sockaddr_in: the port in network order, any address.
        var address = stackalloc byte[16] { inet, 0, (byte)(port >> 8), (byte)port, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
        var isFree = Bind(socket, address, 16) == 0;
        _ = Close(socket);
        return isFree;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int socket, byte* address, int length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Spawn(out int pid, string path, void* fileActions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int InitAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int DestroyAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int SetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int SetDefaultSignals(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int SetSignalMask(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int InitFileActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int DestroyFileActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int AddOpen(void* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial int FillSignals(void* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int EmptySignals(void* signals);
}
