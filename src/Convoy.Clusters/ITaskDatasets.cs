using Convoy.Core.Datasets;
using Convoy.Core.Jobs;

namespace Convoy.Clusters;

/// <summary>What lies of their data sets where tasks run now.</summary>
public interface ITaskDatasets
{
    /// <summary>Empty where the task has none open here.</summary>
    IReadOnlyList<DatasetUse> Of(JobId job, int attempt, int rank);
}
