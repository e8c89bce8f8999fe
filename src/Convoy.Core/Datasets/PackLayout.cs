namespace Convoy.Core.Datasets;

/// <summary>
/// Where the bytes of files go within packs. A pack is a run of segments, and a segment is what a cache holds or does not hold: so no piece
/// of a file crosses from one segment to the next, and a small file is one piece. Files are placed one after another, in the order given.
/// </summary>
public sealed class PackLayout
{
    public const int PackBytes = 64 << 20;
    public const int SegmentBytes = 4 << 20;
    public const int SegmentsOfPack = PackBytes / SegmentBytes;

    /// <summary>Files start at a cache line, so that readers of neighbours share none.</summary>
    public const int Alignment = 64;

    /// <summary>A file of up to so many bytes is never cut: at most a quarter of a segment stays empty for it.</summary>
    public const int LongestUncut = 1 << 20;

    /// <summary>Of the pack being filled.</summary>
    public int Length { get; private set; }

    /// <summary>Takes room for the next piece of a file. Null where the pack is full: begin another and ask again.</summary>
    /// <param name="left">Bytes of the file that have no room yet; more than none.</param>
    /// <param name="begins">Whether this is the file's first piece.</param>
    public (int Offset, int Length)? Take(long left, bool begins)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(left);
        var offset = (Length + Alignment - 1) / Alignment * Alignment;
        var room = SegmentBytes - (offset % SegmentBytes);
        if (begins && left > room && left <= LongestUncut) (offset, room) = (offset + room, SegmentBytes);
        if (offset >= PackBytes) return null;
        var length = (int)Math.Min(left, room);
        Length = offset + length;
        return (offset, length);
    }

    public void BeginPack() => Length = 0;
}
