using Convoy.Core.Jobs;
using Convoy.Core.Simulation;

namespace Convoy.Client.Wire;

/// <summary>What a job did in a period, as a row of a trace.</summary>
/// <param name="SubmitS">Since the period began; 0 for what was submitted before.</param>
/// <param name="DurationS">Work in the period, in seconds with all of its tasks.</param>
/// <param name="Gpus">Of each task, or of the whole job where <paramref name="Nodes"/> is null; so, too, processors and memory.</param>
/// <param name="Nodes">Tasks; null where they are not alike.</param>
/// <param name="MinNodes">Null where the job is not elastic.</param>
public sealed record HistoryJobView(
    string Id,
    double SubmitS,
    double DurationS,
    int Gpus,
    int? Nodes,
    int GpuMilli,
    long CpuMillicores,
    long MemoryBytes,
    IReadOnlyList<string> Accelerators,
    string User,
    string? Level,
    string? Queue,
    JobPriority Priority,
    bool Preemptible,
    int? MinNodes)
{
    public static HistoryJobView Of(SimulatedJob job) => new(
        job.Id, job.Submit.TotalSeconds, job.Duration.TotalSeconds, job.Gpus, job.Nodes, job.GpuMilli, job.CpuMillicores, job.MemoryBytes, job.Accelerators, job.User, job.Level, job.Queue, job.Priority,
        job.Preemptible, job.MinNodes);

    public SimulatedJob ToTrace() => new(Id, TimeSpan.FromSeconds(SubmitS), TimeSpan.FromSeconds(DurationS), Gpus, Nodes, Accelerators)
    {
        GpuMilli = GpuMilli,
        CpuMillicores = CpuMillicores,
        MemoryBytes = MemoryBytes,
        User = User,
        Level = Level,
        Queue = Queue,
        Priority = Priority,
        Preemptible = Preemptible,
        MinNodes = MinNodes,
    };
}

/// <param name="Next">Give it as <c>after</c> to read on; null at the end.</param>
public sealed record HistoryView(IReadOnlyList<HistoryJobView> Items, string? Next, int SchemaVersion = 1);
