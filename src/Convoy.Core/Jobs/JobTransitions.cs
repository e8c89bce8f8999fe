using Convoy.Core.Languages;

namespace Convoy.Core.Jobs;

/// <param name="From">Null where there is no job yet.</param>
/// <param name="Event">A <see cref="JobEvent"/>.</param>
public sealed record JobTransition(JobPhase? From, Type Event, JobPhase To, Text Why);

/// <summary>Every change of phase there is. <see cref="JobLifecycle.Evolve"/> allows no other, and docs/job-lifecycle.md is drawn from it.</summary>
public static class JobTransitions
{
    public static IReadOnlyList<JobTransition> Table { get; } =
    [
        new(null, typeof(JobSubmitted), JobPhase.Pending, "submitted"),
        new(JobPhase.Pending, typeof(JobAssigned), JobPhase.Starting, "the gang gets all its machines"),
        new(JobPhase.Pending, typeof(JobSuspended), JobPhase.Suspended, "suspended while waiting"),
        new(JobPhase.Pending, typeof(JobCancelled), JobPhase.Cancelled, "cancelled while waiting"),
        new(JobPhase.Starting, typeof(JobRunning), JobPhase.Running, "every task has started"),
        new(JobPhase.Starting, typeof(JobResized), JobPhase.Starting, "an elastic job gives up tasks for another"),
        new(JobPhase.Starting, typeof(JobStopping), JobPhase.Stopping, "a task failed, a node is lost, bind timeout, evicted, drained, suspended or cancelled"),
        new(JobPhase.Running, typeof(JobResized), JobPhase.Running, "an elastic job gets more tasks, gives some up for another, or does without those that never ran"),
        new(JobPhase.Running, typeof(JobStopping), JobPhase.Stopping, "a task failed, a node is lost, evicted, drained, suspended, cancelled or out of time"),
        new(JobPhase.Running, typeof(JobSucceeded), JobPhase.Succeeded, "every task ended with exit code 0"),
        new(JobPhase.Stopping, typeof(JobStopping), JobPhase.Stopping, "cancelled or suspended while stopping for another cause"),
        new(JobPhase.Stopping, typeof(JobRequeued), JobPhase.Pending, "evicted, drained, node lost, not bound, or a failure that may be retried"),
        new(JobPhase.Stopping, typeof(JobSuspended), JobPhase.Suspended, "stopped for a suspension"),
        new(JobPhase.Stopping, typeof(JobSucceeded), JobPhase.Succeeded, "it had finished before it could be stopped"),
        new(JobPhase.Stopping, typeof(JobFailed), JobPhase.Failed, "a failure that may not be retried, or out of time"),
        new(JobPhase.Stopping, typeof(JobCancelled), JobPhase.Cancelled, "stopped for a cancellation"),
        new(JobPhase.Suspended, typeof(JobResumed), JobPhase.Pending, "resumed"),
        new(JobPhase.Suspended, typeof(JobCancelled), JobPhase.Cancelled, "cancelled while suspended"),
        new(JobPhase.Succeeded, typeof(JobRetried), JobPhase.Pending, "submitted again"),
        new(JobPhase.Failed, typeof(JobRetried), JobPhase.Pending, "submitted again"),
        new(JobPhase.Cancelled, typeof(JobRetried), JobPhase.Pending, "submitted again"),
    ];

    /// <summary>What tasks do, and who comes to them, is told in these phases and changes none of them by itself; nor do other terms.</summary>
    public static bool Allows(JobPhase? from, JobEvent happened, JobPhase to) => happened switch
    {
        TaskStarted or TaskEnded or TerminalOpened => from == to && to.HoldsDevices(),
        JobUpdated => from == to && !to.IsFinished(),
        _ => Table.Any(row => row.From == from && row.Event == happened.GetType() && row.To == to),
    };
}
