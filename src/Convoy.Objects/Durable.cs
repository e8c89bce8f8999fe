using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Objects;

/// <summary>A rename is durable once its folder is: fsync of a folder, which .NET cannot open.</summary>
internal static partial class Durable
{
    // Of the flags only this one: it has the same number on x86-64 and arm64, which O_DIRECTORY has not.
    private const int CloseOnExec = 0x80000;

    public static void FlushFolder(string path)
    {
        using var folder = new SafeFileHandle(Open(path, CloseOnExec), ownsHandle: true);
        if (folder.IsInvalid || Sync(folder) != 0) throw new IOException($"{path} could not be flushed: errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);
}
