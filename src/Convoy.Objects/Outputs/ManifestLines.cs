using System.Text.Json;

namespace Convoy.Objects.Outputs;

/// <summary>Reads entries out of a file of lines, from any byte on: a page of a manifest costs the same wherever it lies.</summary>
internal sealed class ManifestLines : IDisposable
{
    private const int SmallestSearch = 64 << 10;
    private const byte LineEnd = (byte)'\n';
    private readonly FileStream file;
    private byte[] buffer = new byte[SmallestSearch];
    private int start;
    private int end;

    private ManifestLines(FileStream file) => this.file = file;

    /// <summary>Of the file: where the next line begins.</summary>
    public long Position { get; private set; }

    public static ManifestLines Open(string path) => new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0));

    /// <summary>False where no entry begins there.</summary>
    public bool TrySeek(long position)
    {
        // Behind the summary, and behind the end of a line: inside of one there is none.
        if (position < Position || position > file.Length) return false;
        file.Position = position - 1;
        if (file.ReadByte() != LineEnd) return false;
        Seek(position);
        return true;
    }

    private void Seek(long position)
    {
        file.Position = Position = position;
        start = end = 0;
    }

    public OutputSummary ReadSummary() => JsonSerializer.Deserialize(NextLine(), OutputJson.Default.OutputSummary) ?? throw new InvalidDataException("the manifest has no summary");

    /// <summary>Null at the end.</summary>
    public OutputEntry? ReadEntry() => NextLine() is { IsEmpty: false } line ? JsonSerializer.Deserialize(line, OutputJson.Default.OutputEntry) : null;

    /// <summary>Goes to the first entry whose path is not before this one. The position is that of any entry, all before it being smaller.</summary>
    public void SeekPath(string path)
    {
        var (low, high) = (Position, file.Length);
        while (high - low > SmallestSearch)
        {
            var middle = low + ((high - low) / 2);
            Seek(middle);
            // Most likely in the middle of a line.
            NextLine();
            var line = Position;
            if (line >= high || ReadEntry() is not { } entry) high = middle;
            else if (string.CompareOrdinal(entry.Path, path) < 0) low = line;
            else high = middle;
        }

        Seek(low);
        for (var at = low; ReadEntry() is { } entry; at = Position)
        {
            if (string.CompareOrdinal(entry.Path, path) < 0) continue;
            Seek(at);
            return;
        }
    }

    public void Dispose() => file.Dispose();

    /// <summary>Without its end; empty at the end of the file.</summary>
    private ReadOnlySpan<byte> NextLine()
    {
        while (true)
        {
            var length = buffer.AsSpan(start, end - start).IndexOf(LineEnd);
            if (length >= 0)
            {
                var line = buffer.AsSpan(start, length);
                start += length + 1;
                Position += length + 1;
                return line;
            }

            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = file.Read(buffer, end, buffer.Length - end);
            // Manifests are whole: what has no end is no line.
            if (read == 0) return [];
            end += read;
        }
    }
}
