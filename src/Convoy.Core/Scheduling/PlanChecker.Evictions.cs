using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>Whether every eviction is allowed, and none of them for nothing.</summary>
public static partial class PlanChecker
{
    /// <summary>Victims of the plan and jobs that have been told to stop before.</summary>
    private static HashSet<JobId> Leaving(ClusterSnapshot snapshot, Plan plan) =>
        [.. plan.Evictions.Select(eviction => eviction.Victim), .. snapshot.Running.Where(job => job.IsStopping).Select(job => job.Standing.Id)];

    private static IEnumerable<Violation> LegalEvictions(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now)
    {
        var victims = new HashSet<JobId>();
        foreach (var eviction in plan.Evictions)
        {
            if (!victims.Add(eviction.Victim)) yield return new(6, eviction.For, $"evicts {eviction.Victim} twice");
            var victim = snapshot.Running.FirstOrDefault(job => job.Standing.Id == eviction.Victim);
            var preemptor = snapshot.Pending.FirstOrDefault(job => job.Standing.Id == eviction.For);
            if (plan.Gangs.All(gang => gang.Job != eviction.For) || preemptor is null) yield return new(6, eviction.For, $"evicts {eviction.Victim} and does not start");
            else if (victim is null) yield return new(6, eviction.For, $"evicts {eviction.Victim}, which does not run");
            else if (victim.Revision != eviction.VictimRevision) yield return new(13, eviction.For, $"evicts {eviction.Victim} at revision {eviction.VictimRevision}, which is at {victim.Revision}");
            else if (Forbids(policy, preemptor, victim, now) is { } why) yield return new(5, eviction.For, $"evicts {eviction.Victim}, {why}");
        }
    }

    private static string? Forbids(SchedulingPolicy policy, PendingJob pending, RunningJob victim, DateTimeOffset now)
    {
        var preemptor = pending.Standing;
        var own = policy.Levels.FirstOrDefault(level => level.Name == preemptor.Level) ?? new Level(preemptor.Level, int.MinValue);
        var other = policy.Levels.FirstOrDefault(level => level.Name == victim.Standing.Level) ?? new Level(victim.Standing.Level, int.MinValue);
        if (victim.IsStopping) return "which is stopping already";
        if (!victim.Preemptible || !other.Preemptible) return "which may not be evicted";
        if (!own.MayPreempt) return $"and {own.Name} may not";
        if (other.Rank > own.Rank) return "which is of a higher level";
        if (other.Rank < own.Rank) return now < victim.StartedAt + other.MinRunTime ? "which has not had its minimum run time" : null;
        if (HasHadMore(policy, pending, victim, now)) return now < victim.StartedAt + policy.MinServedTime ? "which has not had its minimum run time" : null;
        if (victim.Standing.Owner != preemptor.Owner) return "which is of the same level";
        return victim.Standing.Priority < preemptor.Priority ? null : "which has no lower priority";
    }

    /// <summary>Whether both are in one queue by attained service, alike, and the victim is in a worse band.</summary>
    private static bool HasHadMore(SchedulingPolicy policy, PendingJob pending, RunningJob victim, DateTimeOffset now)
    {
        var (one, other) = (pending.Standing, victim.Standing);
        return one.Priority == other.Priority && LasLine(policy, one.Queue) is { } line && line == LasLine(policy, other.Queue)
            && BandOf(policy, pending) < AttainedBands.Band(other.Served + (now - victim.StartedAt), victim.Places.Sum(place => place.Taken.Devices));
    }

    private static int BandOf(SchedulingPolicy policy, PendingJob pending) => LasLine(policy, pending.Standing.Queue) is null ? 0
        : AttainedBands.Band(pending.Standing.Served, pending.Roles.Sum(role => role.Min * role.Each.Devices));

    /// <summary>The outermost queue by attained service that the queue is or lies below; one that nobody describes lies below the organisation.</summary>
    private static string? LasLine(SchedulingPolicy policy, string queue)
    {
        var spec = policy.Queues.FirstOrDefault(each => each.Name == queue);
        var above = queue == QueueTree.RootName ? null : LasLine(policy, spec?.Parent ?? QueueTree.RootName);
        return above ?? (spec?.Ordering == QueueOrdering.Las ? queue : null);
    }

    /// <summary>A victim is needed where the planned places are not free without its going.</summary>
    private static IEnumerable<Violation> NeededEvictions(ClusterSnapshot snapshot, Plan plan)
    {
        var leaving = Leaving(snapshot, plan);
        var places = plan.Gangs.Concat(plan.Claims).Join(snapshot.Pending, gang => gang.Job, job => job.Standing.Id, (gang, job) => (gang, job))
            .SelectMany(start => start.gang.Tasks, (start, task) => (start.gang.Job, start.gang.Cluster, task.Node, task.Devices, Each: start.job.Roles.FirstOrDefault(role => role.Role == task.Role)?.Each ?? default)).ToArray();
        foreach (var eviction in plan.Evictions)
        {
            if (snapshot.Running.FirstOrDefault(job => job.Standing.Id == eviction.Victim) is not { } victim) continue;
            var staying = snapshot.Running.Where(job => !leaving.Contains(job.Standing.Id) || job.Standing.Id == eviction.Victim).ToArray();
            if (!victim.Places.Any(held => IsWanted(victim.Cluster, held.Node))) yield return new(7, eviction.For, $"evicts {eviction.Victim}, which is not in its way");

            bool IsWanted(string cluster, string name)
            {
                if (snapshot.Nodes.FirstOrDefault(node => node.Cluster == cluster && node.Name == name) is not { } node) return false;
                var here = places.Where(place => place.Cluster == cluster && place.Node == name).ToArray();
                if (here.All(place => place.Job != eviction.For)) return false;

                // Who holds what is promised to another may have to go so that the promise is kept.
                if (plan.Reservations.Any(promise => promise.Gang.Cluster == cluster && promise.Gang.Tasks.Any(task => task.Node == name))) return true;
                var held = staying.Where(job => job.Cluster == cluster).SelectMany(job => job.Places).Where(place => place.Node == name).ToArray();
                var left = node.Capacity - held.Aggregate(default(ResourceVector), (sum, place) => sum + place.Taken) - here.Aggregate(default(ResourceVector), (sum, place) => sum + place.Each);
                return left.CpuMillicores < 0 || left.MemoryBytes < 0 || left.Devices < 0 || here.SelectMany(place => place.Devices).Intersect(held.SelectMany(place => place.Devices)).Any();
            }
        }
    }
}
