using Convoy.Core.Datasets;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Jobs;

/// <summary>
/// What a user asks for. One record is the job file, the wire form and the stored JSON: the property names in
/// camel case are the keys people type. Values are valid once the validator found no problem.
/// </summary>
public sealed record JobSpec
{
    /// <summary>A DNS label of at most 63 characters; not unique.</summary>
    public required string Name { get; init; }

    /// <summary>Null means the owner's own queue.</summary>
    public string? Queue { get; init; }

    public JobPriority Priority { get; init; } = JobPriority.Normal;

    public Framework Framework { get; init; } = Framework.Command;

    /// <summary>In file order; ranks are counted through the roles in <see cref="RoleOrder"/>.</summary>
    public required IReadOnlyDictionary<string, RoleSpec> Roles { get; init; }

    public CodeSpec? Code { get; init; }

    /// <summary>What its tasks read, each data set once.</summary>
    public IReadOnlyList<DatasetSpec> Datasets { get; init; } = [];

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public CheckpointSpec Checkpoint { get; init; } = new();

    public RecoverySpec Recovery { get; init; } = new();

    /// <summary>False: no other job may evict this one, and it never borrows.</summary>
    public bool Preemptible { get; init; } = true;

    public PlacementSpec Placement { get; init; } = new();

    public LimitsSpec Limits { get; init; } = new();

    /// <summary>Set where somebody types into the job's one task; null where nobody does.</summary>
    public InteractiveSpec? Interactive { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Any Unicode without control characters, at most 128 characters.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Set where the job stands for pods that another operator of a cluster made; null for what people submit, who cannot give it.</summary>
    public PodGroupSpec? Pods { get; init; }
}

public enum JobPriority
{
    Low,
    Normal,
    High,
}

public enum Framework
{
    Command,
    Pytorch,
}

/// <summary>One kind of process of a job.</summary>
public sealed record RoleSpec
{
    public Replicas Replicas { get; init; } = new(1, 1);

    /// <summary>The program and its arguments; no shell is involved.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The container image in which clusters of containers run it; null means the cluster's own default. A cluster of processes has no use for it.</summary>
    public string? Image { get; init; }

    public ResourceSpec Resources { get; init; } = new();
}

/// <summary>How many processes of a role: a fixed number, or <c>"2..8"</c> where the job is elastic.</summary>
public readonly record struct Replicas(int Min, int Max)
{
    public bool IsElastic => Max > Min;

    public static bool TryParse(string? text, out Replicas replicas)
    {
        replicas = default;
        if (text is null) return false;
        var dots = text.IndexOf("..", StringComparison.Ordinal);
        var first = dots < 0 ? text : text[..dots];
        var last = dots < 0 ? text : text[(dots + 2)..];
        if (!TryCount(first, out var min) || !TryCount(last, out var max)) return false;
        replicas = new Replicas(min, max);
        return true;
    }

    public override string ToString() => IsElastic ? $"{Min}..{Max}" : $"{Min}";

    private static bool TryCount(string text, out int count) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out count);
}

/// <summary>What one replica needs. Zero means none is asked for.</summary>
public sealed record ResourceSpec
{
    /// <summary>Whole accelerators.</summary>
    public int Gpu { get; init; }

    /// <summary>Acceptable accelerator types in order of preference; empty means any.</summary>
    public IReadOnlyList<string> Accelerators { get; init; } = [];

    public CpuQuantity Cpu { get; init; }

    public ByteSize Memory { get; init; }

    /// <summary>Network devices for remote memory access.</summary>
    public int Rdma { get; init; }
}

/// <summary>The user's program files: a folder before the upload, an archive's hash after it. Exactly one is set.</summary>
public sealed record CodeSpec
{
    /// <summary>A folder, relative to the job file. Only a client can read it: the server accepts no spec that has it.</summary>
    public string? Workdir { get; init; }

    /// <summary>SHA-256 of the uploaded archive, 64 lower-case hexadecimal digits.</summary>
    public string? Archive { get; init; }
}

/// <summary>A data set that every task of the job finds on its machine.</summary>
public sealed record DatasetSpec
{
    public required string Name { get; init; }

    /// <summary>A version or a tag. A job that was taken in has a version: what the tag pointed to then, so that every attempt reads the same bytes.</summary>
    public string Version { get; init; } = DatasetTag.Latest.Value;

