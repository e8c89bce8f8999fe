using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Objects;

/// <summary>A rename is durable once its folder is: fsync of a folder, which .NET cannot open.</summary>
internal static partial class Durable
{
    // Of the flags only this one: it has the same number on x86-64 and arm64, which O_DIRECTORY has not.
    private const int CloseOnExec = 0x80000;

    /// <summary>FICLONE.</summary>
    private const nuint ShareContent = 0x40049409;

    public static void FlushFolder(string path)
    {
        using var folder = new SafeFileHandle(Open(path, CloseOnExec), ownsHandle: true);
        if (folder.IsInvalid || Sync(folder) != 0) throw Failed(path);
    }

    /// <summary>All that was written to the file system so far: cheaper than a flush for each of thousands of files.</summary>
    public static void FlushFileSystem(string path)
    {
        using var folder = new SafeFileHandle(Open(path, CloseOnExec), ownsHandle: true);
        if (folder.IsInvalid || SyncFileSystem(folder) != 0) throw Failed(path);
    }

    /// <summary>Gives a file the content of another without copying it. False where the file system cannot.</summary>
    public static bool TryShare(SafeFileHandle source, SafeFileHandle target)
    {
        var (from, held) = (-1, false);
        try
        {
            source.DangerousAddRef(ref held);
            from = (int)source.DangerousGetHandle();
            return Control(target, ShareContent, from) == 0;
        }
        finally
        {
            if (held) source.DangerousRelease();
        }
    }

    /// <summary>With the number where .NET keeps it, so that <see cref="NoSpace"/> knows a full disk here too.</summary>
    private static IOException Failed(string path)
    {
        var number = Marshal.GetLastPInvokeError();
        return new IOException($"{path} could not be flushed: errno {number}", number);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, nint argument);
}
