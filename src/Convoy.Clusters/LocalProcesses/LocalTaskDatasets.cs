using System.Text.Json;
using Convoy.Core.Datasets;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Reads what supervisors tell in the state folder of a <see cref="LocalCluster"/>.</summary>
public sealed class LocalTaskDatasets(string stateFolder) : ITaskDatasets
{
    private readonly StateLayout layout = new(Path.GetFullPath(stateFolder));

    public IReadOnlyList<DatasetUse> Of(JobId job, int attempt, int rank) =>
        DurableFile.Read(Path.Combine(layout.Task(job, attempt, rank), TaskFolder.Datasets)) is { } told ? JsonSerializer.Deserialize(told, TaskJson.Default.IReadOnlyListDatasetUse) ?? [] : [];
}
