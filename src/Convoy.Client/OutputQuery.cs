namespace Convoy.Client;

/// <summary>Which of a job's outputs to list; without an attempt, those of the newest that has any.</summary>
public sealed record OutputQuery
{
    public int? Attempt { get; init; }

    public bool AllAttempts { get; init; }

    public string? Role { get; init; }

    public int? Rank { get; init; }

    /// <summary>Only paths that begin like this.</summary>
    public string? Prefix { get; init; }
}
