namespace Convoy.NodeAgent.Cache;

/// <summary>What a version's cache has done since it was opened.</summary>
/// <param name="Hits">Reads of pieces that were held.</param>
/// <param name="Misses">Pieces that were brought because somebody read them.</param>
/// <param name="MissedBytes">Of these, from the source.</param>
/// <param name="FilledBytes">That came from the source to be held.</param>
/// <param name="HeldBytes">That are held now, of packs.</param>
/// <param name="Damaged">Pieces, or segments, that were held and had other bytes than were published.</param>
/// <param name="ScrubbedBytes">That were held and were compared with their hashes without being asked for.</param>
public sealed record CacheFigures(long Hits, long Misses, long MissedBytes, long FilledBytes, long HeldBytes, long Damaged, long ScrubbedBytes);

/// <summary>Counted by many threads.</summary>
internal sealed class CacheCounters
{
    private long hits;
    private long misses;
    private long missedBytes;
    private long filledBytes;
    private long damaged;
    private long scrubbed;

    public void Hit() => Interlocked.Increment(ref hits);

    public void Miss() => Interlocked.Increment(ref misses);

    public void Missed(int bytes) => Interlocked.Add(ref missedBytes, bytes);

    public void Filled(int bytes) => Interlocked.Add(ref filledBytes, bytes);

    public void FoundDamage() => Interlocked.Increment(ref damaged);

    public void Scrubbed(int bytes) => Interlocked.Add(ref scrubbed, bytes);

    public CacheFigures Figures(long held) => new(Interlocked.Read(ref hits), Interlocked.Read(ref misses), Interlocked.Read(ref missedBytes), Interlocked.Read(ref filledBytes), held, Interlocked.Read(ref damaged), Interlocked.Read(ref scrubbed));
}
