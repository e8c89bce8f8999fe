using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Simulation;

/// <param name="Gpus">Whole devices on the node.</param>
/// <param name="Accelerator">Their type; empty where the cluster file names none.</param>
public sealed record SimulatedNode(int Gpus, string Accelerator = "")
{
    public const int MaxGpus = 1024;

    /// <summary>Of a node that does not say how many processors it has: more than anybody asks for.</summary>
    public const long AnyCpuMillicores = 1L << 40;

    /// <summary>The same of memory; a hundred thousand nodes still add up.</summary>
    public const long AnyMemoryBytes = 1L << 46;

    public long CpuMillicores { get; init; } = AnyCpuMillicores;

    public long MemoryBytes { get; init; } = AnyMemoryBytes;

    /// <summary>As a <see cref="Node"/> has it.</summary>
    public IReadOnlyList<string> Topology { get; init; } = [];

    public ResourceVector Capacity => new(CpuMillicores, MemoryBytes, Gpus);
}

/// <summary>One job of a trace.</summary>
/// <param name="Submit">Since the trace began.</param>
/// <param name="Duration">Work on the machines asked for.</param>
/// <param name="Gpus">Devices in total, or on each node where <paramref name="Nodes"/> is given.</param>
/// <param name="Nodes">Number of tasks with <paramref name="Gpus"/> devices each; null leaves the shape to the cluster.</param>
/// <param name="Accelerators">Types accepted, in order of preference; empty means any. A job uses one of them.</param>
public sealed record SimulatedJob(string Id, TimeSpan Submit, TimeSpan Duration, int Gpus, int? Nodes, IReadOnlyList<string> Accelerators)
{
    public const string Somebody = "somebody";

    /// <summary>Thousandths of one device, 1 to 999, for a job that shares one and has no whole one.</summary>
    public int GpuMilli { get; init; }

    /// <summary>Of each task, or of the whole job where <see cref="Nodes"/> is null.</summary>
    public long CpuMillicores { get; init; }

    /// <summary>Of each task, or of the whole job where <see cref="Nodes"/> is null.</summary>
    public long MemoryBytes { get; init; }

    public string User { get; init; } = Somebody;

    /// <summary>Null means what most people have.</summary>
    public string? Level { get; init; }

    /// <summary>Null means the user's own.</summary>
    public string? Queue { get; init; }

    public JobPriority Priority { get; init; } = JobPriority.Normal;

    public bool Preemptible { get; init; } = true;

    /// <summary>Runs with as few tasks as that, and so much slower; null where it is not elastic.</summary>
    public int? MinNodes { get; init; }

    /// <summary>What each task takes; without <see cref="Nodes"/>, the job.</summary>
    public ResourceVector Each => new(CpuMillicores, MemoryBytes, Gpus) { Milli = GpuMilli };

    /// <summary>Thousandths of devices of all tasks.</summary>
    public long MilliGpus => Each.MilliDevices * (Nodes ?? 1);

    /// <summary>Devices of all tasks, where nobody shares any.</summary>
    public int WholeGpus => (Gpus + (GpuMilli > 0 ? 1 : 0)) * (Nodes ?? 1);

    /// <summary>Work that it does again after it was stopped (Muri, SIGCOMM'22): by its size, 7, 30 or 60 s.</summary>
    public TimeSpan DoneAgain => TimeSpan.FromSeconds(WholeGpus switch { <= 1 => 7, <= 8 => 30, _ => 60 });

    /// <summary>The same work times its devices.</summary>
    public TimeSpan LostGpuTime => TimeSpan.FromTicks((long)((Int128)DoneAgain.Ticks * MilliGpus / 1000));

    /// <summary>The part of the whole job's processors and memory that goes with so many of its devices, rounded up.</summary>
    public ResourceVector PartOf(int gpus) => new(Part(CpuMillicores, gpus), Part(MemoryBytes, gpus), gpus);

    private long Part(long whole, int gpus) => (long)((((Int128)whole * gpus) + Gpus - 1) / Gpus);
}

/// <summary>A stretch of time in which a job had the same machines.</summary>
/// <param name="MilliGpus">Thousandths of devices that it held.</param>
public readonly record struct SimulatedRun(TimeSpan From, TimeSpan To, long MilliGpus);

/// <summary>What became of one job.</summary>
/// <param name="End">Null where it never fitted.</param>
/// <param name="Runs">In time order; work done again after evictions included.</param>
/// <param name="Evictions">Times it was stopped for another job.</param>
public sealed record SimulatedOutcome(SimulatedJob Job, TimeSpan? End, IReadOnlyList<SimulatedRun> Runs, int Evictions)
{
    public TimeSpan? Start => Runs.Count == 0 ? null : Runs[0].From;

    /// <summary>Time on machines.</summary>
    public TimeSpan Ran => Runs.Aggregate(TimeSpan.Zero, (sum, run) => sum + (run.To - run.From));

    /// <summary>From submission to the end; null where it never ended.</summary>
    public TimeSpan? Completion => End - Job.Submit;

    /// <summary>The part of that in which it had no machines.</summary>
    public TimeSpan? Queueing => Completion - Ran;
}

/// <summary>How a trace went, job by job, in its order.</summary>
/// <param name="LostGpuTime">Work that evictions and changes of size added, times the GPUs it took.</param>
public sealed record SimulationResult(SimulationPolicy Policy, int ClusterGpus, IReadOnlyList<SimulatedOutcome> Outcomes, TimeSpan LostGpuTime);

/// <summary>Convoy, and the textbook orders that it is compared with.</summary>
public enum SimulationPolicy
{
    /// <summary>Convoy's own scheduler, which knows no durations.</summary>
    Convoy,

    /// <summary>By submission; stops at the first job that does not fit.</summary>
    Fifo,

    /// <summary>Shortest job first, durations known, not preemptive; stops likewise.</summary>
    Sjf,

    /// <summary>Shortest remaining time first, durations known, preemptive.</summary>
    Srtf,

    /// <summary>EASY backfilling (Lifka 1995): by submission, with one reservation for the first blocked job, durations known.</summary>
    Easy,
}
