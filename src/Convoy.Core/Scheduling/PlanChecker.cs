using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <param name="Guarantee">Its number in the scheduler's contract.</param>
/// <param name="Job">The gang to drop.</param>
public sealed record Violation(int Guarantee, JobId Job, string Message);

/// <summary>A plan that was checked: what is left of it is safe to apply.</summary>
public sealed record CheckedPlan(Plan Plan, IReadOnlyList<Violation> Violations);

/// <summary>
/// Proves a plan against its snapshot without sharing a line with the scheduler: slow, obvious and independent. A plan
/// may not create or worsen a violation; what was wrong before (a cap lowered, a device dead) halts nothing.
/// </summary>
public static partial class PlanChecker
{
    /// <summary>Drops every gang that violates a guarantee, and checks the rest again until nothing is wrong.</summary>
    public static CheckedPlan Check(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now)
    {
        var violations = new List<Violation>();
        var bad = new HashSet<JobId>();
        while (true)
        {
            // What was dropped is of course no longer started: that is said already.
            var found = Violations(snapshot, policy, plan, now).Where(violation => !bad.Contains(violation.Job)).ToArray();
            violations.AddRange(found);
            bad.UnionWith(found.Select(violation => violation.Job));
            var kept = plan.Gangs.Where(gang => !bad.Contains(gang.Job)).ToArray();
            var evictions = plan.Evictions.Where(eviction => !bad.Contains(eviction.For)).ToArray();
            var resizes = plan.Resizes.Where(resize => !bad.Contains(resize.Job) && !resize.For.Any(bad.Contains)).ToArray();
            if (kept.Length == plan.Gangs.Count && evictions.Length == plan.Evictions.Count && resizes.Length == plan.Resizes.Count) return new CheckedPlan(plan, violations);
            plan = plan with { Gangs = kept, Claims = [.. plan.Claims.Where(claim => !bad.Contains(claim.Job))], Evictions = evictions, Resizes = resizes };
        }
    }

    public static IReadOnlyList<Violation> Violations(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now) =>
    [
        .. EveryJobOnce(snapshot, plan),
        .. WholeGangs(snapshot, plan),
        .. Capacity(snapshot, [], plan.Gangs.Where(gang => !plan.MustWait(gang.Job))),
        .. Capacity(Shrunk(snapshot, plan), Leaving(snapshot, plan), plan.Gangs.Concat(plan.Claims)),
        .. LegalEvictions(snapshot, policy, plan, now),
        .. NeededEvictions(Shrunk(snapshot, plan), plan),
        .. Resizes(snapshot, policy, plan, now),
        .. Caps(snapshot, policy, plan),
        .. TrueReasons(snapshot, policy, plan),
        .. HealthyNodes(snapshot, plan),
    ];

    private static IEnumerable<Violation> EveryJobOnce(ClusterSnapshot snapshot, Plan plan)
    {
        var mentioned = plan.Gangs.Select(gang => gang.Job).Concat(plan.Waiting.Select(waiting => waiting.Job)).ToArray();
        foreach (var twice in mentioned.GroupBy(id => id).Where(group => group.Count() > 1)) yield return new(1, twice.Key, "is mentioned more than once");
        foreach (var id in snapshot.Pending.Select(job => job.Standing.Id).Except(mentioned)) yield return new(10, id, "is neither started nor explained");
        foreach (var id in mentioned.Except(snapshot.Pending.Select(job => job.Standing.Id))) yield return new(1, id, "is not pending");
    }

    private static IEnumerable<Violation> WholeGangs(ClusterSnapshot snapshot, Plan plan)
    {
        foreach (var (gang, job) in Started(snapshot, plan))
        {
            foreach (var role in job.Roles)
            {
                var count = gang.Tasks.Count(task => task.Role == role.Role);
                if (count < role.Min || count > role.Max) yield return new(1, gang.Job, $"has {count} tasks of role {role.Role}, not {role.Min} to {role.Max}");
            }

            if (!gang.Tasks.Select(task => task.Rank).SequenceEqual(Enumerable.Range(0, gang.Tasks.Count))) yield return new(1, gang.Job, "does not count its ranks from 0");
            if (!RolesInOrder(gang, job)) yield return new(1, gang.Job, "does not count its ranks through the roles in order");
            if (gang.JobRevision != job.Revision) yield return new(13, gang.Job, $"was planned at revision {gang.JobRevision}, and is at {job.Revision}");
            if (gang.Tasks.Any(task => job.Roles.All(role => role.Role != task.Role))) yield return new(1, gang.Job, "has a task of no role");
            if (!job.Clusters.Contains("any") && !job.Clusters.Contains(gang.Cluster)) yield return new(1, gang.Job, $"may not run on cluster {gang.Cluster}");
            foreach (var task in gang.Tasks)
            {
                var role = job.Roles.FirstOrDefault(r => r.Role == task.Role);
                var node = snapshot.Nodes.FirstOrDefault(n => n.Cluster == gang.Cluster && n.Name == task.Node);
                if (role is null || role.Each.Devices == 0 || node is null) continue;
                if (node.Accelerator != gang.Accelerator) yield return new(1, gang.Job, $"mixes accelerators: {task.Node} has {node.Accelerator}");
                if (role.Accelerators.Count > 0 && !role.Accelerators.Contains(node.Accelerator!)) yield return new(1, gang.Job, $"does not accept {node.Accelerator}");
            }
        }
    }

