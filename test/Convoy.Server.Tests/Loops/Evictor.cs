using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Tests.Loops;

/// <summary>The plainest planner that evicts: every lower job on the machine makes way for the first that waits, and is promised once.</summary>
internal static class Evictor
{
    public static GuardedPlanner Unchecked(Func<PlannedEviction, PlannedEviction>? change = null) => new(
        (snapshot, policy, now) => WithEvictions(snapshot, policy, now, change ?? (eviction => eviction)),
        (_, _, plan, _) => new CheckedPlan(plan, []));

    private static Plan WithEvictions(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now, Func<PlannedEviction, PlannedEviction> change)
    {
        var plan = Scheduler.Plan(snapshot with { Running = [.. snapshot.Running.Select(job => job with { Preemptible = false })] }, policy, now);
        if (plan.Waiting is not [var first, ..] || snapshot.Running.Any(job => job.StoppingFor == first.Job)) return plan;
        var preemptor = snapshot.Pending.Single(job => job.Standing.Id == first.Job);
        var victims = snapshot.Running.Where(job => job.Preemptible && !job.IsStopping && policy.LevelOf(job.Standing).Rank < policy.LevelOf(preemptor.Standing).Rank).ToArray();
        var emptied = snapshot with { Pending = [preemptor], Running = [.. snapshot.Running.Except(victims)] };
        if (victims.Length == 0 || Scheduler.Plan(emptied, policy, now).Gangs is not [var gang]) return plan;
        return plan with
        {
            Gangs = [.. plan.Gangs, gang],
            Evictions = [.. victims.Select(victim => change(new PlannedEviction(victim.Standing.Id, victim.Revision, first.Job)))],
            Waiting = [.. plan.Waiting.Skip(1)],
        };
    }
}
