using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>All that a decision may depend on, frozen. The order of its lists has no meaning.</summary>
public sealed record ClusterSnapshot(
    long Revision,
    IReadOnlyList<Node> Nodes,
    IReadOnlyList<PendingJob> Pending,
    IReadOnlyList<RunningJob> Running)
{
    /// <summary>What each queue, with all below it, has used of late: the decayed dominant share, in units of 2^-40 of everything held for ever. Who is not in it has used nothing.</summary>
    public IReadOnlyDictionary<string, long> QueueShares { get; init; } = new Dictionary<string, long>();

    /// <summary>The same of each person in all queues.</summary>
    public IReadOnlyDictionary<string, long> UserShares { get; init; } = new Dictionary<string, long>();
}

/// <param name="Devices">Indexes of its healthy devices, of type <paramref name="Accelerator"/>.</param>
/// <param name="AssignsDevices">Whether the cluster hands out single devices; elsewhere they are only counted.</param>
public sealed record Node(
    string Cluster,
    string Name,
    NodeHealth Health,
    long CpuMillicores,
    long MemoryBytes,
    string? Accelerator,
    IReadOnlyList<int> Devices,
    bool AssignsDevices)
{
    /// <summary>Domains that hold the node, outermost first (region, zone, block, rack); empty where the cluster tells none.</summary>
    public IReadOnlyList<string> Topology { get; init; } = [];

    /// <summary>The InfiniBand or other fabric that the node is on; it lies between zone and block.</summary>
    public string? Fabric { get; init; }

    /// <summary>Devices that reach each other fast (NVLink islands, NUMA groups); they may nest. None means that all are alike.</summary>
    public IReadOnlyList<IReadOnlyList<int>> DeviceGroups { get; init; } = [];

    public int Rdma { get; init; }

    /// <summary>What others than Convoy's jobs take of it; devices they hold are not among its devices where single ones are handed out.</summary>
    public ResourceVector Foreign { get; init; }

    /// <summary>By which tasks may choose it.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init => field = value ?? NoLabels; } = NoLabels;

    /// <summary>Only who tolerates them lands on it.</summary>
    public IReadOnlyList<Taint> Taints { get; init => field = value ?? []; } = [];

    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    public ResourceVector Capacity => new(CpuMillicores, MemoryBytes, Devices.Count) { Rdma = Rdma };

    public static Node Of(string cluster, NodeObservation seen) => new(
        cluster, seen.Name, seen.Health, seen.CpuMillicores, seen.MemoryBytes, seen.Accelerator, seen.Devices, seen.AssignsDevices)
    {
        Topology = seen.Topology,
        Fabric = seen.Fabric,
        DeviceGroups = seen.DeviceGroups,
        Rdma = seen.Rdma,
        Foreign = seen.Foreign,
        Labels = seen.Labels,
        Taints = seen.Taints,
    };
}

/// <summary>What decides who goes first.</summary>
public sealed record Standing(JobId Id, string Owner, string Level, string Queue, JobPriority Priority, long SubmitSequence)
{
    /// <summary>Time on machines in attempts that have ended.</summary>
    public TimeSpan Served { get; init; }

    public static Standing Of(Job job) => new(job.Id, job.Owner, job.Level, job.Queue, job.Spec.Priority, job.Place)
    {
        Served = job.Attempts.Where(attempt => attempt is { RunningAt: not null, EndedAt: not null }).Aggregate(TimeSpan.Zero, (sum, attempt) => sum + (attempt.EndedAt!.Value - attempt.RunningAt!.Value)),
    };
}

/// <summary>Data sets on their way to where a job may run.</summary>
/// <param name="Bytes">Of all of it.</param>
/// <param name="Copied">Of these, what is there.</param>
/// <param name="ReadyAt">At the pace of late; null where nothing is known.</param>
public sealed record AwaitedData(long Bytes, long Copied, DateTimeOffset? ReadyAt)
{
    /// <summary>It cannot be copied now, and is tried again.</summary>
    public bool IsStuck { get; init; }
}

