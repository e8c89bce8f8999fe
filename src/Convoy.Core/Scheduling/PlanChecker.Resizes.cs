using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>Whether elastic jobs change their size only as they may, and before anybody dies.</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> Resizes(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now) =>
    [
        .. LegalResizes(snapshot, policy, plan, now),
        .. RoomToGrow(snapshot, policy, plan),
        .. NeededShrinks(snapshot, plan),
        .. SurplusBeforeVictims(snapshot, plan),
    ];

    private static IEnumerable<Violation> LegalResizes(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now)
    {
        foreach (var twice in plan.Resizes.GroupBy(resize => resize.Job).Where(group => group.Count() > 1)) yield return new(7, twice.Key, "is resized twice");
        foreach (var eviction in plan.Evictions.Where(eviction => snapshot.Running.Any(job => job.Standing.Id == eviction.Victim && job.IsResizing))) yield return new(7, eviction.For, $"evicts {eviction.Victim}, which is changing its size");
        foreach (var resize in plan.Resizes)
        {
            var blamed = resize.For.Count > 0 ? resize.For[0] : resize.Job;
            if (snapshot.Running.FirstOrDefault(job => job.Standing.Id == resize.Job) is not { } job)
            {
                yield return new(7, blamed, $"resizes {resize.Job}, which does not run");
                continue;
            }

            if (job.Revision != resize.JobRevision) yield return new(13, blamed, $"resizes {resize.Job} at revision {resize.JobRevision}, which is at {job.Revision}");
            if (job.IsStopping || job.IsResizing || plan.Evictions.Any(eviction => eviction.Victim == resize.Job)) yield return new(7, blamed, $"resizes {resize.Job}, which is on its way out");
            foreach (var role in job.Roles)
            {
                var count = resize.Tasks.Count(task => task.Role == role.Role);
                if (count < role.Min || count > role.Max) yield return new(7, blamed, $"leaves {resize.Job} {count} tasks of role {role.Role}, not {role.Min} to {role.Max}");
            }

            if (!InOrder(resize.Tasks, job.Roles)) yield return new(1, blamed, $"does not count the ranks of {resize.Job} from 0, role after role");
            var (added, dropped) = Difference(job, resize);
            if ((added.Length == 0) == (dropped.Length == 0)) yield return new(7, blamed, $"moves {resize.Job}, or changes nothing");
            if ((dropped.Length == 0) != (resize.For.Count == 0)) yield return new(6, blamed, $"resizes {resize.Job} for {(resize.For.Count == 0 ? "nobody" : "somebody who gets nothing")}");
            foreach (var id in resize.For.Where(id => plan.Gangs.All(gang => gang.Job != id))) yield return new(6, id, $"shrinks {resize.Job} and does not start");
            var least = policy.Levels.FirstOrDefault(level => level.Name == job.Standing.Level)?.MinRunTime ?? TimeSpan.Zero;
            if (added.Length > 0 && (now < job.StartedAt + least || now < job.StartedAt + policy.MinServedTime)) yield return new(8, blamed, "grows before its minimum run time");
        }
    }

    private static bool InOrder(IReadOnlyList<TaskPlacement> tasks, IReadOnlyList<RoleDemand> roles) =>
        tasks.Select(task => (task.Rank, task.Role, task.RoleIndex)).SequenceEqual(
            roles.SelectMany(role => Enumerable.Range(0, tasks.Count(task => task.Role == role.Role)), (role, index) => (role.Role, index)).Select((task, rank) => (rank, task.Role, task.index)));

    /// <summary>What is added is free now, whatever the plan starts or keeps for others, and no cap is exceeded by it.</summary>
    private static IEnumerable<Violation> RoomToGrow(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan)
    {
        var growths = (from resize in plan.Resizes
                       from job in snapshot.Running
                       where job.Standing.Id == resize.Job && resize.For.Count == 0
                       select (Job: job, Tasks: Difference(job, resize).Added)).ToArray();
        var asGangs = growths.Select(growth => new PlannedGang(growth.Job.Standing.Id, growth.Job.Revision, growth.Job.Cluster, growth.Job.Accelerator, growth.Tasks)).ToArray();
        var asPending = growths.Select(growth => new PendingJob(growth.Job.Standing, growth.Job.Revision, growth.Job.Roles, ["any"], null));
        var growing = growths.Select(growth => growth.Job.Standing.Id).ToHashSet();
        var world = snapshot with { Pending = [.. snapshot.Pending, .. asPending] };
        var started = plan.Gangs.Where(gang => !plan.MustWait(gang.Job));
        foreach (var violation in Capacity(world, [], started.Concat(asGangs)).Where(violation => growing.Contains(violation.Job))) yield return violation;
        foreach (var violation in HealthyNodes(world, plan with { Gangs = asGangs })) yield return violation;
        foreach (var (job, tasks) in growths)
        {
            var more = DevicesOf(tasks, job.Roles);
            var owned = snapshot.Running.Where(other => other.Standing.Owner == job.Standing.Owner).Sum(other => other.Devices)
                + Started(snapshot, plan).Where(start => start.Job.Standing.Owner == job.Standing.Owner).Sum(start => DevicesOf(start.Gang.Tasks, start.Job.Roles))
                + growths.Where(growth => growth.Job.Standing.Owner == job.Standing.Owner).Sum(growth => DevicesOf(growth.Tasks, growth.Job.Roles));
            var level = policy.Levels.FirstOrDefault(each => each.Name == job.Standing.Level);
            if (more > 0 && (job.Devices + more > level?.MaxGpusPerJob || owned > level?.MaxGpus)) yield return new(3, job.Standing.Id, $"grows to {job.Devices + more} devices, and its owner to {owned}, beyond the caps");
            foreach (var task in tasks.Where(task => job.Roles.First(role => role.Role == task.Role).Each.Devices > 0))
            {
                if (snapshot.Nodes.FirstOrDefault(node => node.Cluster == job.Cluster && node.Name == task.Node)?.Accelerator != job.Accelerator) yield return new(1, job.Standing.Id, $"mixes accelerators on {task.Node}");
            }
        }
    }

    private static int DevicesOf(IEnumerable<TaskPlacement> tasks, IReadOnlyList<RoleDemand> roles) => tasks.Sum(task => roles.FirstOrDefault(role => role.Role == task.Role)?.Each.Devices ?? 0);

    /// <summary>A place is given up for nothing where the plan's gangs would fit beside who holds it.</summary>
    private static IEnumerable<Violation> NeededShrinks(ClusterSnapshot snapshot, Plan plan)
    {
        var leaving = Leaving(snapshot, plan);
        var after = Shrunk(snapshot, plan);
        var wanted = (from gang in plan.Gangs.Concat(plan.Claims)
                      from job in snapshot.Pending
                      where job.Standing.Id == gang.Job
                      from task in gang.Tasks
                      select (gang.Job, gang.Cluster, task.Node, Each: job.Roles.FirstOrDefault(role => role.Role == task.Role)?.Each ?? default, task.Devices)).ToArray();
        foreach (var (resize, job, place) in from resize in plan.Resizes
                                             from job in snapshot.Running
                                             where job.Standing.Id == resize.Job
                                             from place in Difference(job, resize).Dropped
                                             select (resize, job, place))
        {
            if (snapshot.Nodes.FirstOrDefault(node => node.Cluster == job.Cluster && node.Name == place.Node) is not { } node) continue;
            var here = wanted.Where(task => task.Cluster == job.Cluster && task.Node == place.Node).ToArray();
            var promised = plan.Reservations.Any(promise => promise.Gang.Cluster == job.Cluster && promise.Gang.Tasks.Any(task => task.Node == place.Node));
            var held = after.Running.Where(other => other.Cluster == job.Cluster && !leaving.Contains(other.Standing.Id)).SelectMany(other => other.Places).Where(other => other.Node == place.Node).ToArray();
            var left = held.Aggregate(node.Capacity, (sum, other) => sum - other.Taken) - here.Aggregate(default(ResourceVector), (sum, task) => sum + task.Each) - place.Taken;
            var collides = here.Any(task => task.Devices.Intersect(place.Devices).Any());
            var isNeeded = here.Any(task => resize.For.Contains(task.Job)) && (promised || collides || left.CpuMillicores < 0 || left.MemoryBytes < 0 || left.Devices < 0);
            if (!isNeeded && resize.For.Count > 0) yield return new(7, resize.For[0], $"takes a place on {place.Node} from {resize.Job} that is not in its way");
        }
    }

    /// <summary>Nobody dies for a gang that would fit on what elastic jobs hold above their minimum.</summary>
    private static IEnumerable<Violation> SurplusBeforeVictims(ClusterSnapshot snapshot, Plan plan)
    {
        // Where machines are promised, and in domains, room is not only a matter of counts.
        if (plan.Reservations.Count > 0) yield break;
        var resized = plan.Resizes.Select(resize => resize.Job).ToHashSet();
        foreach (var (gang, job) in Started(snapshot, plan).Where(start => plan.Evictions.Any(eviction => eviction.For == start.Gang.Job)))
        {
            if (job.Roles is not [var role] || job.Topology is { IsRequired: true }) continue;
            var room = snapshot.Nodes.Where(node => node.Health == NodeHealth.Ready && node.Cluster == gang.Cluster && (role.Each.Devices == 0 || node.Accelerator == gang.Accelerator)).Sum(node => (long)role.Each.TimesIn(Left(node), role.Min));
            if (room >= role.Min) yield return new(7, gang.Job, "evicts though what elastic jobs can spare is enough");

            ResourceVector Left(Node node)
            {
                var held = snapshot.Running.Where(other => other.Cluster == node.Cluster)
                    .SelectMany(other => other.IsStopping || other.IsResizing || resized.Contains(other.Standing.Id) || other.Roles.Count == 0
                        ? other.Places
                        : other.Roles.SelectMany(of => other.Places.Where(place => place.Role == of.Role).Take(of.Min)))
                    .Where(place => place.Node == node.Name);
                var planned = from start in Started(snapshot, plan with { Gangs = [.. plan.Gangs, .. plan.Claims] })
                              where start.Gang.Job != gang.Job && start.Gang.Cluster == node.Cluster
                              from task in start.Gang.Tasks
                              where task.Node == node.Name
                              select start.Job.Roles.FirstOrDefault(of => of.Role == task.Role)?.Each ?? default;
                var left = held.Aggregate(node.Capacity, (sum, place) => sum - place.Taken) - planned.Aggregate(default(ResourceVector), (sum, each) => sum + each);
                return left with { Devices = Math.Max(0, left.Devices) };
            }
        }
    }

    /// <summary>The snapshot once those who give up places, in this plan or before, have done so.</summary>
    private static ClusterSnapshot Shrunk(ClusterSnapshot snapshot, Plan plan) => snapshot with
    {
        Running =
        [
            .. from job in snapshot.Running
               let dropped = plan.Resizes.Where(resize => resize.Job == job.Standing.Id).SelectMany(resize => Difference(job, resize).Dropped).ToList()
               select job with { Places = [.. job.Places.Where(place => !place.IsLeaving && !dropped.Remove(place))] },
        ],
    };

    /// <summary>Tasks where the job held nothing, and places where it has no task any more.</summary>
    private static (TaskPlacement[] Added, HeldPlace[] Dropped) Difference(RunningJob job, PlannedResize resize)
    {
        var held = job.Places.ToList();
        var added = resize.Tasks.Where(task => held.FindIndex(place => place.Role == task.Role && place.Node == task.Node && place.Devices.SequenceEqual(task.Devices)) is not (>= 0 and var index) || !Taken(index)).ToArray();
        return (added, [.. held]);

        bool Taken(int index)
        {
            held.RemoveAt(index);
            return true;
        }
    }
}
