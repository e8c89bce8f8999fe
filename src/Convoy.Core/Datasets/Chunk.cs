namespace Convoy.Core.Datasets;

/// <summary>A piece of a file, whole within one segment.</summary>
/// <param name="Pack">Its place in the manifest's list of packs.</param>
/// <param name="Offset">Of its first byte within the pack.</param>
/// <param name="Length">Bytes, from 1 to those of a segment.</param>
/// <param name="Crc">CRC-32C of its bytes.</param>
public readonly record struct Chunk(int Pack, int Offset, int Length, uint Crc)
{
    /// <summary>Of its pack.</summary>
    public int Segment => Offset / PackLayout.SegmentBytes;
}

/// <summary>An object of a store that holds pieces of many files.</summary>
/// <param name="Sha256">Of its bytes, which is its name.</param>
/// <param name="Length">Bytes.</param>
/// <param name="FirstSegment">Of all segments of the manifest, counted through its packs, the first of this one.</param>
public readonly record struct Pack(Sha256 Sha256, int Length, int FirstSegment)
{
    public int Segments => SegmentsOf(Length);

    public static int SegmentsOf(int length) => (length + PackLayout.SegmentBytes - 1) / PackLayout.SegmentBytes;
}
