namespace Convoy.Supervision;

/// <summary>The last bytes of the output, by their numbers: what who attaches, or comes back, gets first.</summary>
internal sealed class RecentOutput(int capacity)
{
    private readonly byte[] _ring = new byte[capacity];

    /// <summary>One past the last byte.</summary>
    public long End { get; private set; }

    /// <summary>The first byte that is still here.</summary>
    public long Start { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        End += bytes.Length;
        Start = Math.Max(Start, End - _ring.Length);
        var kept = bytes[Math.Max(0, bytes.Length - _ring.Length)..];
        for (var at = End - kept.Length; !kept.IsEmpty;)
        {
            var place = _ring.AsSpan((int)(at % _ring.Length));
            var part = kept[..Math.Min(kept.Length, place.Length)];
            part.CopyTo(place);
            at += part.Length;
            kept = kept[part.Length..];
        }
    }

    /// <summary>From <paramref name="offset"/>, which is here, to the end.</summary>
    public byte[] From(long offset)
    {
        var bytes = new byte[End - offset];
        for (var done = 0; done < bytes.Length;)
        {
            var place = _ring.AsSpan((int)((offset + done) % _ring.Length));
            var part = place[..Math.Min(place.Length, bytes.Length - done)];
            part.CopyTo(bytes.AsSpan(done));
            done += part.Length;
        }

        return bytes;
    }

    /// <summary>
    /// From where to show a new client at most that many bytes: from the beginning of a line, since half an escape sequence
    /// would confuse its terminal.
    /// </summary>
    public long RecentFrom(int most)
    {
        var from = Math.Max(Start, End - most);
        if (from == 0 || from == End) return from;
        var line = From(from).AsSpan().IndexOf((byte)'\n');
        return line < 0 ? from : from + line + 1;
    }
}
