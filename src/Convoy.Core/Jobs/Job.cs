using Convoy.Core.Datasets;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Jobs;

/// <summary>A job as its events left it. Immutable; <see cref="JobLifecycle.Evolve"/> is the only writer.</summary>
public sealed record Job
{
    public required JobId Id { get; init; }

    public required string Owner { get; init; }

    /// <summary>The owner's level when the job was submitted.</summary>
    public required string Level { get; init; }

    public required string Queue { get; init; }

    public required JobSpec Spec { get; init; }

    /// <summary>Position in the platform-wide order of submission; an evicted job keeps it.</summary>
    public required long SubmitSequence { get; init; }

    public required DateTimeOffset SubmittedAt { get; init; }

    public JobPhase Phase { get; init; } = JobPhase.Pending;

    /// <summary>Counts every change of what the cluster is asked to do; a cluster refuses an older one.</summary>
    public long Generation { get; init; }

    /// <summary>Number of events so far: the optimistic revision of the stored row.</summary>
    public long Revision { get; init; }

    // The generated reader sets what the JSON has not to null.
    public IReadOnlyList<Attempt> Attempts { get; init => field = value ?? []; } = [];

    /// <summary>Restarts after the job's own failures; the ones that count towards maxRestarts.</summary>
    public int Restarts { get; init; }

    /// <summary>Restarts by the platform: preemption, lost nodes, refused gangs.</summary>
    public int PlatformRestarts { get; init; }

    /// <summary>The scheduler leaves the job alone until then (restarts back off).</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The failure that ended the job, or the latest one that restarted it.</summary>
    public TaskFailure? Failure { get; init; }

    public string? CancelledBy { get; init; }

    /// <summary>Null where it was not submitted again after it had finished.</summary>
    public Retrial? Retried { get; init; }

    /// <summary>The terms it was submitted with, and the queue asked for; null where they still hold.</summary>
    public SubmittedTerms? Submitted { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The attempt that holds machines now, if any.</summary>
    public Attempt? Current => Phase.HoldsDevices() ? Attempts[^1] : null;

    /// <summary>Those that tell of the job as it waits or runs now: what was before it finished and was retried is only kept.</summary>
    public IEnumerable<Attempt> AttemptsSinceRetry => Attempts.Skip(Retried?.AttemptsBefore ?? 0);

    /// <summary>Where it stands in the order of submission: a retried job goes behind those who came meanwhile.</summary>
    public long Place => Retried?.Place ?? SubmitSequence;

    /// <summary>The spec as it was submitted, whatever was updated since.</summary>
    public JobSpec SubmittedSpec => Submitted is { } terms
        ? Spec with { Queue = terms.Queue, Priority = terms.Priority, Limits = Spec.Limits with { MaxDuration = terms.MaxDuration } }
        : Spec;
}

/// <summary>The latest time that a finished job was made to wait again.</summary>
/// <param name="Place">Its place in the order of submission from then on.</param>
/// <param name="AttemptsBefore">Attempts that no longer count against it.</param>
public sealed record Retrial(DateTimeOffset At, long Place, int AttemptsBefore);

/// <param name="Queue">Null where none was asked for.</param>
public sealed record SubmittedTerms(string? Queue, JobPriority Priority, TimeSpan? MaxDuration);

/// <summary>One try at running a job: its machines, its tasks and how it ended.</summary>
public sealed record Attempt
{
    /// <summary>Counts from 1.</summary>
    public required int Number { get; init; }

    public required string Cluster { get; init; }

    /// <summary>The one accelerator type of the gang; null where it uses none.</summary>
    public string? Accelerator { get; init; }

    public required DateTimeOffset AssignedAt { get; init; }

    /// <summary>When the last task of the gang had started.</summary>
    public DateTimeOffset? RunningAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When somebody was last noted to have opened the terminal of its first task.</summary>
    public DateTimeOffset? TerminalOpenedAt { get; init; }

    /// <summary>Null while it has not been told to stop.</summary>
    public StopCause? StopCause { get; init; }

    /// <summary>The job it was evicted for. It stays when the owner then cancels or suspends the job: its devices are promised.</summary>
    public JobId? EvictedFor { get; init; }

    /// <summary>Null where it was not evicted, or its owner has suspended the job since.</summary>
    public EvictionCause? EvictionCause { get; init; }

    /// <summary>Who asked for it to stop; null where the platform itself decided.</summary>
    public string? StoppedBy { get; init; }

    /// <summary>Queues that the job was in during this attempt before it moved on; what follows, if anything does, is charged to the job's queue.</summary>
    public IReadOnlyList<QueueStay> Stays { get; init => field = value ?? []; } = [];

