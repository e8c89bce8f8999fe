using System.Text.Json.Serialization;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Jobs;

/// <summary>Something that happened to a job. Events are appended and never changed; the type words are stored and stable.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(JobSubmitted), "Submitted")]
[JsonDerivedType(typeof(JobAssigned), "Assigned")]
[JsonDerivedType(typeof(TaskStarted), "TaskStarted")]
[JsonDerivedType(typeof(TaskEnded), "TaskEnded")]
[JsonDerivedType(typeof(TerminalOpened), "TerminalOpened")]
[JsonDerivedType(typeof(JobRunning), "Running")]
[JsonDerivedType(typeof(JobResized), "Resized")]
[JsonDerivedType(typeof(JobStopping), "Stopping")]
[JsonDerivedType(typeof(JobRequeued), "Requeued")]
[JsonDerivedType(typeof(JobSuspended), "Suspended")]
[JsonDerivedType(typeof(JobResumed), "Resumed")]
[JsonDerivedType(typeof(JobUpdated), "Updated")]
[JsonDerivedType(typeof(JobRetried), "Retried")]
[JsonDerivedType(typeof(JobSucceeded), "Succeeded")]
[JsonDerivedType(typeof(JobFailed), "Failed")]
[JsonDerivedType(typeof(JobCancelled), "Cancelled")]
public abstract record JobEvent(DateTimeOffset At);

public sealed record JobSubmitted(DateTimeOffset At, JobId Id, string Owner, string Level, string Queue, JobSpec Spec, long SubmitSequence) : JobEvent(At);

/// <summary>The scheduler gave the gang its machines.</summary>
public sealed record JobAssigned(DateTimeOffset At, int Attempt, long Generation, string Cluster, string? Accelerator, IReadOnlyList<TaskPlacement> Tasks) : JobEvent(At);

public sealed record TaskStarted(DateTimeOffset At, int Attempt, int Rank) : JobEvent(At);

/// <summary>A null outcome means the task is lost: nobody will ever know how it ended.</summary>
public sealed record TaskEnded(DateTimeOffset At, int Attempt, int Rank, TaskOutcome? Outcome) : JobEvent(At);

/// <summary>Somebody began to type into an interactive job.</summary>
public sealed record TerminalOpened(DateTimeOffset At, int Attempt, string By) : JobEvent(At);

public sealed record JobRunning(DateTimeOffset At, int Attempt) : JobEvent(At);

/// <summary>The running attempt goes on with more tasks, or with fewer.</summary>
/// <param name="Before">How many tasks the gang had.</param>
/// <param name="Added">With ranks that nobody had before.</param>
/// <param name="Released">Ranks that stop; none where tasks were added, but for those that are replaced.</param>
/// <param name="For">Who gets what was given up; empty where the job grew, or what it was to grow by never ran.</param>
public sealed record JobResized(DateTimeOffset At, int Attempt, long Generation, int Before, IReadOnlyList<TaskPlacement> Added, IReadOnlyList<int> Released, IReadOnlyList<JobId> For) : JobEvent(At)
{
    /// <summary>How many tasks the gang has from then on.</summary>
    public int After => Before + Added.Count - Released.Count;

    /// <summary>Why a task that failed is replaced; null where none is.</summary>
    public TaskFailure? Failure { get; init; }
}

/// <param name="By">The user, or the job it was evicted for; null where the platform itself decided.</param>
public sealed record JobStopping(DateTimeOffset At, long Generation, StopCause Cause, string? By, TaskFailure? Failure) : JobEvent(At)
{
    /// <summary>Null where it is no eviction.</summary>
    public EvictionCause? EvictionCause { get; init; }
}

/// <param name="Counted">Whether it counts towards maxRestarts.</param>
public sealed record JobRequeued(DateTimeOffset At, StopCause Cause, bool Counted, DateTimeOffset? NotBefore) : JobEvent(At);

public sealed record JobSuspended(DateTimeOffset At, string By) : JobEvent(At);

public sealed record JobResumed(DateTimeOffset At, string By) : JobEvent(At);

public sealed record JobUpdated(DateTimeOffset At, string By, JobTerms Before, JobTerms After) : JobEvent(At);

/// <summary>A job that had finished waits again. See <see cref="JobCommand.Retry"/>.</summary>
public sealed record JobRetried(DateTimeOffset At, string By, string Level, TimeSpan? MaxDuration, long Place) : JobEvent(At);

public sealed record JobSucceeded(DateTimeOffset At) : JobEvent(At);

public sealed record JobFailed(DateTimeOffset At, TaskFailure Failure) : JobEvent(At);

public sealed record JobCancelled(DateTimeOffset At, string By) : JobEvent(At);
