using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether every eviction is of use (6), and allowed by quota (4) and by standing (5).</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> LegalEvictions(CheckedWorld world)
    {
        var starts = world.Gangs.DistinctBy(gang => gang.Id).ToDictionary(gang => gang.Id);
        foreach (var twice in world.Plan.Evictions.GroupBy(eviction => eviction.Victim).SelectMany(group => group.Skip(1))) yield return new(6, twice.For, $"evicts {twice.Victim} twice");
        foreach (var eviction in world.Plan.Evictions)
        {
            if (world.Policy.EvictionsPaused) yield return new(5, eviction.For, $"evicts {eviction.Victim}, and evictions are paused");
            else if (!starts.TryGetValue(eviction.For, out var gang)) yield return new(6, eviction.For, $"evicts {eviction.Victim} and does not start");
            else if (!world.Running.TryGetValue(eviction.Victim, out var victim)) yield return new(6, eviction.For, $"evicts {eviction.Victim}, which does not run");
            else if (victim.Revision != eviction.VictimRevision) yield return new(13, eviction.For, $"evicts {eviction.Victim} at revision {eviction.VictimRevision}, which is at {victim.Revision}");
            else if (victim.IsResizing) yield return new(7, eviction.For, $"evicts {eviction.Victim}, which is changing its size");
            else if (NotByStanding(world, gang.Job, victim, eviction.Cause) is { } standing) yield return new(5, eviction.For, $"evicts {eviction.Victim} by {eviction.Cause}, {standing}");
            else if (NotByQuota(world, gang, victim, eviction.Cause) is { } quota) yield return new(4, eviction.For, $"evicts {eviction.Victim}, {quota}");
        }
    }

    /// <summary>Who is inside nominal gets it back from borrowers; otherwise it is a matter between jobs of one pool, or between borrowers.</summary>
    private static string? NotByQuota(CheckedWorld world, CheckedGang gang, RunningJob victim, EvictionCause cause)
    {
        var isOfOnePool = world.AcceleratorOf(victim) is { } type && world.QuotaOf(type) is var quota && quota.PoolOf(gang.Job.Standing.Queue) == quota.PoolOf(victim.Standing.Queue);
        var mayBorrow = world.Nominal.MayBorrow(victim, gang);
        if (cause == EvictionCause.Reclaim) return !mayBorrow ? "which borrows nothing" : isOfOnePool ? "which is of its own nominal" : world.Nominal.IsInside(gang) ? null : "and is not inside nominal itself";

        // Who has no devices is charged nowhere.
        if (world.AcceleratorOf(victim) is null || mayBorrow) return null;
        if (!world.Nominal.IsInside(gang)) return "which is inside nominal, and is not itself";
        return isOfOnePool ? null : "which is inside the nominal of another queue";
    }

    private static string? NotByStanding(CheckedWorld world, PendingJob job, RunningJob victim, EvictionCause cause)
    {
        var (one, other) = (job.Standing, victim.Standing);
        var (own, theirs) = (world.LevelOf(one) ?? new Level(one.Level, int.MinValue), world.LevelOf(other) ?? new Level(other.Level, int.MinValue));
        var ran = world.Now - victim.StartedAt;
        if (victim.IsStopping) return "which is stopping already";
        if (!world.MayBeEvicted(victim)) return "which may not be evicted";
        if (!own.MayPreempt && cause is EvictionCause.Level or EvictionCause.Priority or EvictionCause.Service) return $"and {own.Name} may not";
        return cause switch
        {
            EvictionCause.Reclaim => null,
            EvictionCause.Level when own.Rank <= theirs.Rank => "which is of no lower level",
            EvictionCause.Level => ran < theirs.MinRunTime ? "which has not had its minimum run time" : null,
            _ when own.Rank < theirs.Rank => "which is of a higher level",
            EvictionCause.Priority => one.Owner != other.Owner ? "which is another's" : other.Priority >= one.Priority ? "which has no lower priority" : null,
            EvictionCause.Service => own.Rank > theirs.Rank || !HasHadMore(world, job, victim) ? "which has had no more service" : ran < world.Policy.MinServedTime ? "which has not had its minimum run time" : null,
            EvictionCause.Overrun when one.Owner == other.Owner && one.Priority < other.Priority => "which its owner holds more important",
            EvictionCause.Overrun => !(job.PromisedFrom <= world.Now) ? "and nothing was promised to it by now" : ran < (victim.MaxDuration ?? world.Policy.UsualDuration) ? "which is still expected to run" : null,
            _ => "for no cause that there is",
        };
    }

    /// <summary>Whether both are in one queue by attained service, alike, and the victim is in a worse band.</summary>
    private static bool HasHadMore(CheckedWorld world, PendingJob job, RunningJob victim)
    {
        var (one, other) = (job.Standing, victim.Standing);
        return one.Priority == other.Priority && world.IsByService(one.Queue) && world.LineOf(one.Queue) == world.LineOf(other.Queue)
            && BandOf(world, job) < AttainedBands.Band(other.Served + (world.Now - victim.StartedAt), victim.Places.Sum(place => place.Taken.Devices));
    }

    private static int BandOf(CheckedWorld world, PendingJob job) => !world.IsByService(job.Standing.Queue) ? 0
        : AttainedBands.Band(job.Standing.Served, job.Roles.Sum(role => role.Min * role.Each.Devices));
}
