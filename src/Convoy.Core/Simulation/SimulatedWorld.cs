namespace Convoy.Core.Simulation;

/// <param name="Gpus">Whole devices on the node.</param>
/// <param name="Accelerator">Their type; empty where the cluster file names none.</param>
public sealed record SimulatedNode(int Gpus, string Accelerator = "");

/// <summary>One job of a trace.</summary>
/// <param name="Submit">Since the trace began.</param>
/// <param name="Duration">Work on the machines asked for.</param>
/// <param name="Gpus">Devices in total, or on each node where <paramref name="Nodes"/> is given.</param>
/// <param name="Nodes">Number of tasks with <paramref name="Gpus"/> devices each; null leaves the shape to the cluster.</param>
/// <param name="Accelerators">Types accepted, in order of preference; empty means any. A job uses one of them.</param>
public sealed record SimulatedJob(string Id, TimeSpan Submit, TimeSpan Duration, int Gpus, int? Nodes, IReadOnlyList<string> Accelerators)
{
    public int TotalGpus => Gpus * (Nodes ?? 1);
}

/// <summary>What became of one job; null times where it never fitted.</summary>
/// <param name="Ran">Time on machines, work done again after evictions included.</param>
/// <param name="Evictions">Times it was stopped for another job.</param>
public sealed record SimulatedOutcome(SimulatedJob Job, TimeSpan? Start, TimeSpan? End, TimeSpan Ran, int Evictions);

/// <summary>How an experiment went, job by job, in the order of the trace.</summary>
/// <param name="LostGpuTime">Work that evictions added, times the GPUs it took.</param>
public sealed record SimulationResult(SimulationPolicy Policy, int ClusterGpus, IReadOnlyList<SimulatedOutcome> Outcomes, TimeSpan LostGpuTime);

/// <summary>Convoy, and the textbook orders that it is compared with.</summary>
public enum SimulationPolicy
{
    /// <summary>By submission; stops at the first job that does not fit.</summary>
    Fifo,

    /// <summary>Shortest job first, durations known, not preemptive; stops likewise.</summary>
    Sjf,

    /// <summary>Shortest remaining time first, durations known, preemptive.</summary>
    Srtf,

    /// <summary>EASY backfilling (Lifka 1995): by submission, with one reservation for the first blocked job, durations known.</summary>
    Easy,

    /// <summary>Convoy's own scheduler, which knows no durations.</summary>
    Convoy,
}
