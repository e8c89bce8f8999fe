using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Small clusters and the jobs on them, for scheduling tests.</summary>
internal static class Worlds
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private const long Gibibyte = 1L << 30;
    private static readonly string[] People = ["ann", "bob", "eve"];

    public static SchedulingPolicy Policy { get; } = new(Level.Defaults);

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
            Places = [.. resize.Tasks.Select(task => new HeldPlace(task.Node, job.Roles.Single(role => role.Role == task.Role).Each, task.Devices) { Role = task.Role })],
        };
        var ids = plan.Gangs.Select(gang => gang.Job).ToHashSet();
        var evicted = plan.Evictions.Select(eviction => eviction.Victim).ToHashSet();
        return snapshot with { Running = [.. snapshot.Running.Where(job => !evicted.Contains(job.Standing.Id)).Select(Resized), .. started], Pending = [.. snapshot.Pending.Where(job => !ids.Contains(job.Standing.Id)).Select(job => job with { PromisedFrom = plan.Reservations.FirstOrDefault(promise => promise.Gang.Job == job.Standing.Id)?.From })] };
    }

    private static readonly Gen<Node[]> Nodes =
        from count in Gen.Int[1, 6]
        from nodes in (
            from devices in Gen.OneOf(0, 2, 4, 8)
            from type in Gen.OneOf("A100-80G", "V100-32G")
            from cores in Gen.Int[1, 16]
            from health in Gen.Frequency((8, NodeHealth.Ready), (1, NodeHealth.Suspect), (1, NodeHealth.Draining))
            from assigns in Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))
            from cluster in Gen.Frequency((3, Gen.Const("local")), (1, Gen.Const("west")))
            select (devices, type, cores, health, assigns, cluster)).Array[count]
        select nodes.Select((n, i) => Node($"n{i}", n.devices, n.type, n.cores, n.health, n.assigns, n.cluster)).ToArray();

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
        select new SchedulingPolicy([new Level("intern", 10, MaxGpus: gpus, MaxRunning: running), new Level("engineer", 20, MaxGpus: gpus * 2, MaxGpusPerJob: perJob), new Level("senior", 30)]);

    /// <summary>A cluster on which some jobs already run (placed by an earlier plan) and others wait.</summary>
    public static Gen<(ClusterSnapshot Snapshot, SchedulingPolicy Policy)> Random { get; } =
        from nodes in Nodes
        from jobs in Jobs
        from earlier in Gen.Int[0, 6]
        from ran in Gen.OneOf(0, 1)
        from policy in Policies
        select (Begun(Snapshot(nodes, jobs), earlier, policy, Now - TimeSpan.FromHours(ran)), policy);

    private static ClusterSnapshot Begun(ClusterSnapshot snapshot, int earlier, SchedulingPolicy policy, DateTimeOffset at)
    {
        var first = snapshot with { Pending = [.. snapshot.Pending.Take(earlier)] };
        var begun = Applied(first, Scheduler.Plan(first, policy, at), at);
        return begun with { Pending = [.. begun.Pending, .. snapshot.Pending.Skip(earlier)] };
    }
}
