using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether every eviction is of use (6) and allowed (5).</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> LegalEvictions(CheckedWorld world)
    {
        var starts = world.Gangs.Select(gang => gang.Id).ToHashSet();
        foreach (var twice in world.Plan.Evictions.GroupBy(eviction => eviction.Victim).SelectMany(group => group.Skip(1))) yield return new(6, twice.For, $"evicts {twice.Victim} twice");
        foreach (var eviction in world.Plan.Evictions)
        {
            if (!starts.Contains(eviction.For)) yield return new(6, eviction.For, $"evicts {eviction.Victim} and does not start");
            else if (!world.Running.TryGetValue(eviction.Victim, out var victim)) yield return new(6, eviction.For, $"evicts {eviction.Victim}, which does not run");
            else if (victim.Revision != eviction.VictimRevision) yield return new(13, eviction.For, $"evicts {eviction.Victim} at revision {eviction.VictimRevision}, which is at {victim.Revision}");
            else if (victim.IsResizing) yield return new(7, eviction.For, $"evicts {eviction.Victim}, which is changing its size");
            else if (Forbids(world, world.Pending[eviction.For], victim) is { } why) yield return new(5, eviction.For, $"evicts {eviction.Victim}, {why}");
        }
    }

    private static string? Forbids(CheckedWorld world, PendingJob pending, RunningJob victim)
    {
        var preemptor = pending.Standing;
        var own = world.LevelOf(preemptor) ?? new Level(preemptor.Level, int.MinValue);
        var other = world.LevelOf(victim.Standing) ?? new Level(victim.Standing.Level, int.MinValue);
        if (victim.IsStopping) return "which is stopping already";
        if (!victim.Preemptible || !other.Preemptible) return "which may not be evicted";
        if (!own.MayPreempt) return $"and {own.Name} may not";
        if (other.Rank > own.Rank) return "which is of a higher level";
        if (other.Rank < own.Rank) return world.Now < victim.StartedAt + other.MinRunTime ? "which has not had its minimum run time" : null;
        if (HasHadMore(world, pending, victim)) return world.Now < victim.StartedAt + world.Policy.MinServedTime ? "which has not had its minimum run time" : null;
        if (victim.Standing.Owner != preemptor.Owner) return "which is of the same level";
        return victim.Standing.Priority < preemptor.Priority ? null : "which has no lower priority";
    }

    /// <summary>Whether both are in one queue by attained service, alike, and the victim is in a worse band.</summary>
    private static bool HasHadMore(CheckedWorld world, PendingJob pending, RunningJob victim)
    {
        var (one, other) = (pending.Standing, victim.Standing);
        return one.Priority == other.Priority && world.LasLineOf(one.Queue) is { } line && line == world.LasLineOf(other.Queue)
            && BandOf(world, pending) < AttainedBands.Band(other.Served + (world.Now - victim.StartedAt), victim.Places.Sum(place => place.Taken.Devices));
    }

    private static int BandOf(CheckedWorld world, PendingJob pending) => world.LasLineOf(pending.Standing.Queue) is null ? 0
        : AttainedBands.Band(pending.Standing.Served, pending.Roles.Sum(role => role.Min * role.Each.Devices));
}
