using System.Globalization;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What the cluster's own people are shown of a job. Pure.</summary>
internal static class JobStatus
{
    /// <summary>The condition that tells whether what a person made in the cluster was taken in.</summary>
    public const string Accepted = "Accepted";

    /// <summary>Of an object that a person made, before its job has machines.</summary>
    public static TrainingJobStatus Answered(TrainingJobStatus? before, long generation, string phase, string? jobId, string reason, string message, bool isAccepted, DateTimeOffset now)
    {
        var text = isAccepted ? "True" : "False";
        var had = before?.Conditions?.FirstOrDefault(condition => condition.Type == Accepted);
        return (before ?? new TrainingJobStatus()) with
        {
            Phase = phase,
            Reason = reason,
            Message = message,
            JobId = jobId,
            ObservedGeneration = generation,
            Conditions =
            [
                new Condition(Accepted, text) { Reason = reason, Message = message, LastTransitionTime = had?.Status == text ? had.LastTransitionTime : Whole(now) },
                .. before?.Conditions?.Where(condition => condition.Type != Accepted) ?? [],
            ],
        };
    }

    public static TrainingJobStatus Of(KnownGang gang, TrainingJobStatus? before, DateTimeOffset now)
    {
        var decision = gang.Decision;
        var members = decision.Members.ToArray();
        var running = members.Count(task => gang.Running.Contains(task.Rank));
        var phase = PhaseOf(gang, members.Length, running);
        var status = new TrainingJobStatus
        {
            Phase = phase,
            Reason = decision.StopCause?.ToString() ?? (gang.Broken is null ? null : "GangBroken"),
            Message = gang.Broken,
            JobId = decision.JobId.Value,
            ObservedGeneration = before?.ObservedGeneration,
            Suspended = before?.Suspended,
            Attempt = decision.Attempt,
            Gang = string.Create(CultureInfo.InvariantCulture, $"{running}/{members.Length}"),
            Gpus = members.Sum(task => decision.Spec.Roles[task.Role].Resources.Gpu),
            BoundAttempt = gang.BoundTasks > 0 ? decision.Attempt : null,
            BoundTasks = gang.BoundTasks > 0 ? gang.BoundTasks : null,
            Outcome = gang.Outcome,
        };
        return status with
        {
            Conditions =
            [
                .. before?.Conditions?.Where(condition => condition.Type == Accepted) ?? [],
                Condition("GangScheduled", gang.BoundTasks > 0, gang.Broken is null ? "Bound" : "GangBroken"),
                Condition("Running", phase == "Running", phase),
                Condition("Complete", phase == "Succeeded", phase),
                Condition("Failed", phase == "Failed", status.Reason ?? phase),
            ],
        };

        Condition Condition(string type, bool holds, string reason)
        {
            var text = holds ? "True" : "False";
            var had = before?.Conditions?.FirstOrDefault(condition => condition.Type == type);
            return new Condition(type, text) { Reason = holds ? reason : $"Not{type}", LastTransitionTime = had?.Status == text ? had.LastTransitionTime : Whole(now) };
        }
    }

    private static string PhaseOf(KnownGang gang, int members, int running)
    {
        if (gang.Outcome is { } outcome)
        {
            if (gang.Decision.StopCause == StopCause.Cancelled) return "Cancelled";
            if (gang.Decision.StopCause == StopCause.Suspended) return "Suspended";
            var ends = outcome.Tasks.Where(task => task.State is TaskState.Exited or TaskState.Lost && !gang.Decision.Released.Contains(task.Rank));
            return ends.All(task => task.Outcome is { IsSuccess: true }) ? "Succeeded" : gang.Decision.StopCause is null or StopCause.TaskFailed or StopCause.MaxDuration ? "Failed" : "Pending";
        }

        if (gang.Decision.Wanted == WantedState.Stop) return "Stopping";
        return running == members ? "Running" : gang.WasWhole ? "Running" : "Starting";
    }

    /// <summary>Kubernetes' times have no fractions.</summary>
    private static DateTimeOffset Whole(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
}

/// <param name="Running">Ranks that have started and not ended.</param>
/// <param name="WasWhole">All have started once.</param>
/// <param name="Outcome">Once all have ended.</param>
internal sealed record KnownGang(Assignment Decision, IReadOnlySet<int> Running, bool WasWhole, int BoundTasks, string? Broken, AttemptOutcome? Outcome);
