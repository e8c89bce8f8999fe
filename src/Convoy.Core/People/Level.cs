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
    /// <summary>What a new platform starts with; administrators edit it.</summary>
    public static IReadOnlyList<Level> Defaults { get; } = [new("intern", 10), new("engineer", 20), new("senior", 30)];
}
