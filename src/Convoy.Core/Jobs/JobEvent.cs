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
