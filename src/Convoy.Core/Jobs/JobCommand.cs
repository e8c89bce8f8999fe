using Convoy.Core.Languages;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Jobs;

/// <summary>What somebody, or the world, asks of a job. <see cref="JobLifecycle.Decide"/> answers with events or a refusal.</summary>
public abstract record JobCommand
{
    /// <summary>Made once per job; the spec is valid and the owner may submit it.</summary>
    public sealed record Submit(JobId Id, string Owner, string Level, string Queue, JobSpec Spec, long SubmitSequence) : JobCommand;

    /// <summary>A checked plan's decision. Dropped where the job moved on since the snapshot (<paramref name="Revision"/>).</summary>
    public sealed record Assign(long Revision, string Cluster, string? Accelerator, IReadOnlyList<TaskPlacement> Tasks) : JobCommand;

    /// <summary>What a cluster saw of the job's tasks, in any order, repeated or late.</summary>
    public sealed record Observe(IReadOnlyList<TaskObservation> Tasks) : JobCommand;

    /// <summary>The cluster would not take the assignment of this generation.</summary>
    public sealed record Refuse(long Generation, string Reason) : JobCommand;

    public sealed record Cancel(string By) : JobCommand;

    public sealed record Suspend(string By) : JobCommand;

    /// <summary>Somebody begins to type into it. Changes nothing but what is remembered.</summary>
    public sealed record OpenTerminal(string By) : JobCommand;

    public sealed record Resume(string By) : JobCommand;

    /// <summary>Other terms for a job that has not finished; its owner may have them.</summary>
    public sealed record Update(string By, TermsChange Change) : JobCommand;

    /// <summary>A finished job waits again, behind all others; its owner may still submit it.</summary>
    /// <param name="Attempt">The attempt that it is to begin, as the one who asks counts; where the job has had it, nothing happens. Null asks for whichever is next.</param>
    /// <param name="Level">The owner's now.</param>
    /// <param name="MaxDuration">As a submission would have it now.</param>
    /// <param name="Place">In the order of submission.</param>
    public sealed record Retry(string By, int? Attempt, string Level, TimeSpan? MaxDuration, long Place) : JobCommand;

    /// <summary>Evict for another job; dropped where the victim moved on since the snapshot.</summary>
    public sealed record Preempt(long Revision, JobId For, EvictionCause Cause) : JobCommand;

    /// <summary>Go on with these tasks; dropped where the job moved on since the snapshot, or is finishing.</summary>
    /// <param name="Tasks">All of the gang as it goes on; those on places that the job has keep running there.</param>
    /// <param name="For">Who gets what is given up; empty where the job grows.</param>
    public sealed record Resize(long Revision, IReadOnlyList<TaskPlacement> Tasks, IReadOnlyList<JobId> For) : JobCommand;

    /// <summary>Leave this node, for an administrator's sake; the job waits again. Nothing where it holds nothing there, or stops already.</summary>
    public sealed record Drain(string Cluster, string Node, string By) : JobCommand;

    /// <summary>Changes nothing. Refused where the job no longer waits as it did when the plan was made, and with it what was to happen for its sake.</summary>
    public sealed record ExpectWaiting(long Revision) : JobCommand;

    /// <summary>Looks at the clock: bind timeout and maximum duration.</summary>
    public sealed record CheckDeadlines(TimeSpan BindTimeout) : JobCommand;
}

/// <summary>What a cluster knows of one task. Observations are levels, not edges: the same one twice changes nothing.</summary>
/// <param name="State">Running, Exited or Lost.</param>
public sealed record TaskObservation(JobId JobId, int Attempt, int Rank, TaskState State, DateTimeOffset At, TaskOutcome? Outcome = null);

/// <summary>Events to append, or why not. An accepted command may have nothing to say.</summary>
public abstract record Decision
{
    public sealed record Accepted(IReadOnlyList<JobEvent> Events) : Decision;

    /// <param name="Code">A stable word such as <c>AlreadyFinished</c>.</param>
    public sealed record Rejected(string Code, Text Message) : Decision;

    public static Decision Nothing { get; } = new Accepted([]);
}
