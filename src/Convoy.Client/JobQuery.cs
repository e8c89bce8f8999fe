using Convoy.Core.Jobs;

namespace Convoy.Client;

/// <summary>Which jobs to list; without anything, the caller's own.</summary>
public sealed record JobQuery
{
    public bool All { get; init; }

    public string? User { get; init; }

    public string? Queue { get; init; }

    public JobPhase? Phase { get; init; }

    public string? Name { get; init; }

    public bool Unfinished { get; init; }

    public int? Limit { get; init; }

    /// <summary>What the last page's <c>next</c> said.</summary>
    public string? Before { get; init; }
}

/// <summary>Which part of a job's logs to read.</summary>
public sealed record LogQuery
{
    public int? Attempt { get; init; }

    public string? Role { get; init; }

    public int? Rank { get; init; }

    public TimeSpan? Since { get; init; }

    /// <summary>Only the last lines of each task.</summary>
    public int? Tail { get; init; }

    /// <summary>Go on until the job has ended.</summary>
    public bool Follow { get; init; }
}
