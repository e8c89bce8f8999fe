using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Loops;

/// <summary>
/// What is committed together or not at all: gangs of a plan, and whom else they need gone or smaller. A job that shrinks for two gangs
/// ties them to each other.
/// </summary>
/// <param name="Gangs">They wait on until the others have gone.</param>
public sealed record MakingWay(IReadOnlyList<PlannedGang> Gangs, IReadOnlyList<PlannedEviction> Evictions, IReadOnlyList<PlannedResize> Shrinks)
{
    /// <summary>Each of another job.</summary>
    public IReadOnlyList<(JobId Job, JobCommand Command)> Commands =>
    [
        .. Gangs.Select(gang => (gang.Job, (JobCommand)new JobCommand.ExpectWaiting(gang.JobRevision))),
        .. Evictions.Select(eviction => (eviction.Victim, (JobCommand)new JobCommand.Preempt(eviction.VictimRevision, eviction.For, eviction.Cause))),
        .. Shrinks.Select(shrink => (shrink.Job, (JobCommand)new JobCommand.Resize(shrink.JobRevision, shrink.Tasks, shrink.For))),
    ];

    /// <summary>In the plan's order. Jobs that would have to move first keep their gang waiting: nobody can be told to move yet.</summary>
    public static IReadOnlyList<MakingWay> Of(Plan plan)
    {
        var all = new List<MakingWay>();
        var left = plan.Gangs.Where(gang => plan.MustWait(gang.Job)).ToList();
        while (left.Count > 0)
        {
            HashSet<JobId> tied = [left[0].Job];
            PlannedResize[] shrinks = [];
            for (var before = 0; before < tied.Count;)
            {
                before = tied.Count;
                shrinks = [.. plan.Resizes.Where(resize => resize.For.Any(tied.Contains))];
                tied.UnionWith(shrinks.SelectMany(shrink => shrink.For));
            }

            if (!Array.Exists(shrinks, shrink => shrink.IsMove)) all.Add(new MakingWay([.. left.Where(gang => tied.Contains(gang.Job))], [.. plan.Evictions.Where(eviction => tied.Contains(eviction.For))], shrinks));
            left.RemoveAll(gang => tied.Contains(gang.Job));
        }

        return all;
    }
}
