namespace Convoy.NodeAgent.Serving;

/// <summary>Lines of a stream, none of them longer than anybody would ask.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>Bytes.</summary>
    public const int Longest = 64 << 10;

    private byte[] buffer = new byte[4 << 10];
    private int start;
    private int end;

    /// <summary>Without its end. Valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="LineTooLongException">It has more than <see cref="Longest"/>.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        var searched = start;
        while (true)
        {
            var at = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = buffer.AsMemory(start, searched + at - start);
                start = searched + at + 1;
                return line;
            }

            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            searched = end;
            if (end == Longest) throw new LineTooLongException();
            if (end == buffer.Length) Array.Resize(ref buffer, 2 * end);
            var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
            if (read == 0) return null;
            end += read;
        }
    }
}

internal sealed class LineTooLongException : IOException;