    /// <summary>Frameworks look for their leader at rank 0: role after role, and each role's tasks from 0.</summary>
    private static bool RolesInOrder(PlannedGang gang, PendingJob job) =>
        gang.Tasks.Select(task => (task.Role, task.RoleIndex)).SequenceEqual(job.Roles.SelectMany(
            role => Enumerable.Range(0, gang.Tasks.Count(task => task.Role == role.Role)), (role, index) => (role.Role, index)));

    /// <param name="gone">Running jobs that are counted no more.</param>
    private static IEnumerable<Violation> Capacity(ClusterSnapshot snapshot, HashSet<JobId> gone, IEnumerable<PlannedGang> gangs)
    {
        var used = new Dictionary<(string, string), (ResourceVector Sum, HashSet<int> Devices)>();
        foreach (var running in snapshot.Running.Where(job => !gone.Contains(job.Standing.Id)))
        {
            foreach (var place in running.Places)
            {
                var (sum, devices) = used.GetValueOrDefault((running.Cluster, place.Node), (default, []));
                devices.UnionWith(place.Devices);
                used[(running.Cluster, place.Node)] = (sum + place.Taken, devices);
            }
        }

        foreach (var (gang, job) in gangs.Join(snapshot.Pending, gang => gang.Job, job => job.Standing.Id, (gang, job) => (gang, job)))
        {
            foreach (var task in gang.Tasks)
            {
                var node = snapshot.Nodes.FirstOrDefault(n => n.Cluster == gang.Cluster && n.Name == task.Node);
                var role = job.Roles.FirstOrDefault(r => r.Role == task.Role);
                if (node is null || role is null)
                {
                    yield return new(2, gang.Job, $"uses node {task.Node}, which is not there");
                    continue;
                }

                var (sum, devices) = used.GetValueOrDefault((gang.Cluster, task.Node), (default, []));
                sum += role.Each;
                used[(gang.Cluster, task.Node)] = (sum, devices);
                if (Overdrawn(role.Each, sum, node)) yield return new(2, gang.Job, $"oversubscribes node {task.Node}");
                if (!node.AssignsDevices) continue;
                if (task.Devices.Count != role.Each.Devices) yield return new(2, gang.Job, $"gets {task.Devices.Count} devices on {task.Node}, not {role.Each.Devices}");
                foreach (var device in task.Devices)
                {
                    if (!node.Devices.Contains(device)) yield return new(2, gang.Job, $"uses device {device} of {task.Node}, which is not there");
                    if (!devices.Add(device)) yield return new(2, gang.Job, $"shares device {device} of {task.Node}");
                }
            }
        }

        // A node may be overdrawn already (a device died): what a task does not ask for it cannot make worse.
        static bool Overdrawn(ResourceVector asked, ResourceVector sum, Node node) =>
            (asked.CpuMillicores > 0 && sum.CpuMillicores > node.CpuMillicores)
            || (asked.MemoryBytes > 0 && sum.MemoryBytes > node.MemoryBytes)
            || (asked.Devices > 0 && !node.AssignsDevices && sum.Devices > node.Devices.Count);
    }

    private static IEnumerable<Violation> Caps(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan)
    {
        var jobs = new Dictionary<string, int>();
        var devices = new Dictionary<string, int>();
        foreach (var running in snapshot.Running)
        {
            Add(jobs, running.Standing.Owner, 1);
            Add(devices, running.Standing.Owner, running.Places.Sum(place => place.Taken.Devices));
        }

        foreach (var (gang, job) in Started(snapshot, plan))
        {
            var owner = job.Standing.Owner;
            var taken = gang.Tasks.Sum(task => job.Roles.FirstOrDefault(role => role.Role == task.Role)?.Each.Devices ?? 0);
            Add(jobs, owner, 1);
            Add(devices, owner, taken);
            if (policy.Levels.FirstOrDefault(l => l.Name == job.Standing.Level) is not { } level) continue;
            if (jobs[owner] > level.MaxRunning) yield return new(3, gang.Job, $"is {owner}'s running job number {jobs[owner]} of {level.MaxRunning}");
            if (taken > level.MaxGpusPerJob) yield return new(3, gang.Job, $"takes {taken} devices of {level.MaxGpusPerJob} per job");
            if (taken > 0 && devices[owner] > level.MaxGpus) yield return new(3, gang.Job, $"brings {owner} to {devices[owner]} devices of {level.MaxGpus}");
        }

        static void Add(Dictionary<string, int> to, string key, int amount) => to[key] = to.GetValueOrDefault(key) + amount;
    }

    private static IEnumerable<Violation> HealthyNodes(ClusterSnapshot snapshot, Plan plan) =>
        from gang in plan.Gangs
        from task in gang.Tasks
        from node in snapshot.Nodes
        where node.Cluster == gang.Cluster && node.Name == task.Node && node.Health != NodeHealth.Ready
        select new Violation(12, gang.Job, $"lands on {node.Name}, which is {node.Health}");

    private static IEnumerable<(PlannedGang Gang, PendingJob Job)> Started(ClusterSnapshot snapshot, Plan plan) =>
        plan.Gangs.Join(snapshot.Pending, gang => gang.Job, job => job.Standing.Id, (gang, job) => (gang, job));
}
