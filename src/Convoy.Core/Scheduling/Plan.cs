using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>What administrators decide, as data.</summary>
public sealed record SchedulingPolicy(IReadOnlyList<Level> Levels)
{
    /// <summary>How long a job is expected to run that declares no maximum.</summary>
    public TimeSpan UsualDuration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Blocked jobs of each accelerator type that are promised the next machines that suffice.</summary>
    public int ReservationsPerType { get; init; } = 4;

    /// <summary>What administrators say of queues; one that is not named is under the organisation.</summary>
    public IReadOnlyList<QueueSpec> Queues { get; init; } = [];

    /// <summary>Who has waited so long is promised machines whatever its place in the line.</summary>
    public TimeSpan AgeBound { get; init; } = TimeSpan.FromDays(3);

    /// <summary>How long a job runs undisturbed by equals whose job has had less service.</summary>
    public TimeSpan MinServedTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether running jobs may be moved to join fragments: only where that can be carried out.</summary>
    public bool MovesJobs { get; init; }

    /// <summary>A job is moved at most once in so long.</summary>
    public TimeSpan MinTimeBetweenMoves { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Whoever would lose more work than that, since its last checkpoint, is not moved.</summary>
    public TimeSpan MostLostByMove { get; init; } = TimeSpan.FromHours(1);

    /// <summary>To grow or to move costs the time in which a job starts again: for so long after it changed it is left as it is, but for who needs its surplus.</summary>
    public TimeSpan LeastTimeAtOneSize { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a job runs at one size, or on one place, before it grows or is moved.</summary>
    public TimeSpan MinTimeBetweenSizes(Standing standing) => LevelOf(standing).MinRunTime is var least && least > LeastTimeAtOneSize ? least : LeastTimeAtOneSize;

    /// <summary>
    /// Administrators have paused evictions: whatever runs goes on where it is, and whoever waits, waits for what ends by itself. Who may
    /// borrow does so all the same, because it may be evicted again when they go on.
    /// </summary>
    public bool EvictionsPaused { get; init; }

    public Level LevelOf(Standing standing) => Levels.FirstOrDefault(level => level.Name == standing.Level) ?? new Level(standing.Level, int.MinValue);
}

/// <summary>What to do next and, for everybody else, why not. Relative to one snapshot.</summary>
/// <param name="Waiting">In the order in which the scheduler considers them.</param>
public sealed record Plan(long SnapshotRevision, IReadOnlyList<PlannedGang> Gangs, IReadOnlyList<PlannedEviction> Evictions, IReadOnlyList<WaitingJob> Waiting)
{
    /// <summary>Waiting gangs for which others are leaving already, and the places kept for them.</summary>
    public IReadOnlyList<PlannedGang> Claims { get; init; } = [];

    /// <summary>Machines promised to the first blocked gangs; no later gang may outlive the promise on them.</summary>
    public IReadOnlyList<PlannedReservation> Reservations { get; init; } = [];

    /// <summary>Running elastic jobs that go on at another size, and jobs that go on elsewhere.</summary>
    public IReadOnlyList<PlannedResize> Resizes { get; init; } = [];

    /// <summary>
    /// Which machines are promised, from when, to whom: what the next plan is to keep (<see cref="PendingJob.Promised"/>). Whoever waits for
    /// others to leave is promised what they leave, from now on: nobody of its level takes that meanwhile.
    /// </summary>
    /// <param name="now">When the plan was made.</param>
    public IReadOnlyDictionary<JobId, PlannedReservation> Promises(DateTimeOffset now)
    {
        var promises = new Dictionary<JobId, PlannedReservation>();
        foreach (var promise in Reservations) promises[promise.Gang.Job] = promise;
        foreach (var gang in Claims.Concat(Gangs.Where(gang => MustWait(gang.Job)))) promises[gang.Job] = new PlannedReservation(gang, now);
        return promises;
    }

    /// <summary>Whether the gang's places are still held by others, who are told to leave them: it is not assigned yet.</summary>
    public bool MustWait(JobId gang) => Evictions.Any(eviction => eviction.For == gang) || Resizes.Any(resize => resize.For.Contains(gang));
}

/// <summary>A running job keeps some of its places and gives others up, or gets more; never both at once, unless it moves as it is.</summary>
/// <param name="Tasks">All of the gang as it goes on.</param>
/// <param name="For">Gangs of the same plan that get what is given up, and start once it is free; empty where the job grows.</param>
public sealed record PlannedResize(JobId Job, long JobRevision, IReadOnlyList<TaskPlacement> Tasks, IReadOnlyList<JobId> For)
{
    /// <summary>It gives up all its places, and goes on at once on as many others, which are free before it leaves.</summary>
    public bool IsMove { get; init; }
}

/// <param name="From">When those who hold the machines are expected to have gone.</param>
public sealed record PlannedReservation(PlannedGang Gang, DateTimeOffset From);

/// <summary>A whole gang and its machines.</summary>
public sealed record PlannedGang(JobId Job, long JobRevision, string Cluster, string? Accelerator, IReadOnlyList<TaskPlacement> Tasks);

/// <summary>
/// Commits only together with the gang it serves, which is in the same plan and starts once its victims are gone: a planned
/// gang that has evictions is not assigned yet.
/// </summary>
/// <param name="IsProvenBest">False where the search for the least harmful victims ended at its step budget.</param>
public sealed record PlannedEviction(JobId Victim, long VictimRevision, JobId For, bool IsProvenBest = true)
{
    public EvictionCause Cause { get; init; }
}

/// <summary>What gives a job the right to evict another.</summary>
public enum EvictionCause
{
    /// <summary>It is of a higher level.</summary>
    Level,

    /// <summary>It is of a higher priority, and of the same owner.</summary>
    Priority,

    /// <summary>It has had less service, in a queue that is ordered so.</summary>
    Service,

    /// <summary>Its queue gets its nominal back from a borrower.</summary>
    Reclaim,

    /// <summary>The other outstays the time after which its machines are promised.</summary>
    Overrun,
}

public sealed record WaitingJob(JobId Job, WaitingReason Reason);

/// <summary>Stable words; never translated.</summary>
public enum WaitingToken
{
    ExceedsUserCap,
    ExceedsLevelCap,
    ExceedsQueueQuota,
    WaitingForQuota,
    InsufficientResources,
    Fragmented,
    TopologyUnsatisfied,
    NoSuchAccelerator,
    WaitingForPreemption,
    Reserved,
    DatasetNotReady,
    ImagePull,
    ClusterUnreachable,
    Held,
    Infeasible,
}

/// <summary>What the numbers of a reason count.</summary>
public enum WaitingUnit
{
    /// <summary>Accelerators.</summary>
    Devices,

    /// <summary>Thousandths of a processor core.</summary>
    Millicores,

    /// <summary>Bytes of memory.</summary>
    Bytes,

    /// <summary>Running jobs.</summary>
    Jobs,

    /// <summary>Thousandths of accelerators that are shared.</summary>
    MilliDevices,

    /// <summary>Network devices for remote memory access.</summary>
    Rdma,
}

/// <summary>Why a job waits, with numbers.</summary>
/// <param name="Needed">What the job's minimum takes.</param>
/// <param name="Free">What is left: of the cluster, or of the cap.</param>
/// <param name="LargestFreeBlock">The most that is free on one node.</param>
/// <param name="JobsAhead">Waiting jobs that are considered before this one.</param>
/// <param name="BlockedBy">The job that holds a reservation.</param>
/// <param name="Until">When a held job is looked at again.</param>
/// <param name="EarliestStart">When its machines are expected to be free, where it is promised any.</param>
/// <param name="Queue">The queue whose quota decides.</param>
public sealed record WaitingReason(
    WaitingToken Token,
    WaitingUnit Unit,
    long Needed,
    long Free,
    long LargestFreeBlock,
    int JobsAhead,
    JobId? BlockedBy = null,
    DateTimeOffset? Until = null,
    DateTimeOffset? EarliestStart = null,
    string? Queue = null)
{
    /// <summary>What it waits for does not come nearer by itself now.</summary>
    public bool IsStuck { get; init; }
}
