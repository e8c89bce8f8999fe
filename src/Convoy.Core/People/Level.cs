using Convoy.Core.Resources;

namespace Convoy.Core.People;

/// <summary>A person's standing. A null cap means no cap.</summary>
/// <param name="Rank">The higher goes first.</param>
/// <param name="MaxGpus">Devices of all the person's running jobs together.</param>
/// <param name="MaxSubmitted">Unfinished jobs of the person.</param>
public sealed record Level(
    string Name,
    int Rank,
    int? MaxGpus = null,
    int? MaxGpusPerJob = null,
    int? MaxRunning = null,
    int? MaxSubmitted = null,
    TimeSpan? MaxDuration = null)
{
    /// <summary>Whether its jobs may evict those of lower levels.</summary>
    public bool MayPreempt { get; init; } = true;

    /// <summary>Whether its jobs may be evicted.</summary>
    public bool Preemptible { get; init; } = true;

    /// <summary>How long its jobs run undisturbed by a higher level.</summary>
    public TimeSpan MinRunTime { get; init; }

    /// <summary>Of all data sets of the person together, in packs; one that several have counts once. Null: no cap.</summary>
    public ByteSize? MaxStored { get; init; }

    /// <summary>What a new platform starts with; administrators edit it.</summary>
    public static IReadOnlyList<Level> Defaults { get; } = [new("intern", 10), new("engineer", 20), new("senior", 30)];
}
