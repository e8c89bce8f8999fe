using Convoy.Objects.Outputs;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>What the local cluster is told when it opens.</summary>
public sealed record LocalClusterOptions
{
    public const int DefaultUidBase = 700_000;

    public string Name { get; init; } = "local";

    /// <summary>Everything the cluster remembers and every task's files. Made where it is missing.</summary>
    public required string StateFolder { get; init; }

    /// <summary>The supervisor, <c>convoy-task</c>.</summary>
    public required string TaskProgram { get; init; }

    /// <summary>Into how many virtual nodes the machine is split.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>Declares that many devices on every node, there or not; null asks nvidia-smi and splits what it finds.</summary>
    public int? GpusPerNode { get; init; }

    /// <summary>Type of declared devices, or another name for found ones.</summary>
    public string? Accelerator { get; init; }

    /// <summary>What tasks find as <c>CONVOY_SERVER</c>.</summary>
    public required string ServerUrl { get; init; }

    /// <summary>The node agent, <c>convoy-node</c>; null where there is none, and no job that names a data set may come here.</summary>
    public string? NodeProgram { get; init; }

    /// <summary>Comes first on every task's PYTHONPATH: where the Python client lies.</summary>
    public string? PythonPath { get; init; }

    /// <summary>
    /// Where the platform runs as root, a person's tasks run as this plus the person's number. Null: all tasks run as the platform does.
    /// </summary>
    public int? UidBase { get; init; } = DefaultUidBase;

    /// <summary>Bytes of output kept of each task.</summary>
    public long LogBytes { get; init; } = 256L << 20;

    /// <summary>What is kept of a task's output at most.</summary>
    public OutputLimits OutputLimits { get; init; } = OutputLimits.Default;

    /// <summary>How often live tasks are looked at; nothing is polled where none lives.</summary>
    public TimeSpan PollPeriod { get; init; } = TimeSpan.FromMilliseconds(50);
}