/// <summary>A job that waits for machines.</summary>
/// <param name="Revision">A plan's decision about the job is dropped where it has another revision by then.</param>
/// <param name="Clusters">Names, or <c>any</c>.</param>
public sealed record PendingJob(
    Standing Standing,
    long Revision,
    IReadOnlyList<RoleDemand> Roles,
    IReadOnlyList<string> Clusters,
    DateTimeOffset? NotBefore)
{
    /// <summary>Whether another job may evict this one once it runs.</summary>
    public bool Preemptible { get; init; } = true;

    /// <summary>Declared by its owner; null means no limit.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>Null means as close together as may be.</summary>
    public TopologyWish? Topology { get; init; }

    /// <summary>It starts nowhere before this is there; null where all that it reads is.</summary>
    public AwaitedData? Data { get; init; }

    public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>What the plan before promised: these machines from then on. Kept, but for a higher level, a reclaim of nominal, a failure, and whom it yields to (docs/decisions/0011); null where nothing was promised.</summary>
    public PlannedReservation? Promised { get; init; }

    public DateTimeOffset? PromisedFrom => Promised?.From;

    /// <summary>It lost a node and waits to be whole again: before its equals.</summary>
    public bool IsRepair { get; init; }

    /// <summary>A higher level took its machines, or who had a right to them, and it waits in its old place: before what was promised to equals behind it as it ran.</summary>
    public bool WasEvicted { get; init; }

    public static PendingJob Of(Job job) => new(
        Standing.Of(job), job.Revision, [.. RoleDemand.AllOf(job.Spec)], job.Spec.Placement.Clusters, job.NotBefore)
    {
        Preemptible = job.Spec.Preemptible,
        MaxDuration = job.Spec.Limits.MaxDuration,
        SubmittedAt = job.Retried?.At ?? job.SubmittedAt,
        Topology = TopologyWish.Of(job.Spec),
        IsRepair = job.AttemptsSinceRetry.LastOrDefault() is { } last && (last.StopCause == StopCause.NodeLost
            || (last.StopCause == StopCause.TaskFailed && job.Failure is { Class: FailureClass.Platform or FailureClass.Infrastructure } failure && failure.Attempt == last.Number)),
        WasEvicted = job.AttemptsSinceRetry.LastOrDefault(attempt => attempt.StopCause != StopCause.NotBound) is { StopCause: StopCause.Preempted, EvictionCause: EvictionCause.Level or EvictionCause.Reclaim },
    };

    /// <summary>Types that every role with devices accepts, in the first one's order; null means any.</summary>
    public IReadOnlyList<string>? AcceptableAccelerators
    {
        get
        {
            var lists = Roles.Where(role => role.UsesDevices && role.Accelerators.Count > 0).Select(role => role.Accelerators).ToArray();
            return lists.Length == 0 ? null : [.. lists[0].Where(type => lists.All(list => list.Contains(type)))];
        }
    }

    public int MinDevices => Roles.Sum(role => role.Min * role.Each.Devices);

    public ResourceVector MinTotal => Roles.Aggregate(default(ResourceVector), (sum, role) => sum + (role.Each * role.Min));

    public bool UsesDevices => Roles.Any(role => role.UsesDevices);

    public int MinTasks => Roles.Sum(role => role.Min);
}

/// <summary>A job that holds machines, stopping ones included.</summary>
/// <param name="Places">In rank order.</param>
public sealed record RunningJob(Standing Standing, string Cluster, IReadOnlyList<HeldPlace> Places)
{
    /// <summary>An eviction is dropped where the job has another revision by then.</summary>
    public long Revision { get; init; }

    public bool Preemptible { get; init; } = true;

    /// <summary>Told to stop already: what it holds is free soon, and it cannot be evicted again.</summary>
    public bool IsStopping { get; init; }

    /// <summary>The job that the devices of a stopping one are promised to; null where it stops for another cause.</summary>
    public JobId? StoppingFor { get; init; }

    /// <summary>When this attempt got its machines.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it last changed its size in this attempt; null where it never did.</summary>
    public DateTimeOffset? ResizedAt { get; init; }

    /// <summary>Since when it has the size that it has.</summary>
    public DateTimeOffset SizedAt => ResizedAt > StartedAt ? ResizedAt.Value : StartedAt;

    /// <summary>Told to go on at another size already: it keeps its places but those that it leaves, and is not resized again before it runs.</summary>
    public bool IsResizing { get; init; }

    /// <summary>On its way from some places to others.</summary>
    public bool IsMoving => IsResizing && Places.Any(place => place.IsComing);

    /// <summary>What each role may have, in rank order; empty where the size is not to change.</summary>
    public IReadOnlyList<RoleDemand> Roles { get; init; } = [];

    /// <summary>The one type of its devices; null where it has none.</summary>
    public string? Accelerator { get; init; }

    /// <summary>When work was last saved in this attempt; null where it never was.</summary>
    public DateTimeOffset? CheckpointedAt { get; init; }

    /// <summary>Longest that one attempt may run; null means no limit.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>When it was last moved to join fragments; null where it never was.</summary>
    public DateTimeOffset? MovedAt { get; init; }

    /// <summary>How close together its tasks are to stay where it is moved; null means as close as may be.</summary>
    public TopologyWish? Topology { get; init; }

    public int Devices
    {
        get
        {
            var devices = 0;
            for (var i = 0; i < Places.Count; i++) devices += Places[i].IsComing ? 0 : Places[i].Taken.Devices;
            return devices;
        }
    }

    /// <summary>The part of the job that is on its way out.</summary>
    public RunningJob WhatLeaves() => IsStopping ? this : this with { Places = [.. Places.Where(place => place.IsLeaving)] };

