using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using Convoy.Server.Loops;

namespace Convoy.Server;

/// <summary>What a plan says of a job that is not there: it bears no id.</summary>
public static class DryRun
{
    public static SubmitCheckView Of(Plan plan, IReadOnlyDictionary<JobId, Job> jobs, Caller caller)
    {
        var promise = plan.Reservations.FirstOrDefault(promise => promise.Gang.Job == default);
        string[] nodes = [.. ((plan.Gangs.FirstOrDefault(gang => gang.Job == default) ?? promise?.Gang)?.Tasks ?? []).Select(task => task.Node).Distinct()];
        if (!LatestPlan.Of(plan).Reasons.TryGetValue(default, out var reason))
        {
            return nodes.Length > 0
                ? new SubmitCheckView(true, null, $"it would start now on {string.Join(", ", nodes)}", nodes)
                : new SubmitCheckView(false, null, "the scheduler has no answer now; try again in a moment", []);
        }

        Job[] victims = [.. plan.Evictions.Where(eviction => eviction.For == default).Select(eviction => jobs.GetValueOrDefault(eviction.Victim)).OfType<Job>().OrderBy(job => job.SubmitSequence)];
        return new SubmitCheckView(false, reason.Token.ToString(), Sentences.Of(reason), nodes)
        {
            WouldEvict = victims.Length,
            Victims = [.. victims.Select(job => JobViews.Holder(job, RunningJob.Of(job)?.Places ?? [], caller))],
            Unit = reason.Unit.ToString(),
            Needed = reason.Needed,
            Free = reason.Free,
            LargestFreeBlock = reason.LargestFreeBlock,
            JobsAhead = reason.JobsAhead,
            EarliestStart = reason.EarliestStart ?? promise?.From,
            Queue = reason.Queue,
        };
    }
}
