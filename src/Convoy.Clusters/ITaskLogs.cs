using Convoy.Core.Jobs;

namespace Convoy.Clusters;

/// <summary>Reads what tasks printed. Bytes are numbered from 0 per (job, attempt, rank) and keep their numbers.</summary>
public interface ITaskLogs
{
    /// <summary>
    /// Bytes from <paramref name="offset"/> on, at most <paramref name="limit"/>. The slice starts later than asked where
    /// older bytes were dropped; it is empty where nothing is there yet.
    /// </summary>
    Task<LogSlice> ReadAsync(JobId job, int attempt, int rank, long offset, int limit, CancellationToken cancellationToken);

    /// <summary>One past the last byte written so far.</summary>
    Task<long> EndAsync(JobId job, int attempt, int rank, CancellationToken cancellationToken);

    /// <summary>The first byte written at or after that time, as exactly as the log's time index tells.</summary>
    Task<long> OffsetAtAsync(JobId job, int attempt, int rank, DateTimeOffset time, CancellationToken cancellationToken);
}

/// <param name="IsComplete">The task has ended and nothing follows this slice.</param>
public sealed record LogSlice(long Offset, ReadOnlyMemory<byte> Bytes, bool IsComplete);
