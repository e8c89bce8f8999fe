using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;

namespace Convoy.Clusters;

/// <summary>
/// Reads what tasks left in <c>CONVOY_OUTPUT_DIR</c>. It is taken in once a task has ended, however it ended, and is kept for every attempt
/// until the job's outputs are deleted.
/// </summary>
public interface ITaskOutputs
{
    /// <summary>Tasks that left something or may yet, by attempt and rank.</summary>
    Task<IReadOnlyList<TaskOutput>> ListAsync(JobId job, CancellationToken cancellationToken);

    /// <summary>Null where nothing is kept.</summary>
    Task<OutputSummary?> SummaryAsync(JobId job, int attempt, int rank, CancellationToken cancellationToken);

    /// <summary>A page of the entries whose paths begin like this, in ordinal order; empty where nothing is kept.</summary>
    /// <param name="from">What the last page's <see cref="OutputPage.Next"/> said; null for the first page.</param>
    /// <returns>Null where no page says that.</returns>
    Task<OutputPage?> ReadAsync(JobId job, int attempt, int rank, string prefix, long? from, int limit, CancellationToken cancellationToken);

    /// <summary>The entry of exactly that path.</summary>
    Task<OutputEntry?> FindAsync(JobId job, int attempt, int rank, string path, CancellationToken cancellationToken);

    /// <summary>The content of that hash among the job's own; null where there is none.</summary>
    Task<Stream?> OpenAsync(JobId job, string sha256, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes all that is kept of a job that has ended, and what was left behind of it. Only that job's: nothing is shared between jobs.
    /// May be repeated at any time, and what was broken off is finished by a repetition.
    /// </summary>
    Task DeleteAsync(JobId job, CancellationToken cancellationToken);
}

/// <param name="IsKept">False where it is still to be taken in, or the task has not ended.</param>
public sealed record TaskOutput(int Attempt, int Rank, bool IsKept);
