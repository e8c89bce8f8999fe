using System.Text.Json.Serialization;
using Convoy.Core.Datasets;

namespace Convoy.Core.Tasks;

/// <summary>
/// The folder in which one task (job, attempt, rank) and the platform meet. The supervisor is its only writer, but for
/// <see cref="Order"/>, written whole before the supervisor starts, and <see cref="Stop"/>. Each JSON file appears whole or
/// not at all and is durable when it appears. Names that begin with a dot are the supervisor's own.
///
/// The supervisor itself ends with 0 where the folder tells the rest, 75 where another one holds the lock, and 74 where the
/// folder could not be written.
/// </summary>
public static class TaskFolder
{
    /// <summary>A <see cref="TaskOrder"/>: what to run.</summary>
    public const string Order = "task.json";

    /// <summary>
    /// Locked (flock, exclusive) by the supervisor, which stays until no process of the task is left. A supervisor that is
    /// killed takes the main process with it, no others: those are the platform's to find. Whoever looks whether the lock is
    /// free must let go of it at once: a supervisor tries for a fifth of a second before it takes the holder for another.
    /// </summary>
    public const string Lock = "lock";

    /// <summary>A <see cref="TaskStart"/>, durable before the program is executed. Where it is, nothing starts again.</summary>
    public const string Started = "started";

    /// <summary>
    /// A <see cref="TaskExit"/>, written when the main process was reaped, or when it could not be started. The log is
    /// complete, and the rest of the task gone, when the lock is free.
    /// </summary>
    public const string Exit = "exit";

    /// <summary>Made by the platform: the task is to stop. Empty, or text that says why it is taken for hung. Before <see cref="Started"/> it means: never start.</summary>
    public const string Stop = "stop";

    /// <summary>
    /// A Unix socket, there before <see cref="Started"/> where the order asks for a <see cref="TaskConsole"/>: whoever connects
    /// speaks <see cref="TerminalFrame"/>s. Only the supervisor's user reaches it.
    /// </summary>
    public const string Terminal = "terminal";

    /// <summary>A list of <see cref="DatasetUse"/>, while the task has data sets open; its last is in <see cref="Exit"/>.</summary>
    public const string Datasets = "datasets";

    /// <summary>
    /// Folder of the output: segments named by the number of their first byte, 20 decimal digits. When the bound is reached
    /// the first segment and the newest ones stay.
    /// </summary>
    public const string Log = "log";

    /// <summary>In <see cref="Log"/>: lines <c>unix-milliseconds offset</c>, rising, at most a few per second.</summary>
    public const string LogIndex = "index";
}

/// <summary>What a supervisor is asked to run.</summary>
public sealed record TaskOrder
{
    /// <summary>Program and arguments; the program is searched in the PATH of <see cref="Environment"/>.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The whole environment: nothing is inherited.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string WorkingDirectory { get; init; }

    /// <summary>Uid and gid of the task; null keeps the supervisor's own.</summary>
    public int? Uid { get; init; }

    // Those with a default are settable: the generated reader gives an init property its type's default where the JSON has none.
    public string StopSignal { get; set; } = "SIGTERM";

    public long GraceMilliseconds { get; set; } = 30_000;

    /// <summary>Limits by cgroup where permitted; 0 means none.</summary>
    public long CpuMillicores { get; init; }

    public long MemoryBytes { get; init; }

    /// <summary>Name for the task's cgroup, unique on the machine.</summary>
    public required string CgroupName { get; init; }

    /// <summary>Bound, not listening, on loopback from before the start to the end, so that nobody else gets them.</summary>
    public IReadOnlyList<int> HoldPorts { get; set; } = [];

    /// <summary>Bytes of output kept; older ones between the first segment and the newest are dropped.</summary>
    public long LogBytes { get; set; } = 256L << 20;

    public long LogSegmentBytes { get; set; } = 4L << 20;

    /// <summary>Opened at the node agent before the start, and until the end.</summary>
    public IReadOnlyList<TaskDataset> Datasets { get; set; } = [];

    /// <summary>Of the node agent; set where there are data sets.</summary>
    public string? NodeSocket { get; init; }

    /// <summary>Null: nobody types into the task, and its standard input is empty.</summary>
    public TaskConsole? Console { get; init; }
}

/// <param name="Version">One version, no tag.</param>
/// <param name="Mount">An absolute path that is the data set's in this task; null where any folder will do, or none.</param>
public sealed record TaskDataset(string Name, string Version, string? Mount)
{
    /// <summary>Percent of it that is to lie on the node; null means all.</summary>
    public int? Share { get; init; }

    /// <summary>Percent of that which lies there before the program starts; null means that it does not wait.</summary>
    public int? StartAt { get; init; }

    /// <summary>The environment variable in which the task finds the folder.</summary>
    [JsonIgnore]
    public string Variable => $"CONVOY_DATASET_{Name.ToUpperInvariant().Replace('-', '_')}";
}

/// <summary>How somebody types into the task.</summary>
/// <param name="IsTerminal">A pty, the program's controlling terminal; otherwise its standard input is a pipe.</param>
/// <param name="Rows">Its size until somebody attaches, as <paramref name="Columns"/>.</param>
/// <param name="IdleMilliseconds">The task is ended when for so long nothing was typed and nothing printed.</param>
public sealed record TaskConsole(bool IsTerminal, int Rows, int Columns, long IdleMilliseconds);

/// <param name="BootId">Of <c>/proc/sys/kernel/random/boot_id</c>.</param>
/// <param name="SupervisorPid">The supervisor's own pid.</param>
/// <param name="SupervisorStartTicks">Its start time in clock ticks since boot, field 22 of <c>/proc/PID/stat</c>.</param>
public sealed record TaskStart(string BootId, int SupervisorPid, long SupervisorStartTicks, DateTimeOffset At);

/// <param name="Code">Null where a signal ended the main process. 126 and 127 as in a shell where it could not be executed.</param>
/// <param name="Stopped">It had been asked to stop before it ended.</param>
public sealed record TaskExit(int? Code, int? Signal, bool OutOfMemory, bool Stopped, string? Message, DateTimeOffset At)
{
    /// <summary>Null where it had none.</summary>
    public IReadOnlyList<DatasetUse>? Datasets { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TaskOrder))]
[JsonSerializable(typeof(TaskStart))]
[JsonSerializable(typeof(TaskExit))]
[JsonSerializable(typeof(IReadOnlyList<DatasetUse>))]
[JsonSerializable(typeof(NodeRequest))]
[JsonSerializable(typeof(NodeAnswer))]
public sealed partial class TaskJson : JsonSerializerContext;
