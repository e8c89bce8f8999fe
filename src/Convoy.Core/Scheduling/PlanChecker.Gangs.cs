using Convoy.Core.Jobs;
using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether every job is named once, every gang is whole (1) and lands on what is well and lets it (12).</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> EveryJobOnce(CheckedWorld world)
    {
        var mentioned = world.Plan.Gangs.Select(gang => gang.Job).Concat(world.Plan.Waiting.Select(waiting => waiting.Job)).ToArray();
        foreach (var twice in mentioned.CountBy(id => id).Where(count => count.Value > 1)) yield return new(1, twice.Key, "is mentioned more than once");
        foreach (var id in mentioned.Where(id => !world.Pending.ContainsKey(id))) yield return new(1, id, "is not pending");
        foreach (var claim in world.Plan.Claims.Where(claim => !world.Pending.ContainsKey(claim.Job))) yield return new(1, claim.Job, "is not pending, and places are kept for it");
    }

    private static IEnumerable<Violation> EveryJobExplained(CheckedWorld world) =>
        world.Pending.Keys.Except(world.Plan.Gangs.Select(gang => gang.Job).Concat(world.Plan.Waiting.Select(waiting => waiting.Job)))
            .Select(id => new Violation(10, id, "is neither started nor explained"));

    private static IEnumerable<Violation> WholeGangs(CheckedWorld world)
    {
        foreach (var gang in world.Gangs)
        {
            var job = gang.Job;
            foreach (var role in job.Roles)
            {
                var count = gang.Tasks.Count(task => task.Role == role);
                if (count < role.Min || count > role.Max) yield return new(1, gang.Id, $"has {count} tasks of role {role.Role}, not {role.Min} to {role.Max}");
            }

            if (!InOrder(gang.Planned.Tasks, job.Roles)) yield return new(1, gang.Id, "does not count its ranks from 0, role after role");
            if (gang.Planned.JobRevision != job.Revision) yield return new(13, gang.Id, $"was planned at revision {gang.Planned.JobRevision}, and is at {job.Revision}");
            if (gang.Tasks.Any(task => task.Role is null)) yield return new(1, gang.Id, "has a task of no role");
            if (!AllowsCluster(job, gang.Planned.Cluster)) yield return new(1, gang.Id, $"may not run on cluster {gang.Planned.Cluster}");
            foreach (var task in gang.Tasks)
            {
                if (task.Each.MilliDevices == 0 || world.NodeAt(gang.Planned.Cluster, task.Placement.Node) is not { } place) continue;
                if (place.Node.Accelerator != gang.Planned.Accelerator) yield return new(1, gang.Id, $"mixes accelerators: {place.Node.Name} has {place.Node.Accelerator}");
                if (!Accepts(task.Role!, place.Node.Accelerator)) yield return new(1, gang.Id, $"does not accept {place.Node.Accelerator}");
            }
        }
    }

    /// <summary>Frameworks look for their leader at rank 0: role after role, and each role's tasks from 0.</summary>
    private static bool InOrder(IReadOnlyList<TaskPlacement> tasks, IReadOnlyList<RoleDemand> roles) =>
        tasks.Select(task => (task.Rank, task.Role, task.RoleIndex)).SequenceEqual(
            roles.SelectMany(role => Enumerable.Range(0, tasks.Count(task => task.Role == role.Role)), (role, index) => (role.Role, index)).Select((task, rank) => (rank, task.Role, task.index)));

    private static bool AllowsCluster(PendingJob job, string cluster) => job.Clusters.Contains("any") || job.Clusters.Contains(cluster);

    private static bool Accepts(RoleDemand role, string? accelerator) =>
        role.Each.MilliDevices == 0 || (accelerator is not null && (role.Accelerators.Count == 0 || role.Accelerators.Contains(accelerator)));

    private static IEnumerable<Violation> HealthyNodes(CheckedWorld world) =>
        from gang in world.Gangs.Concat(world.Growths).Concat(world.Moves)
        from task in gang.Tasks
        let place = world.NodeAt(gang.Planned.Cluster, task.Placement.Node)
        where place is not null && place.Node.Health != NodeHealth.Ready
        select new Violation(12, gang.Blamed, $"lands on {place.Node.Name}, which is {place.Node.Health}");

    private static IEnumerable<Violation> AllowedNodes(CheckedWorld world)
    {
        var promised = world.Plan.Reservations.Where(promise => world.Pending.ContainsKey(promise.Gang.Job)).Select(promise => new CheckedGang(promise.Gang, world.Pending[promise.Gang.Job], Begin.Later));
        return from gang in world.Gangs.Concat(world.Claims).Concat(world.Growths).Concat(world.Moves).Concat(promised)
               from task in gang.Tasks
               let place = world.NodeAt(gang.Planned.Cluster, task.Placement.Node)
               where place is not null && task.Role is not null && !Landing.IsAllowed(task.Role, place.Node)
               select new Violation(12, gang.Blamed, $"lands on {place.Node.Name}, whose labels and taints keep it away");
    }
}
