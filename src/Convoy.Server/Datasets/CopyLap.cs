using Convoy.Core.Datasets;

namespace Convoy.Server.Datasets;

/// <summary>One way through the packs that a store lacks, in the order of their hashes. A lap without a failure ends with the manifest; after one with a failure comes another, and before it a pause.</summary>
internal sealed class CopyLap
{
    private const double FirstPauseS = 5, LongestPauseS = 300;

    private int pauses;
    private string? problem;

    /// <summary>The pack that was looked at last; null at the start.</summary>
    public Sha256? After { get; private set; }

    /// <summary>What went wrong first in this lap.</summary>
    public string? Problem => Volatile.Read(ref problem);

    public DateTimeOffset PausedUntil { get; private set; }

    public void Fail(string why) => Interlocked.CompareExchange(ref problem, why, null);

    public void GotOn() => pauses = 0;

    /// <summary>Each is twice as long as the one before, and drawn from its upper half: what failed together does not come back together.</summary>
    public void Pause(DateTimeOffset now) =>
        PausedUntil = now + TimeSpan.FromSeconds(Math.Min(LongestPauseS, FirstPauseS * Math.Pow(2, Math.Min(pauses++, 10))) * (0.5 + (Random.Shared.NextDouble() / 2)));

    /// <param name="pack">Null where the lap is over.</param>
    public void MoveTo(Sha256? pack)
    {
        After = pack;
        if (pack is null) problem = null;
    }
}
