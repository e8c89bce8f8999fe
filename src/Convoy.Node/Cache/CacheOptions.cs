namespace Convoy.NodeAgent.Cache;

/// <summary>How much a version's cache does at once. Its memory is at most <see cref="RangeBytes"/> times <see cref="RangesAtOnce"/>, and <see cref="MissedBytes"/>; what all versions of a folder fill at once is limited, too.</summary>
public sealed record CacheOptions
{
    /// <summary>That a fill asks for at once, in whole segments: long enough that a store's answer time does not count.</summary>
    public int RangeBytes { get; init; } = 8 << 20;

    public int RangesAtOnce { get; init; } = 4;

    /// <summary>Of pieces that are not held, on their way to who reads them.</summary>
    public long MissedBytes { get; init; } = 32 << 20;

    /// <summary>After so long a piece that does not come is one that cannot be had.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After so long a fill that stopped is tried again.</summary>
    public TimeSpan BetweenFills { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes a second of what is held that are compared with their hashes over and over, as disks change what they have.</summary>
    public int ScrubRate { get; init; } = 16 << 20;

    /// <summary>The same of what an earlier process wrote and this one has not compared yet: until then it is read with a comparison each time.</summary>
    public int ProveRate { get; init; } = 256 << 20;

    /// <summary>A small data set is not gone through without a pause.</summary>
    public TimeSpan BetweenScrubs { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What nobody expected, for the log.</summary>
    public Action<Exception> Report { get; init; } = _ => { };

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
