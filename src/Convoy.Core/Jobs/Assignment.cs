namespace Convoy.Core.Jobs;

public enum WantedState
{
    Run,
    Stop,
}

/// <summary>
/// The wish a cluster is sent for one job: run exactly these tasks, or stop them. Wishes are levels: the newest
/// generation counts, an older one is refused, a repeated one changes nothing.
/// </summary>
public sealed record Assignment
{
    public required JobId JobId { get; init; }

    public required long Generation { get; init; }

    public required WantedState Wanted { get; init; }

    public required int Attempt { get; init; }

    public required string Cluster { get; init; }

    public required string Owner { get; init; }

    public required JobSpec Spec { get; init; }

    public string? Accelerator { get; init; }

    /// <summary>All that the attempt ever had; a newer generation of the same attempt may have more, after those that were known.</summary>
    public required IReadOnlyList<TaskPlacement> Tasks { get; init; }

    /// <summary>Ranks that are to stop, whatever is wanted of the others: the gang goes on without them.</summary>
    public IReadOnlyList<int> Released { get; init => field = value ?? []; } = [];

    /// <summary>The tasks that make up the gang.</summary>
    public IEnumerable<TaskPlacement> Members => Released.Count == 0 ? Tasks : Tasks.Where(task => !Released.Contains(task.Rank));

    public StopCause? StopCause { get; init; }

    /// <summary>What the job's cluster should be doing, or null where it holds no machines.</summary>
    public static Assignment? Of(Job job) => job.Current is not { } attempt ? null : new Assignment
    {
        JobId = job.Id,
        Generation = job.Generation,
        Wanted = job.Phase == JobPhase.Stopping ? WantedState.Stop : WantedState.Run,
        Attempt = attempt.Number,
        Cluster = attempt.Cluster,
        Owner = job.Owner,
        Spec = job.Spec,
        Accelerator = attempt.Accelerator,
        Tasks = [.. attempt.Tasks.Select(task => task.Placement)],
        Released = [.. attempt.Tasks.Where(task => !task.IsMember).Select(task => task.Placement.Rank)],
        StopCause = attempt.StopCause,
    };
}
