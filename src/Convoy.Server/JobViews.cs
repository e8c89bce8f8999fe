using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using Convoy.Server.Loops;

namespace Convoy.Server;

/// <summary>From stored jobs to what people see.</summary>
public static class JobViews
{
    public static JobView Full(Job job, int? progressPermille, LatestPlan plan, DateTimeOffset now) => Brief(job, progressPermille, plan, now) with
    {
        Spec = job.Spec,
        Attempts = [.. job.Attempts.Select(AttemptOf)],
    };

    public static JobView Brief(Job job, int? progressPermille, LatestPlan plan, DateTimeOffset now)
    {
        var attempt = job.Attempts.Count == 0 ? null : job.Attempts[^1];
        var demands = RoleDemand.AllOf(job.Spec).ToArray();
        var placed = job.Phase is JobPhase.Pending or JobPhase.Suspended ? null : attempt;
        var (reason, message) = Reason(job, plan, now);
        return new JobView
        {
            Id = job.Id.Value,
            Name = job.Spec.Name,
            DisplayName = job.Spec.DisplayName,
            User = job.Owner,
            Level = job.Level,
            Queue = job.Queue,
            Priority = job.Spec.Priority,
            Framework = job.Spec.Framework,
            Tasks = placed?.Members.Count() ?? demands.Sum(role => role.Min),
            Gpus = placed is null ? demands.Sum(role => role.Min * role.Each.Devices) : placed.Members.Sum(task => job.Spec.Roles[task.Placement.Role].Resources.Gpu),
            GpusPerTask = demands.Max(role => role.Each.Devices),
            Phase = job.Phase,
            Reason = reason,
            Message = message,
            SubmittedAt = job.SubmittedAt,
            StartedAt = attempt?.RunningAt,
            EndedAt = job.EndedAt,
            RuntimeS = attempt?.RunningAt is { } started ? (long)((attempt.EndedAt ?? now) - started).TotalSeconds : null,
            Restarts = job.Restarts,
            PlatformRestarts = job.PlatformRestarts,
            NotBefore = job.Phase == JobPhase.Pending && job.NotBefore > now ? job.NotBefore : null,
            Nodes = placed is null ? [] : [.. placed.Members.Select(task => task.Placement.Node).Distinct()],
            Progress = progressPermille / 1000.0,
            Failure = job.Failure is { } f ? new FailureView(f.Attempt, f.Role, f.Rank, f.Node, f.ExitCode, f.Signal, f.Class, Text.Recalled(f.Message)) : null,
            CancelledBy = job.CancelledBy,
        };
    }

    /// <summary>Who holds these places; others' jobs are a size and a level.</summary>
    public static NodeJobView Holder(Job job, IReadOnlyList<HeldPlace> places, Caller caller)
    {
        var gpus = places.Sum(place => place.Taken.Devices);
        return caller.MaySee(job.Owner) ? new NodeJobView(job.Id.Value, job.Spec.Name, job.Owner, job.Level, places.Count, gpus) : new NodeJobView(null, null, null, job.Level, places.Count, gpus);
    }

    public static EventView Event(long sequence, JobEvent happened)
    {
        var (type, message) = Sentences.Of(happened);
        return new EventView(sequence, happened.At, type, message, happened);
    }

    private static (string? Reason, Text? Message) Reason(Job job, LatestPlan plan, DateTimeOffset now) => job.Phase switch
    {
        JobPhase.Pending when plan.Halt is { } halt => (halt.Code, halt.Message),
        JobPhase.Pending when job.NotBefore > now => ("Held", Sentences.StartsAgain(job, now)),
        JobPhase.Pending when plan.Reasons.TryGetValue(job.Id, out var reason) => (reason.Token.ToString(), Sentences.Of(reason)),
        JobPhase.Pending => ("Held", "the scheduler has not looked at it yet"),
        JobPhase.Stopping => (job.Attempts[^1].StopCause.ToString(), null),
        JobPhase.Failed => (job.Attempts[^1].StopCause == StopCause.MaxDuration ? nameof(StopCause.MaxDuration) : job.Failure!.Hung ? nameof(TaskFailure.Hung) : job.Failure.Class.ToString(), Sentences.Of(job.Failure!)),
        JobPhase.Suspended => ("Suspended", $"set aside; `convoy resume {job.Id}` queues it again"),
        JobPhase.Cancelled => ("Cancelled", $"cancelled by {job.CancelledBy}"),
        _ => (null, null),
    };

    private static AttemptView AttemptOf(Attempt attempt) => new(
        attempt.Number, attempt.Cluster, attempt.Accelerator, attempt.AssignedAt, attempt.RunningAt, attempt.EndedAt, attempt.StopCause, [.. attempt.Tasks.Select(TaskOf)]);

    private static TaskView TaskOf(TaskRun task) => new(
        task.Placement.Role,
        task.Placement.RoleIndex,
        task.Placement.Rank,
        task.Placement.Node,
        task.Placement.Devices,
        task.State,
        task.StartedAt,
        task.EndedAt,
        task.Outcome?.Code,
        task.Outcome?.Signal,
        task.Outcome?.OutOfMemory ?? false,
        Text.Recalled(task.Outcome?.Message))
    {
        JoinedAt = task.JoinedAt,
        ReleasedAt = task.ReleasedAt,
    };
}
