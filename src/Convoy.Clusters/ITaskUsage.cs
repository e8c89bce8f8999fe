using Convoy.Core.Jobs;

namespace Convoy.Clusters;

/// <summary>What running tasks really use. Nothing is measured but what is asked for, while it is asked for.</summary>
public interface ITaskUsage
{
    /// <summary>Answers in the order asked; null where the task does not run here.</summary>
    Task<IReadOnlyList<TaskUse?>> MeasureAsync(IReadOnlyList<MeasuredTask> tasks, CancellationToken cancellationToken);
}

/// <param name="Devices">Indexes of the devices it holds on its node.</param>
public readonly record struct MeasuredTask(JobId Job, int Attempt, int Rank, IReadOnlyList<int> Devices);

/// <param name="CpuMillicores">Over the last moments; null where it has only just started.</param>
/// <param name="MemoryBytes">Resident; what several of its processes share counts for each.</param>
/// <param name="GpuPercent">Mean of its devices; null, like the memory, where they tell nothing.</param>
public sealed record TaskUse(long? CpuMillicores, long MemoryBytes, int Processes, double? GpuPercent, long? GpuMemoryBytes);