    /// <summary>
    /// One per rank, in rank order: all that the attempt ever had. A job that changes its size gets ranks that nobody had before, and
    /// those it gives up are given to nobody again.
    /// </summary>
    public required IReadOnlyList<TaskRun> Tasks { get; init; }

    /// <summary>The tasks that make up the gang now, or made it up at its end.</summary>
    public IEnumerable<TaskRun> Members => Tasks.Where(task => task.IsMember);

    /// <summary>The tasks whose places are held: besides the gang those that it has given up and that have not ended.</summary>
    public IEnumerable<TaskRun> Holding => Tasks.Where(task => HeldUntil(task) is null);

    /// <summary>When its size last changed; null where it never has.</summary>
    public DateTimeOffset? ResizedAt => Tasks.Max(task => task.JoinedAt > task.ReleasedAt ? task.JoinedAt : task.ReleasedAt ?? task.JoinedAt);

    /// <summary>Some of the gang's tasks have ended: it is finishing, and changes its size no more.</summary>
    public bool IsFinishing => Members.Any(task => task.HasEnded);

    /// <summary>It was told to go on at another size, and has not come to it yet.</summary>
    public bool IsResizing => Tasks.Any(task => task.IsMember ? RunningAt is not null && task.State == TaskState.Assigned : !task.HasEnded);

    /// <summary>When the task got its place.</summary>
    public DateTimeOffset HeldFrom(TaskRun task) => task.JoinedAt ?? AssignedAt;

    /// <summary>When its place was free again: those of a gang come back together. Null while it is held.</summary>
    public DateTimeOffset? HeldUntil(TaskRun task) => task is { IsMember: false, EndedAt: { } ended } ? ended > HeldFrom(task) ? ended : HeldFrom(task) : EndedAt;
}

/// <summary>A part of an attempt that is charged to one queue. It begins where the part before it ended.</summary>
public sealed record QueueStay(string Queue, DateTimeOffset Until);

public enum TaskState
{
    Assigned,
    Running,

    /// <summary>Ended with a known outcome.</summary>
    Exited,

    /// <summary>Ended without one: node or supervisor gone, or never started.</summary>
    Lost,
}

public sealed record TaskRun(TaskPlacement Placement)
{
    public TaskState State { get; init; } = TaskState.Assigned;

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public TaskOutcome? Outcome { get; init; }

    /// <summary>When the gang grew by it; null where it was there from the start of the attempt.</summary>
    public DateTimeOffset? JoinedAt { get; init; }

    /// <summary>When the gang was to go on without it; how it ends then is neither failure nor success of the job. Null while it is of the gang.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    public bool IsMember => ReleasedAt is null;

    public bool HasEnded => State is TaskState.Exited or TaskState.Lost;
}

/// <summary>Where one task of a gang runs. Ranks count from 0 through the roles in <see cref="RoleOrder"/>.</summary>
/// <param name="RoleIndex">Position inside its role, from 0.</param>
/// <param name="Devices">Device indexes on the node; empty where the task uses none or the cluster assigns them itself.</param>
public sealed record TaskPlacement(string Role, int RoleIndex, int Rank, string Node, IReadOnlyList<int> Devices);

/// <summary>How a task's main process ended, as its supervisor saw it.</summary>
/// <param name="Code">Exit code; null where a signal ended it.</param>
/// <param name="Stopped">The platform had asked it to stop.</param>
/// <param name="Message">Why it could not be started, or what else is known.</param>
public sealed record TaskOutcome(int? Code, int? Signal = null, bool OutOfMemory = false, bool Stopped = false, bool DeviceError = false, string? Message = null)
{
    /// <summary>It was stopped because nothing had been heard of its job for <see cref="RecoverySpec.HangTimeout"/>.</summary>
    public bool Hung { get; init; }

    /// <summary>What became of its data sets on its node; null where it had none.</summary>
    public IReadOnlyList<DatasetUse>? Datasets { get; init; }

    /// <summary>One that hung has not done its work, though it may have left with 0 when it was asked to.</summary>
    public bool IsSuccess => Code == 0 && !DeviceError && !Hung;

    /// <summary>The exit code a shell would show.</summary>
    public int ShellCode => Code ?? (128 + (Signal ?? 0));
}

/// <summary>The first task that failed in an attempt, and whose fault it is.</summary>
public sealed record TaskFailure(int Attempt, string Role, int Rank, string Node, int? ExitCode, int? Signal, FailureClass Class, string? Message)
{
    public bool Hung { get; init; }
}
