using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Core.Tests.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Small clusters and the jobs on them, for scheduling tests.</summary>
internal static class Worlds
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private const long Gibibyte = 1L << 30;
    private static readonly string[] People = ["ann", "bob", "eve"];

    public static SchedulingPolicy Policy { get; } = new(Level.Defaults) { MovesJobs = true };

    public static Node Node(string name, int devices, string? type = "A100-80G", long cores = 64, NodeHealth health = NodeHealth.Ready, bool assigns = true, string cluster = "local") =>
        new(cluster, name, health, cores * 1000, 512 * Gibibyte, devices == 0 ? null : type, [.. Enumerable.Range(0, devices)], assigns);

    public static PendingJob Pending(
        int sequence, int tasks, int gpus, string owner = "ann", string level = "engineer", JobPriority priority = JobPriority.Normal, int? most = null, long cores = 1, string[]? types = null) =>
        new(Standing(sequence, owner, level, priority), sequence, [new RoleDemand("worker", tasks, most ?? tasks, new ResourceVector(cores * 1000, Gibibyte, gpus), types ?? [])], ["any"], null);

    public static Standing Standing(int sequence, string owner = "ann", string level = "engineer", JobPriority priority = JobPriority.Normal) =>
        new(JobId.FromKey(owner, $"job {sequence}"), owner, level, owner, priority, sequence);

    public static ClusterSnapshot Snapshot(IReadOnlyList<Node> nodes, IReadOnlyList<PendingJob> pending, params RunningJob[] running) => new(1, nodes, pending, running);

    /// <summary>The world after a plan's gangs have started, its victims have gone for good and its elastic jobs changed their size; promises are remembered.</summary>
    public static ClusterSnapshot Applied(ClusterSnapshot snapshot, Plan plan, DateTimeOffset? at = null)
    {
        var started = plan.Gangs.Select(gang =>
        {
            var job = snapshot.Pending.Single(pending => pending.Standing.Id == gang.Job);
            var each = job.Roles.ToDictionary(role => role.Role, role => role.Each);
            return new RunningJob(job.Standing, gang.Cluster, [.. gang.Tasks.Select(task => new HeldPlace(task.Node, each[task.Role], task.Devices) { Role = task.Role })])
            {
                StartedAt = at ?? Now, MaxDuration = job.MaxDuration, Preemptible = job.Preemptible, Roles = job.Roles, Accelerator = gang.Accelerator,
            };
        }).ToArray();
        var resized = plan.Resizes.ToDictionary(resize => resize.Job);
        RunningJob Resized(RunningJob job) => !resized.TryGetValue(job.Standing.Id, out var resize) ? job : job with
        {
            StartedAt = at ?? Now,
            MovedAt = resize.IsMove ? at ?? Now : job.MovedAt,
            Places = [.. resize.Tasks.Select(task => new HeldPlace(task.Node, job.Roles.Single(role => role.Role == task.Role).Each, task.Devices) { Role = task.Role })],
        };
        var ids = plan.Gangs.Select(gang => gang.Job).ToHashSet();
        var promises = plan.Promises(at ?? Now);
        var evicted = plan.Evictions.Select(eviction => eviction.Victim).ToHashSet();
        return snapshot with { Running = [.. snapshot.Running.Where(job => !evicted.Contains(job.Standing.Id)).Select(Resized), .. started], Pending = [.. snapshot.Pending.Where(job => !ids.Contains(job.Standing.Id)).Select(job => job with { Promised = promises.GetValueOrDefault(job.Standing.Id) })] };
    }

    /// <summary>The job with a promise of an instant, and of machines of any kind.</summary>
    public static PendingJob Promised(PendingJob job, DateTimeOffset? from) =>
        job with { Promised = from is { } at ? new PlannedReservation(new PlannedGang(job.Standing.Id, job.Revision, "local", null, []), at) : null };

    private static readonly Gen<Node[]> Nodes =
        from count in Gen.Int[1, 6]
        from nodes in (
            from devices in Gen.OneOf(0, 2, 4, 8)
            from type in Gen.OneOf("A100-80G", "V100-32G")
            from cores in Gen.Int[1, 16]
            from health in Gen.Frequency((8, NodeHealth.Ready), (1, NodeHealth.Suspect), (1, NodeHealth.Draining))
            from assigns in Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))
            from cluster in Gen.Frequency((3, Gen.Const("local")), (1, Gen.Const("west")))
            from foreign in Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 3]))
            select (devices, type, cores, health, assigns, cluster, foreign)).Array[count]
        select nodes.Select((n, i) => Node($"n{i}", n.devices, n.type, n.cores, n.health, n.assigns, n.cluster) with
        {
            Foreign = new ResourceVector(Math.Min(n.foreign, n.cores) * 1000, n.foreign * Gibibyte, n.assigns ? 0 : Math.Min(n.foreign, n.devices)),
        }).ToArray();

    private static readonly Gen<RoleDemand> Role =
        from tasks in Gen.Int[1, 4]
        from surplus in Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 4]))
        from gpus in Gen.OneOf(0, 1, 1, 2, 4, 8)
        from cores in Gen.Int[0, 6]
        from types in Gen.OneOf<string[]>([], [], ["A100-80G"], ["V100-32G", "A100-80G"], ["H100-80G"])
        select new RoleDemand("worker", tasks, tasks + surplus, new ResourceVector(cores * 1000, Gibibyte, gpus), types);

    /// <summary>A person has one level.</summary>
    private static readonly Gen<PendingJob[]> Jobs =
        from levels in Gen.OneOf("intern", "engineer", "senior", "unknown").Array[3]
        from jobs in (
            from roles in Gen.Frequency((3, Role.Array[1]), (1, Role.Array[2]))
            from owner in Gen.Int[0, 2]
            from priority in Gen.Enum<JobPriority>()
            from clusters in Gen.OneOf<string[]>(["any"], ["any"], ["west"], ["nowhere"])
            from held in Gen.Frequency((6, Gen.Const(0)), (1, Gen.Const(10)))
            select (roles, owner, priority, clusters, held)).Array[0, 14]
        select jobs.Select((j, i) => new PendingJob(
            Standing(i, People[j.owner], levels[j.owner], j.priority), i,
            j.roles.Length == 1 ? j.roles : [j.roles[0] with { Role = "master" }, j.roles[1]],
            j.clusters, j.held == 0 ? null : Now + TimeSpan.FromSeconds(j.held))).ToArray();

    private static readonly Gen<SchedulingPolicy> Policies =
        from gpus in Gen.OneOf<int?>(null, null, 4, 10)
        from perJob in Gen.OneOf<int?>(null, null, 3, 8)
        from running in Gen.OneOf<int?>(null, null, 1, 3)
        select new SchedulingPolicy([new Level("intern", 10, MaxGpus: gpus, MaxRunning: running), new Level("engineer", 20, MaxGpus: gpus * 2, MaxGpusPerJob: perJob), new Level("senior", 30)]) { MovesJobs = true };

    /// <summary>A cluster on which some jobs already run (placed by an earlier plan) and others wait.</summary>
    public static Gen<(ClusterSnapshot Snapshot, SchedulingPolicy Policy)> Random { get; } =
        from nodes in Nodes
        from jobs in Jobs
        from earlier in Gen.Int[0, 6]
        from ran in Gen.OneOf(0, 1)
        from policy in Policies
        from marks in Marks.Any
        select (Marks.Late(marks, Begun(Snapshot(Marks.Early(marks, nodes), Marks.On(marks, jobs)), earlier, policy, Now - TimeSpan.FromHours(ran))), policy);

    private static readonly string[] Types = QuotaWorlds.Types;

    private static readonly Gen<Node[]> SharedNodes =
        from nodes in (
            from devices in Gen.OneOf(2, 4, 8)
            from type in Gen.OneOf(Types)
            from assigns in Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))
            from health in Gen.Frequency((9, NodeHealth.Ready), (1, NodeHealth.Draining))
            from cluster in Gen.Frequency((4, Gen.Const("local")), (1, Gen.Const("west")))
            from foreign in Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 9]))
            select (devices, type, assigns, health, cluster, foreign)).Array[1, 5]
        select nodes.Select((n, i) => Node($"n{i}", n.devices, n.type, 10, n.health, n.assigns, n.cluster) with
        {
            Rdma = 2,
            Foreign = new ResourceVector(n.foreign * 1000, 0, n.assigns ? 0 : n.foreign / 5),
        }).ToArray();

    private static readonly Gen<ResourceVector> Each =
        from devices in Gen.OneOf(0, 1, 1, 2, 4)
        from milli in Gen.OneOf(0, 300, 500, 800)
        from cores in Gen.Int[0, 3]
        from rdma in Gen.Frequency((5, Gen.Const(0)), (1, Gen.Const(1)))
        select new ResourceVector(devices == 0 ? Math.Max(1, cores) * 1000 : cores * 1000, Gibibyte, devices) { Rdma = rdma, Milli = devices == 0 ? milli : 0 };

    private static readonly Gen<PendingJob[]> QueuedJobs =
        from levels in Gen.OneOf("intern", "engineer", "senior").Array[3]
        from jobs in (
            from work in (
                from each in Each
                from tasks in Gen.Frequency((3, Gen.Const(1)), (1, Gen.Int[2, 3]))
                from surplus in Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 3]))
                from types in Gen.OneOf<string[]>([], ["A100"], ["V100"], ["V100", "A100"])
                select new RoleDemand("worker", tasks, tasks + surplus, each, types))
            from owner in Gen.Int[0, 2]
            from queue in Gen.Int[0, 7]
            from priority in Gen.Enum<JobPriority>()
            from isProtected in Gen.Frequency((5, Gen.Const(false)), (1, Gen.Const(true)))
            from hours in Gen.OneOf(0, 1, 3, 40)
            from mark in Gen.Frequency((8, Gen.Const(0)), (1, Gen.Const(1)), (1, Gen.Const(2)), (1, Gen.Const(3)), (1, Gen.Const(4)))
            select (work, owner, queue, priority, isProtected, hours, mark)).Array[0, 14]
        select jobs.Select((j, i) => Promised(new PendingJob(Standing(i, People[j.owner], levels[j.owner], j.priority) with { Queue = $"{j.queue}" }, i, [j.work], ["any"], j.mark == 1 ? Now + TimeSpan.FromSeconds(10) : null)
        {
            Preemptible = !j.isProtected,
            MaxDuration = j.hours == 0 ? null : TimeSpan.FromHours(j.hours),
            SubmittedAt = Now - TimeSpan.FromHours(j.hours * 2),
            IsRepair = j.mark == 2,
            WasEvicted = j.mark == 4,
        }, j.mark == 3 ? Now - TimeSpan.FromMinutes(1) : null)).ToArray();

    /// <summary>Teams with quotas, shares of devices, jobs that may not be evicted, repairs, promises and jobs that outstay their time.</summary>
    public static Gen<(ClusterSnapshot Snapshot, SchedulingPolicy Policy)> WithQueues { get; } =
        from queues in QuotaWorlds.Teams
        from orderings in Gen.Enum<QueueOrdering>().Array[7]
        from nodes in SharedNodes
        from jobs in QueuedJobs
        from earlier in Gen.Int[0, 9]
        from ran in Gen.OneOf(0, 2, 30)
        from stopping in Gen.Frequency((4, Gen.Const(-1)), (1, Gen.Int[0, 5]))
        from policy in Policies
        from marks in Marks.Any
        let teams = queues.Select((queue, i) => queue with { Ordering = orderings[i] }).ToArray()
        let named = jobs.Select(job => job with { Standing = job.Standing with { Queue = QuotaWorlds.NameOf(teams, int.Parse(job.Standing.Queue, CultureInfo.InvariantCulture)) } }).ToArray()
        let rules = policy with { Queues = teams }
        select (Marks.Late(marks, Stopping(Begun(Snapshot(Marks.Early(marks, nodes), Marks.On(marks, named)), earlier, rules, Now - TimeSpan.FromHours(ran)), stopping)), rules);

    private static ClusterSnapshot Stopping(ClusterSnapshot snapshot, int index) => snapshot with { Running = [.. snapshot.Running.Select((job, i) => job with { IsStopping = i == index })] };

    private static ClusterSnapshot Begun(ClusterSnapshot snapshot, int earlier, SchedulingPolicy policy, DateTimeOffset at)
    {
        var first = snapshot with { Pending = [.. snapshot.Pending.Take(earlier)] };
        var begun = Applied(first, Scheduler.Plan(first, policy, at), at);
        return begun with { Pending = [.. begun.Pending, .. snapshot.Pending.Skip(earlier)] };
    }
}
