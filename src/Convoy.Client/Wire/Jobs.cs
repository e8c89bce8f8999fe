using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Client.Wire;

/// <summary>Body of <c>PUT /api/v1/jobs/{id}</c> and of <c>POST /api/v1/jobs:check</c>.</summary>
public sealed record SubmitRequest(JobSpec Spec);

/// <summary>A job as people see it. Lists leave out <see cref="Spec"/> and <see cref="Attempts"/>.</summary>
public sealed record JobView
{
    public int SchemaVersion { get; init; } = 1;

    public required string Id { get; init; }

    public required string Name { get; init; }

    public string? DisplayName { get; init; }

    public required string User { get; init; }

    public required string Level { get; init; }

    public required string Queue { get; init; }

    public required JobPriority Priority { get; init; }

    public required Framework Framework { get; init; }

    /// <summary>Tasks of the gang: as running, or the minimum while it waits.</summary>
    public required int Tasks { get; init; }

    /// <summary>Devices of the whole gang.</summary>
    public required int Gpus { get; init; }

    /// <summary>Devices of each task of the role that has most.</summary>
    public required int GpusPerTask { get; init; }

    public required JobPhase Phase { get; init; }

    /// <summary>One stable word: why it waits, was stopped or failed; null where there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>The reason as a sentence with numbers.</summary>
    public Text? Message { get; init; }

    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When the latest attempt was running whole.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Seconds the latest attempt ran, so far.</summary>
    public long? RuntimeS { get; init; }

    /// <summary>Restarts after the job's own failures.</summary>
    public required int Restarts { get; init; }

    /// <summary>Restarts by the platform; never counted towards maxRestarts.</summary>
    public required int PlatformRestarts { get; init; }

    /// <summary>When it starts again at the earliest, where it waits after a failure; null where nothing of the kind holds it back.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Where it runs or, once it has ended, ran last; none while it waits.</summary>
    public required IReadOnlyList<string> Nodes { get; init; }

    /// <summary>0 to 1, as the task reported it.</summary>
    public double? Progress { get; init; }

    public FailureView? Failure { get; init; }

    public string? CancelledBy { get; init; }

    public IReadOnlyList<AttemptView>? Attempts { get; init; }

    public JobSpec? Spec { get; init; }

    /// <summary>Of the latest attempt, on all its nodes; empty where it has told of none.</summary>
    public IReadOnlyList<JobDatasetView>? Datasets { get; init; }
}

/// <summary>What of a data set lay on the nodes of a job and what came there from the store, while its tasks had it open. Bytes, summed over the nodes.</summary>
/// <param name="Bytes">Of its files: what an epoch reads on each node.</param>
/// <param name="WantedBytes">Of these, what is to lie on the nodes.</param>
/// <param name="HeldBytes">Of these, what does.</param>
/// <param name="FilledBytes">That came from the store to stay.</param>
/// <param name="MissedBytes">That came because somebody read them and they do not stay.</param>
/// <param name="HitRatio">Of the bytes of an epoch, the part that finds them on its node, 0 to 1.</param>
/// <param name="FillRate">Bytes a second that come to stay; null while none come.</param>
/// <param name="StartsAt">Tasks wait until so much of what is to lie on their node does, in percent; null where none waits.</param>
/// <param name="Problem">Why not all that is wanted is held; null where nothing is wrong.</param>
public sealed record JobDatasetView(
    string Name, string Version, long Bytes, long WantedBytes, long HeldBytes, long FilledBytes, long MissedBytes, double HitRatio, long? FillRate, int? StartsAt, string? Problem);

/// <summary>The first rank that failed, and whose fault it is.</summary>
public sealed record FailureView(int Attempt, string Role, int Rank, string Node, int? ExitCode, int? Signal, FailureClass Class, Text? Message);

public sealed record AttemptView(
    int Number,
    string Cluster,
    string? Accelerator,
    DateTimeOffset AssignedAt,
    DateTimeOffset? RunningAt,
    DateTimeOffset? EndedAt,
    StopCause? StopCause,
    IReadOnlyList<TaskView> Tasks);

public sealed record TaskView(
    string Role,
    int Index,
    int Rank,
    string Node,
    IReadOnlyList<int> Devices,
    TaskState State,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    int? ExitCode,
    int? Signal,
    bool OutOfMemory,
    Text? Message)
{
    /// <summary>When an elastic job grew by it; null where it was there from the start of the attempt.</summary>
    public DateTimeOffset? JoinedAt { get; init; }

    /// <summary>When an elastic job was to go on without it; null while it belongs to the job.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }
}

