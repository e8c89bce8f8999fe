namespace Convoy.NodeAgent.Serving;

/// <summary>Lines of a stream, none of them longer than anybody would ask.</summary>
internal sealed class LineReader(Stream stream)
{
    private readonly byte[] buffer = new byte[64 << 10];
    private int start;
    private int end;

    /// <summary>Without its end. Valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="IOException">The line is too long.</exception>
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
            if (end == buffer.Length) throw new IOException("a request is too long");
            var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
            if (read == 0) return null;
            end += read;
        }
    }
}
