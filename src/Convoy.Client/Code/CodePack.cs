using System.Formats.Tar;
using System.IO.Compression;
using Convoy.Core.Languages;

namespace Convoy.Client.Code;

/// <summary>
/// Packs a scanned folder as a gzipped tar (GNU format). The same files give the same bytes: sorted, no times, no owners,
/// modes 0644 and 0755, one compression level.
/// </summary>
public static class CodePack
{
    /// <summary>What the server takes, packed.</summary>
    public const long MaxBytes = 512L << 20;

    /// <summary>What the server unpacks.</summary>
    public const long MaxUnpackedBytes = 4L << 30;

    /// <summary>Files and links that the server unpacks.</summary>
    public const int MaxEntries = 200_000;

    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <exception cref="CodeFolderException">Too large, or a file changed or went since the scan.</exception>
    public static void Write(CodeFolder folder, Stream stream) => Write(folder, stream, MaxBytes);

    internal static void Write(CodeFolder folder, Stream stream, long maxBytes)
    {
        if (folder.Bytes > MaxUnpackedBytes) throw TooLarge(folder, $"holds {CodeFolder.Size(folder.Bytes)}, more than {CodeFolder.Size(MaxUnpackedBytes)}");
        if (folder.Files.Count > MaxEntries)
            throw new CodeFolderException($"The code folder has {folder.Files.Count} files, more than {MaxEntries}. Name what is not needed in .convoyignore, or put data into a data set.");
        using var limited = new LimitedStream(stream, maxBytes, () => TooLarge(folder, $"packs to more than {CodeFolder.Size(maxBytes)}"));
        using var gzip = new GZipStream(limited, CompressionLevel.Optimal, leaveOpen: true);
        // A writer without entries writes no end either, and what has no end is damaged.
        if (folder.Files.Count == 0) gzip.Write(new byte[1024]);
        using var tar = new TarWriter(gzip, TarEntryFormat.Gnu, leaveOpen: true);
        foreach (var file in folder.Files)
        {
            if (file.LinkTarget is { } target)
            {
                tar.WriteEntry(new GnuTarEntry(TarEntryType.SymbolicLink, file.Path) { LinkName = target, Mode = Executable, ModificationTime = DateTimeOffset.UnixEpoch });
                continue;
            }

            using var content = Open(folder, file);
            tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, file.Path)
            {
                Mode = file.Executable ? Executable : Plain,
                ModificationTime = DateTimeOffset.UnixEpoch,
                DataStream = content,
            });
        }
    }

    private static UnchangedStream Open(CodeFolder folder, CodeFile file)
    {
        try
        {
            var stream = new FileStream($"{folder.Root}/{file.Path}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new UnchangedStream(stream, file);
        }
        catch (Exception gone) when (gone is UnauthorizedAccessException or IOException)
        {
            throw new CodeFolderException($"{file.Path} went away or was closed while the folder was being packed. Try again.", gone);
        }
    }

    private static CodeFolderException TooLarge(CodeFolder folder, Text why)
    {
        var largest = folder.Files.OrderByDescending(file => file.Bytes).Take(3).Select(file => $"{file.Path} ({CodeFolder.Size(file.Bytes)})");
        return new CodeFolderException($"The code folder {why}; largest: {string.Join(", ", largest)}. Name what is not needed in .convoyignore, or put data into a data set.");
    }
}