    /// <summary>An absolute path, the data set's in this job's tasks alone; null: where the platform puts it, which its tasks are told.</summary>
    public string? Mount { get; init; }

    /// <summary>Percent of it that is to lie on each node that reads it; the rest comes from the store whenever it is read.</summary>
    public int Share { get; init; } = 100;

    /// <summary>Percent of that which lies there before a task starts.</summary>
    public int StartAt { get; init; }
}

public sealed record CheckpointSpec
{
    /// <summary>Where the task finds its checkpoints, as an absolute path; null lets the platform choose.</summary>
    public string? Path { get; init; }

    /// <summary>Sent first when the platform stops the job: SIGTERM, SIGINT, SIGUSR1 or SIGUSR2.</summary>
    public string Signal { get; init; } = "SIGTERM";

    /// <summary>Time between that signal and SIGKILL.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);
}

public sealed record RecoverySpec
{
    /// <summary>How often the job starts again after it failed by itself; restarts by the platform are not counted.</summary>
    public int MaxRestarts { get; init; }

    /// <summary>Exit codes after which to restart; empty means any failure of class User, and no running out of memory.</summary>
    public IReadOnlyList<int> RetryExitCodes { get; init; } = [];

    /// <summary>
    /// A running job of which no task has printed or reported anything for so long is taken for hung: it is stopped, and starts again as after a
    /// failure of its own, whatever <see cref="RetryExitCodes"/> says. Null means never.
    /// </summary>
    public TimeSpan? HangTimeout { get; init; }

    /// <summary>
    /// A task of an elastic job that fails as <see cref="RetryExitCodes"/> says is started anew alone, where it ran, and the others go on; each
    /// counts as one of <see cref="MaxRestarts"/>. Otherwise, and for the first rank, the whole gang starts again.
    /// </summary>
    public bool ReplaceFailedTasks { get; init; }
}

public sealed record PlacementSpec
{
    /// <summary>Names of clusters, or <c>any</c>.</summary>
    public IReadOnlyList<string> Clusters { get; init; } = ["any"];

    /// <summary>Null means as close together as may be.</summary>
    public TopologySpec? Topology { get; init; }
}

/// <summary>How close together all tasks are wanted. Exactly one is set.</summary>
public sealed record TopologySpec
{
    /// <summary>Wider apart the job does not start.</summary>
    public TopologyLevel? Required { get; init; }

    /// <summary>Wider apart it starts too, and so evicts nobody to be closer.</summary>
    public TopologyLevel? Preferred { get; init; }
}

public sealed record LimitsSpec
{
    /// <summary>The job is stopped, and has failed, after running this long in one attempt; null means no limit.</summary>
    public TimeSpan? MaxDuration { get; init; }
}

/// <summary>A task that somebody types into, and sees what it prints at once.</summary>
public sealed record InteractiveSpec
{
    /// <summary>A terminal of its own (a pty); false: standard input is a pipe, byte for byte.</summary>
    public bool Terminal { get; init; } = true;

    /// <summary>Nothing typed and nothing printed for so long ends it.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(30);
}

/// <summary>Pods of another operator that run together or not at all.</summary>
/// <param name="Namespace">Where they are in their cluster.</param>
/// <param name="Name">Of the group in its namespace.</param>
/// <param name="Requirements">What the pods of each role ask of their nodes; a role that is not in it asks nothing.</param>
public sealed record PodGroupSpec(string Namespace, string Name, IReadOnlyDictionary<string, NodeRequirement> Requirements)
{
    /// <summary>The pods of each role by their unique ids, in the order of the role's tasks. A pod made anew under the name of one is another.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Uids { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}

/// <summary>Ranks are counted role by role in this order, so that rank 0 is where a framework expects its leader.</summary>
public static class RoleOrder
{
    /// <summary>All names a role may bear, leaders first.</summary>
    public static IReadOnlyList<string> Names { get; } = ["launcher", "master", "worker", "ps", "evaluator", "command"];

    public static IEnumerable<KeyValuePair<string, RoleSpec>> Ordered(IReadOnlyDictionary<string, RoleSpec> roles)
    {
        foreach (var name in Names)
        {
            if (roles.TryGetValue(name, out var role)) yield return new(name, role);
        }
    }
}
