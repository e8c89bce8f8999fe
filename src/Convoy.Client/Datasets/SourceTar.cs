using System.Formats.Tar;
using System.Text;
using Convoy.Core.Datasets;

namespace Convoy.Client.Datasets;

/// <summary>The files of a tar stream, as they come; gzip is told by its first bytes. Links within a tar are refused: what they name may not have come yet.</summary>
public static class SourceTar
{
    /// <summary>Larger ones go through a temporary file, for they may be read twice.</summary>
    private const int LargestInMemory = PackLayout.SegmentBytes;

    /// <exception cref="SourceException">It is no tar, or something in it cannot be published.</exception>
    public static IEnumerable<SourceFile> Read(Stream stream)
    {
        using var tar = new TarReader(Unzipped(stream));
        while (Next(tar) is { } entry)
        {
            if (entry.EntryType is TarEntryType.Directory or TarEntryType.DirectoryList or TarEntryType.GlobalExtendedAttributes) continue;
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)) throw new SourceException($"'{entry.Name}' in the tar is a {entry.EntryType}; a data set has files only (tar -h follows links)");
            var path = Encoding.UTF8.GetBytes(entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name);
            if (FilePath.Check(path) is { } problem) throw new SourceException(ManifestProblems.Of(problem, path));
            if (entry.Length <= LargestInMemory)
            {
                var content = new byte[entry.Length];
                ReadExactly(entry, content);
                yield return new SourceFile(path, entry.Length, () => new MemoryStream(content, writable: false));
                continue;
            }

            var spool = Path.Combine(Path.GetTempPath(), $"convoy-tar-{Guid.NewGuid():N}");
            using var kept = new FileStream(spool, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.DeleteOnClose, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            Copy(entry, kept);
            yield return new SourceFile(path, entry.Length, () => new FileStream(spool, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        }
    }

    private static Stream Unzipped(Stream stream)
    {
#pragma warning disable CA2000 // Whoever disposes of what is returned disposes of it.
        var buffered = new BufferedStream(stream, 1 << 17);
#pragma warning restore CA2000
        var first = new byte[2];
        var read = buffered.ReadAtLeast(first, 2, throwOnEndOfStream: false);
        var whole = new JoinedStream(first.AsMemory(0, read), buffered);
        return read == 2 && first is [0x1f, 0x8b] ? new System.IO.Compression.GZipStream(whole, System.IO.Compression.CompressionMode.Decompress) : whole;
    }

    private static TarEntry? Next(TarReader tar)
    {
        try
        {
            return tar.GetNextEntry();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or FormatException or ArgumentException)
        {
            throw new SourceException($"the tar cannot be read: {e.Message}", e);
        }
    }

    private static void ReadExactly(TarEntry entry, byte[] content)
    {
        try
        {
            entry.DataStream?.ReadExactly(content);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new SourceException($"the tar ends within '{entry.Name}'", e);
        }
    }

    private static void Copy(TarEntry entry, FileStream to)
    {
        try
        {
            entry.DataStream?.CopyTo(to);
            to.Flush();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new SourceException($"'{entry.Name}' of the tar cannot be read, or not be kept in {Path.GetTempPath()}: {e.Message}", e);
        }
    }

    /// <summary>What was read ahead, and then the rest.</summary>
    private sealed class JoinedStream(ReadOnlyMemory<byte> first, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> first = first;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (first.IsEmpty) return rest.Read(buffer);
            var taken = Math.Min(first.Length, buffer.Length);
            first.Span[..taken].CopyTo(buffer);
            first = first[taken..];
            return taken;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) rest.Dispose();
            base.Dispose(disposing);
        }
    }
}
