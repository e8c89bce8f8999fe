using System.Runtime.InteropServices;

namespace Convoy.Server;

/// <summary>What the file system of a path has left for programs without privileges, as statvfs tells.</summary>
/// <param name="TotalFiles">Files it can hold; 0 where it counts none.</param>
public sealed partial record DiskSpace(string Path, long FreeBytes, long TotalBytes, long FreeFiles, long TotalFiles)
{
    // struct statvfs of 64-bit Linux is a row of unsigned longs, and shorter than this.
    private const int Numbers = 32, FragmentBytes = 1, Blocks = 2, BlocksAvailable = 4, Files = 5, FilesAvailable = 7;

    /// <summary>Null where the path cannot be asked; whoever writes there learns why.</summary>
    public static DiskSpace? Of(string path)
    {
        var told = new ulong[Numbers];
        if (Ask(path, told) != 0) return null;
        var unit = told[FragmentBytes];
        return new DiskSpace(path, Whole(told[BlocksAvailable] * unit), Whole(told[Blocks] * unit), Whole(told[FilesAvailable]), Whole(told[Files]));
    }

    private static long Whole(ulong number) => (long)Math.Min(number, long.MaxValue);

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Ask(string path, [Out] ulong[] into);
}
