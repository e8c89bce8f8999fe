namespace Convoy.Core.Datasets;

/// <summary>
/// Which bytes of a data set a cache holds. Shuffled epochs read every file once, so a cache that evicts to admit keeps what was read last and
/// hits far less than its share. This one ranks the segments by a hash and holds the lowest: each epoch hits exactly the share, and whoever
/// knows the share knows what is held without asking. A greater share adds segments and a smaller one drops the last, and no other moves.
/// </summary>
/// <remarks>
/// The segment at the boundary is held up to an offset, so that the share is met to a file and not only to a segment. Ranks come of the hash of
/// the pack and the place in it: versions that share packs share what is held of them.
/// </remarks>
public sealed class Residency
{
    private const long Whole = 1_000_000;
    private readonly int[] order;
    private readonly int[] ranks;

    /// <summary>Of each segment, the bytes that an epoch reads of it.</summary>
    private readonly long[] weights;

    /// <summary>Of each segment, its pieces by offset.</summary>
    private readonly Manifest manifest;

    public Residency(Manifest manifest)
    {
        this.manifest = manifest;
        weights = new long[manifest.Segments];
        order = new int[manifest.Segments];
        ranks = new int[manifest.Segments];
        var keys = new (ulong Hash, int Segment)[manifest.Segments];
        for (var number = 0; number < manifest.Packs; number++)
        {
            var pack = manifest.PackAt(number);
            for (var segment = 0; segment < pack.Segments; segment++) keys[pack.FirstSegment + segment] = (Hash(pack.Sha256.A, segment), pack.FirstSegment + segment);
        }

        for (var chunk = 0; chunk < manifest.Chunks; chunk++)
        {
            var piece = manifest.ChunkAt(chunk);
            weights[SegmentOf(piece)] += piece.Length;
        }

        Array.Sort(keys);
        for (var rank = 0; rank < keys.Length; rank++) ranks[order[rank] = keys[rank].Segment] = rank;
    }

    /// <summary>Segments, counted through all packs, those first that are held first.</summary>
    public IReadOnlyList<int> Order => order;

    /// <param name="share">Millionths of the bytes that an epoch reads.</param>
    public ResidentSet OfShare(int share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, Whole);
        return OfBytes((long)((UInt128)(ulong)manifest.Bytes * (uint)share / Whole));
    }

    /// <summary>As much as fits into so many bytes, to a file.</summary>
    public ResidentSet OfBytes(long bytes)
    {
        var (rank, held) = (0, 0L);
        while (rank < order.Length && held + weights[order[rank]] <= bytes) held += weights[order[rank++]];
        if (rank == order.Length) return new ResidentSet(this, rank, 0, held);
        var end = 0;
        foreach (var (pieceEnd, weight) in PiecesOf(order[rank]))
        {
            if (held + weight > bytes) break;
            held += weight;
            end = pieceEnd;
        }

        return new ResidentSet(this, rank, end, held);
    }

    internal int RankOf(int segment) => ranks[segment];

    internal int SegmentOf(Chunk chunk) => manifest.PackAt(chunk.Pack).FirstSegment + chunk.Segment;

    /// <summary>Where the pieces of a segment end within it, in order, with the bytes that an epoch reads of each.</summary>
    private IEnumerable<(int End, long Weight)> PiecesOf(int segment)
    {
        var pieces = new SortedDictionary<int, (int End, long Weight)>();
        for (var number = 0; number < manifest.Chunks; number++)
        {
            var chunk = manifest.ChunkAt(number);
            if (SegmentOf(chunk) != segment) continue;
            var end = (chunk.Offset % PackLayout.SegmentBytes) + chunk.Length;
            pieces[end] = (end, pieces.GetValueOrDefault(end).Weight + chunk.Length);
        }

        return pieces.Values;
    }

    /// <summary>The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over the pack's hash and the segment's place.</summary>
    private static ulong Hash(ulong pack, int segment)
    {
        var x = pack + (0x9E3779B97F4A7C15UL * ((ulong)segment + 1));
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}

/// <summary>What of a data set is held at a share: all segments of a lower rank, and of the one at the boundary what ends before an offset.</summary>
/// <param name="Rank">Of the first segment that is not held whole.</param>
/// <param name="End">Within that segment: what ends there or before is held.</param>
/// <param name="Bytes">That an epoch finds held.</param>
public sealed record ResidentSet(Residency Of, int Rank, int End, long Bytes)
{
    public bool Holds(Chunk chunk) => HeldOf(Of.SegmentOf(chunk)) >= (chunk.Offset % PackLayout.SegmentBytes) + chunk.Length;

    /// <summary>How many bytes of the segment are held, from its first.</summary>
    /// <param name="segment">Counted through all packs.</param>
    public int HeldOf(int segment)
    {
        var rank = Of.RankOf(segment);
        return rank < Rank ? PackLayout.SegmentBytes : rank == Rank ? End : 0;
    }
}
