using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Convoy.Objects;

/// <summary>What an unpacked archive may have at most.</summary>
public sealed record CodeArchiveLimits(int Entries, long Bytes)
{
    public static CodeArchiveLimits Default { get; } = new(200_000, 4L << 30);
}

/// <summary>The archive is not what <c>convoy submit</c> makes: damaged, too large, or hostile. Nothing of it was left behind.</summary>
public sealed class CodeArchiveException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Unpacks people's tar.gz archives. No entry can touch anything outside the folder, whatever it is called or links to.</summary>
public static class CodeArchive
{
    private const int LongestPath = 4096;
    private const int LongestName = 255;
    private const int BufferBytes = 1 << 16;
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Unpacks into <paramref name="folder"/>, which is empty and belongs to the caller alone. Files get mode 0600, or 0700 where they were
    /// executable. Symbolic links are made last and only where they stay inside, so no file is ever written through one.
    /// </summary>
    /// <exception cref="CodeArchiveException">The archive was refused; the folder is empty again.</exception>
    public static async Task UnpackAsync(Stream archive, string folder, CodeArchiveLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            await using var unzipped = new GZipStream(archive, CompressionMode.Decompress, leaveOpen: true);
            await new Unpacking(Path.GetFullPath(folder), limits).RunAsync(unzipped, cancellationToken);
        }
        catch (Exception e)
        {
            Empty(folder);
            if (e is CodeArchiveException or OperationCanceledException) throw;
            if (e is InvalidDataException or FormatException or EndOfStreamException or ArgumentException or OverflowException or DecoderFallbackException or NotSupportedException)
            {
                throw new CodeArchiveException($"the code archive is damaged: {e.Message}", e);
            }

            throw;
        }
    }

    private static void Empty(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder)) File.Delete(file);
        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            if (File.GetAttributes(child).HasFlag(FileAttributes.ReparsePoint)) File.Delete(child);
            else Directory.Delete(child, recursive: true);
        }
    }

    private sealed class Unpacking(string root, CodeArchiveLimits limits)
    {
        private readonly HashSet<string> files = new(StringComparer.Ordinal);
        private readonly HashSet<string> folders = new(StringComparer.Ordinal) { "" };
        private readonly List<(string Path, string Target)> links = [];
        private long bytes;

        public async Task RunAsync(Stream tar, CancellationToken cancellationToken)
        {
            await using var guarded = new TarHeaderGuard(tar);
            await using var reader = new TarReader(guarded, leaveOpen: true);
            for (var entries = 0; await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry;)
            {
                if (++entries > limits.Entries) throw new CodeArchiveException($"the code archive has more than {limits.Entries} entries");
                await TakeAsync(entry, cancellationToken);
            }

            foreach (var (path, target) in links)
            {
                if (folders.Contains(path)) throw Hostile(path, "is a link and a folder");
                File.CreateSymbolicLink(Path.Combine(root, path), target);
            }
        }

        private async Task TakeAsync(TarEntry entry, CancellationToken cancellationToken)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.GlobalExtendedAttributes:
                    return;
                case TarEntryType.Directory:
                    MakeFolder(Clean(entry.Name.TrimEnd('/')));
                    return;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                    await WriteAsync(New(entry.Name), entry, cancellationToken);
                    return;
                case TarEntryType.SymbolicLink:
                    var path = New(entry.Name);
                    if (!StaysInside(path, entry.LinkName)) throw Hostile(path, $"links to '{Shown(entry.LinkName)}', outside the folder");
                    links.Add((path, entry.LinkName));
                    return;
                default:
                    throw Hostile(entry.Name, $"is of a kind that code does not have ({entry.EntryType})");
            }
        }

        private async Task WriteAsync(string path, TarEntry entry, CancellationToken cancellationToken)
        {
            var mode = (entry.Mode & UnixFileMode.UserExecute) == 0 ? FileMode : FileMode | UnixFileMode.UserExecute;
            var options = new FileStreamOptions { Mode = System.IO.FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, UnixCreateMode = mode };
            await using var file = new FileStream(Path.Combine(root, path), options);
            if (entry.DataStream is not { } data) return;
            var buffer = new byte[BufferBytes];
            while (await data.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                bytes += read;
                if (bytes > limits.Bytes) throw new CodeArchiveException($"the code archive unpacks to more than {limits.Bytes >> 20} MiB");
                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }

        /// <summary>A path for a file or link that is not there yet, and its folder.</summary>
        private string New(string name)
        {
            var path = Clean(name);
            if (path.Length == 0) throw Hostile(name, "names the folder itself");
            MakeFolder(Path.GetDirectoryName(path)!);
            if (folders.Contains(path) || !files.Add(path)) throw Hostile(path, "is there twice");
            return path;
        }

        private void MakeFolder(string path)
        {
            if (folders.Contains(path)) return;
            MakeFolder(Path.GetDirectoryName(path)!);
            if (files.Contains(path)) throw Hostile(path, "is a file and a folder");
            Directory.CreateDirectory(Path.Combine(root, path), FolderMode);
            folders.Add(path);
        }

        private static string Clean(string name)
        {
            if (name.Length > LongestPath || name.Contains('\0', StringComparison.Ordinal)) throw Hostile(name, "is no path");
            if (name.StartsWith('/')) throw Hostile(name, "is absolute");
            var parts = name.Split('/').Where(part => part is not ("" or ".")).ToArray();
            if (parts.Contains("..")) throw Hostile(name, "leaves the folder");
            if (parts.Any(part => Encoding.UTF8.GetByteCount(part) > LongestName)) throw Hostile(name, "has a name longer than 255 bytes");
            return string.Join('/', parts);
        }

        /// <summary>
        /// By its text alone: what it walks through may be another link, but every link stays inside, and one that climbs is counted from
        /// where it lies, so that it may not climb out of any folder it could be reached through.
        /// </summary>
        private static bool StaysInside(string path, string target)
        {
            if (target.Length is 0 or > LongestPath || target.StartsWith('/') || target.Contains('\0', StringComparison.Ordinal)) return false;
            var depth = path.Count(c => c == '/');
            var climbing = true;
            foreach (var part in target.Split('/'))
            {
                if (part is "" or ".") continue;
                if (part != "..")
                {
                    climbing = false;
                    continue;
                }

                // Climbing after a descent could leave through a link that it has walked into.
                if (!climbing || --depth < 0) return false;
            }

            return true;
        }

        private static CodeArchiveException Hostile(string name, string why) => new($"the code archive was refused: '{Shown(name)}' {why}");

        private static string Shown(string name) => new([.. name.Take(200).Select(c => char.IsControl(c) ? '?' : c)]);
    }
}