/// <param name="Next">Give it as <c>before</c> to read on; null at the end.</param>
public sealed record JobListView(IReadOnlyList<JobView> Items, string? Next, int SchemaVersion = 1) : IListView<JobView>;

/// <summary>Answer of a dry run: what the server would do with the spec now.</summary>
/// <param name="StartsNow">The scheduler would give it machines in its next cycle.</param>
/// <param name="Reason">Why it would wait.</param>
/// <param name="Nodes">Where it would run: now, when the jobs that it evicts have stopped, or when machines are promised to it.</param>
public sealed record SubmitCheckView(bool StartsNow, string? Reason, Text Message, IReadOnlyList<string> Nodes, int SchemaVersion = 1)
{
    /// <summary>Running jobs that would be stopped for it.</summary>
    public int WouldEvict { get; init; }

    /// <summary>Those jobs; the ones the viewer may not see have no id, name and user.</summary>
    public IReadOnlyList<NodeJobView> Victims { get; init => field = value ?? []; } = [];

    /// <summary>What the numbers count: devices, millicores, bytes or jobs. Null, like them, where it would start now.</summary>
    public string? Unit { get; init; }

    public long? Needed { get; init; }

    public long? Free { get; init; }

    public long? LargestFreeBlock { get; init; }

    public int? JobsAhead { get; init; }

    /// <summary>When its machines are expected to be free, where it would be promised any.</summary>
    public DateTimeOffset? EarliestStart { get; init; }

    /// <summary>The queue whose quota decides; null where none does.</summary>
    public string? Queue { get; init; }

    /// <summary>What would have it start now; null where it would, or nothing was found.</summary>
    public RemedyView? Remedy { get; init; }
}

/// <summary>Why a job is where it is, and what to try.</summary>
/// <param name="Unit">What the numbers count: devices, thousandths of one, millicores, bytes, network devices or jobs.</param>
/// <param name="BlockedBy">The job to which what is free is promised, where the viewer may see it.</param>
public sealed record WhyView(
    string Id,
    JobPhase Phase,
    string? Reason,
    Text Message,
    Text? Try,
    string? Unit,
    long? Needed,
    long? Free,
    long? LargestFreeBlock,
    int? JobsAhead,
    string? BlockedBy,
    DateTimeOffset? Until,
    int SchemaVersion = 1)
{
    /// <summary>When its machines are expected to be free, where it is promised any.</summary>
    public DateTimeOffset? EarliestStart { get; init; }

    /// <summary>The queue whose quota decides; null where none does.</summary>
    public string? Queue { get; init; }

    /// <summary>What would have a waiting job start now; null where nothing was found.</summary>
    public RemedyView? Remedy { get; init; }
}

/// <param name="Event">Its data, as stored.</param>
/// <param name="Message">The event as a sentence.</param>
public sealed record EventView(long Sequence, DateTimeOffset At, string Type, Text Message, JobEvent Event);

/// <param name="Next">Give it as <c>after</c> to read on; null at the end.</param>
public sealed record EventListView(IReadOnlyList<EventView> Items, string? Next, int SchemaVersion = 1) : IListView<EventView>;

/// <summary>A piece of a task's log. Data of the SSE event <c>log</c>; the event's id is the cursor to go on from.</summary>
/// <param name="Offset">Number of the first byte in this attempt and rank.</param>
/// <param name="Bytes">As printed: not necessarily whole lines or whole characters.</param>
public sealed record LogChunk(int Attempt, string Role, int Rank, long Offset, ReadOnlyMemory<byte> Bytes);

/// <summary>One waiting job in the order in which the scheduler considers them. What the viewer may not see is null.</summary>
public sealed record QueueEntryView(
    int Position,
    string? Id,
    string? Name,
    string? User,
    string? Queue,
    string Level,
    JobPriority? Priority,
    int Tasks,
    int Gpus,
    string? Reason,
    DateTimeOffset? SubmittedAt);

/// <param name="Next">Give it as <c>after</c> to read on; null at the end.</param>
public sealed record QueueListView(IReadOnlyList<QueueEntryView> Items, string? Next, int SchemaVersion = 1) : IListView<QueueEntryView>
{
    /// <summary>What holds up everybody, if anything does.</summary>
    public IReadOnlyList<NoticeView> Notices { get; init => field = value ?? []; } = [];
}