    /// <summary>Thousandths of devices that it holds however much of its surplus it gives: those of its minimum.</summary>
    public long MinMilliDevices() => Places.Where(place => !place.IsLeaving).Sum(place => place.Taken.MilliDevices)
        - Roles.Sum(role => Places.Where(place => !place.IsLeaving && place.Role == role.Role).Skip(role.Min).Sum(place => place.Taken.MilliDevices));

    /// <summary>Device time that is lost if the job dies now; more than a year of work counts as a year, so that sums stay in range.</summary>
    /// <param name="since">When work was last saved, in ticks.</param>
    public static TimeSpan LostSince(long since, DateTimeOffset now, in ResourceVector held)
    {
        var ticks = Math.Clamp(now.UtcTicks - since, 0, TimeSpan.TicksPerDay * 365);
        return TimeSpan.FromTicks((ticks * held.Devices) + (ticks / 1000 * held.Milli));
    }

    /// <summary>Null where the job holds nothing.</summary>
    public static RunningJob? Of(Job job)
    {
        if (job.Current is not { } attempt) return null;
        var demands = RoleDemand.AllOf(job.Spec).ToDictionary(role => role.Role);
        var isElastic = demands.Values.Any(role => role.Max > role.Min);
        return new RunningJob(Standing.Of(job), attempt.Cluster,
            [.. attempt.Holding.Select(task => new HeldPlace(task.Placement.Node, demands[task.Placement.Role].Each, task.Placement.Devices) { Role = task.Placement.Role, IsLeaving = !task.IsMember })])
        {
            Revision = job.Revision,
            Preemptible = job.Spec.Preemptible,
            IsStopping = job.Phase == JobPhase.Stopping,
            StoppingFor = attempt.EvictedFor,
            StartedAt = attempt.AssignedAt,
            ResizedAt = attempt.ResizedAt,
            IsResizing = job.Phase != JobPhase.Stopping && attempt.IsResizing,
            Roles = !isElastic || job.Phase == JobPhase.Stopping || attempt.IsFinishing ? [] : [.. demands.Values.Select(role => AsItMayBe(job, attempt, role))],
            Accelerator = attempt.Accelerator,
            MaxDuration = job.Spec.Limits.MaxDuration,
            Topology = TopologyWish.Of(job.Spec),
        };
    }

    /// <summary>One that has not come to run yet may give up some of its tasks, and gets no more.</summary>
    private static RoleDemand AsItMayBe(Job job, Attempt attempt, RoleDemand role) =>
        job.Phase == JobPhase.Running ? role : role with { Max = attempt.Members.Count(task => task.Placement.Role == role.Role) };
}

public sealed record HeldPlace(string Node, ResourceVector Taken, IReadOnlyList<int> Devices)
{
    /// <summary>The role whose task it holds.</summary>
    public string Role { get; init; } = "";

    /// <summary>Given up already by a job that goes on without it: free soon.</summary>
    public bool IsLeaving { get; init; }

    /// <summary>Kept for a job that goes on there once it has left its other places: until then it does not use it.</summary>
    public bool IsComing { get; init; }
}

/// <summary>One role's share of a gang.</summary>
/// <param name="Accelerators">Canonical types in order of preference; empty means any.</param>
public sealed record RoleDemand(string Role, int Min, int Max, ResourceVector Each, IReadOnlyList<string> Accelerators)
{
    /// <summary>A task that asks for no processor and no device would be free, and a thousand of them a dead machine.</summary>
    private const long DefaultCpuMillicores = 1000;

    /// <summary>What its tasks ask of their nodes.</summary>
    public NodeRequirement Requirement { get; init => field = value ?? NodeRequirement.None; } = NodeRequirement.None;

    /// <summary>Whole ones, or a share of one.</summary>
    public bool UsesDevices => Each.MilliDevices > 0;

    /// <summary>What a task counts as that asks for nothing.</summary>
    public static ResourceVector LeftOut { get; } = new(DefaultCpuMillicores, 0, 0);

    public static IEnumerable<RoleDemand> AllOf(JobSpec spec) => RoleOrder.Ordered(spec.Roles).Select(role => new RoleDemand(
        role.Key,
        role.Value.Replicas.Min,
        role.Value.Replicas.Max,
        new ResourceVector(CpuOf(role.Value.Resources), role.Value.Resources.Memory.Bytes, role.Value.Resources.Gpu) { Rdma = role.Value.Resources.Rdma },
        role.Value.Resources.Accelerators)
    {
        Requirement = spec.Pods?.Requirements.GetValueOrDefault(role.Key) ?? NodeRequirement.None,
    });

    private static long CpuOf(ResourceSpec resources) =>
        resources.Cpu.Millicores > 0 ? resources.Cpu.Millicores : resources.Gpu > 0 ? 0 : DefaultCpuMillicores;
}
