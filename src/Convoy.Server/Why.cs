using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using Convoy.Server.Loops;

namespace Convoy.Server;

/// <summary>Why a job is where it is: one token, numbers, who is in the way, and the next thing to try.</summary>
public static class Why
{
    private const int MostHolders = 5;

    public static WhyView Of(Job job, LatestPlan plan, Prospect prospect, IEnumerable<Job> unfinished, Caller caller, DateTimeOffset now)
    {
        if (job.Phase == JobPhase.Pending && plan.Halt is { } halt) return Halted(job, halt, plan.Reasons.GetValueOrDefault(job.Id));
        if (job.Phase == JobPhase.Pending && plan.Reasons.TryGetValue(job.Id, out var reason)) return Waiting(job, reason, prospect, unfinished, caller);
        var view = JobViews.Brief(job, null, plan, now);
        (Text Message, Text? Next) told = job.Phase switch
        {
            JobPhase.Pending => ("the scheduler has not looked at it yet", null),
            JobPhase.Starting => ($"has its machines since {job.Attempts[^1].AssignedAt:HH:mm:ss} UTC, and waits for every task to start", null),
            JobPhase.Running => ($"runs on {string.Join(", ", view.Nodes)}", $"`convoy logs {job.Id} -f` follows it"),
            JobPhase.Stopping => ($"is stopping ({job.Attempts[^1].StopCause}); it holds its devices until the last task has ended, at most about {job.Spec.Checkpoint.Grace.TotalSeconds:0} s", null),
            JobPhase.Succeeded => ("every task ended with exit code 0", null),
            JobPhase.Failed => (view.Message!, Advice(job)),
            JobPhase.Cancelled => (view.Message!, null),
            _ => (view.Message ?? "is suspended", null),
        };
        return new WhyView(job.Id.Value, job.Phase, view.Reason, told.Message, told.Next, null, null, null, null, null, null, null);
    }

    /// <summary>What holds up everybody, and what would hold up this one besides.</summary>
    private static WhyView Halted(Job job, Restraint halt, WaitingReason? own)
    {
        var besides = own is null || own.Token == WaitingToken.Held ? Text.None : $"; besides: {Sentences.Of(own)}";
        return new WhyView(job.Id.Value, job.Phase, halt.Code, $"{halt.Message}{besides}", halt.Advice, null, null, null, null, own?.JobsAhead, null, own?.Until);
    }

    private static WhyView Waiting(Job job, WaitingReason reason, Prospect prospect, IEnumerable<Job> unfinished, Caller caller)
    {
        var remedy = RemedyViews.Of(prospect.Remedy, job.Spec);
        var message = Sentences.Of(reason);
        if (reason.Token is WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.Reserved && Holders(job, unfinished, caller) is { } holders) message = $"{message}; {holders}";
        if (reason.JobsAhead > 0) message = $"{message}; {Sentences.Count(reason.JobsAhead, "job")} ahead of it";
        var numbers = reason.Token is not (WaitingToken.Held or WaitingToken.ClusterUnreachable or WaitingToken.DatasetNotReady);
        return new WhyView(
            job.Id.Value,
            job.Phase,
            reason.Token.ToString(),
            message,
            remedy is null or { By: null } ? Sentences.Advice(reason) : Text.Of($"{remedy.Message}; {HowTo(job, remedy)}"),
            numbers ? reason.Unit.ToString() : null,
            numbers ? reason.Needed : null,
            numbers ? reason.Free : null,
            numbers ? reason.LargestFreeBlock : null,
            reason.JobsAhead,
            reason.BlockedBy is { } blocker && unfinished.FirstOrDefault(j => j.Id == blocker) is { } other && caller.MaySee(other.Owner) ? blocker.Value : null,
            reason.Until)
        {
            EarliestStart = reason.EarliestStart ?? prospect.EarliestStart,
            Queue = reason.Queue,
            Remedy = remedy,
        };
    }

    private static Text HowTo(Job job, RemedyView remedy)
    {
        if (remedy.Flags is not null && remedy.Changes.All(change => change.Key is "queue" or "priority" or "limits.maxDuration")) return $"`convoy update {job.Id} {remedy.Flags}`";
        if (remedy.By != RemedyViews.Owner) return "an administrator can change that; or wait";
        var again = remedy.Flags is null ? (Text)$"`convoy cancel {job.Id}`, and submit it again so changed" : $"`convoy cancel {job.Id}`, and submit it again with {remedy.Flags}";
        return job.Attempts.Any(attempt => attempt.RunningAt is not null) ? (Text)$"{again}; it would begin anew then, without what it has saved" : again;
    }

    /// <summary>Who holds what the job waits for; others' jobs by their level only. Null where nobody does.</summary>
    private static Text? Holders(Job waiting, IEnumerable<Job> unfinished, Caller caller)
    {
        var countsDevices = waiting.Spec.Roles.Values.Any(role => role.Resources.Gpu > 0);
        var clusters = waiting.Spec.Placement.Clusters;
        var holders = unfinished.Where(job => job.Current is { } place && (clusters.Contains("any") || clusters.Contains(place.Cluster)))
            .Select(job => (Job: job, Devices: RunningJob.Of(job)!.Devices))
            .Where(holder => !countsDevices || holder.Devices > 0)
            .OrderByDescending(holder => holder.Devices).ThenBy(holder => holder.Job.SubmitSequence)
            .ToArray();
        var named = holders.Take(MostHolders).Select(holder =>
        {
            var what = countsDevices ? Sentences.Count(holder.Devices, "GPU") : Sentences.Count(holder.Job.Current!.Members.Count(), "task");
            return caller.MaySee(holder.Job.Owner) ? (Text)$"{holder.Job.Spec.Name} ({holder.Job.Id}, {holder.Job.Owner}) holds {what}" : $"another's job (level {holder.Job.Level}) holds {what}";
        });
        if (holders.Length == 0) return null;
        return holders.Length > MostHolders ? (Text)$"{Text.Join(", ", named)} and {holders.Length - MostHolders} more" : Text.Join(", ", named);
    }

    private static Text? Advice(Job job) => job.Failure!.Class switch
    {
        FailureClass.User => (Text)$"`convoy logs {job.Id} --rank {job.Failure.Rank}` shows what it printed",
        FailureClass.Resource => "it ran out of memory: ask for more with --memory, or use less",
        _ => null,
    };
}
