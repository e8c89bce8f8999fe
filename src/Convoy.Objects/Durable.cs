using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Objects;

/// <summary>A rename is durable once its folder is: fsync of a folder, which .NET cannot open.</summary>
internal static partial class Durable
{
    private const int ReadOnlyDirectory = 0x10000;

    public static void FlushFolder(string path)
    {
        using var folder = new SafeFileHandle(Open(path, ReadOnlyDirectory), ownsHandle: true);
        if (folder.IsInvalid || Sync(folder) != 0) throw new IOException($"{path} could not be flushed: errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);
}
