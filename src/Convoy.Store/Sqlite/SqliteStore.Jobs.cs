using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore
{
    public Task<IReadOnlyList<CommitOutcome>> CommitAsync(IReadOnlyList<JobChange> changes, CancellationToken cancellationToken)
    {
        // Serialized by the caller's thread: the writer has only the disk to wait for.
        var prepared = changes.Select(ChangeRow.Of).ToArray();
        return WriteAsync<IReadOnlyList<CommitOutcome>>(connection => [.. prepared.Select(change => change.Apply(connection))], cancellationToken);
    }

    public Task<JobRecord?> GetJobAsync(JobId id, CancellationToken cancellationToken) =>
        ReadOneAsync(connection => connection.QuerySingleOrDefault<JobRow>(JobQueries.One, new { id = id.Value })?.ToRecord(), cancellationToken);

    public Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobFilter filter, long before, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        if (JobQueries.IsContradictory(filter)) return Task.FromResult<IReadOnlyList<JobRecord>>([]);
        var values = new { filter.Owner, filter.Queue, filter.Name, phase = filter.Phase?.ToString(), before, limit };
        return ReadAsync<IReadOnlyList<JobRecord>>(
            connection => [.. connection.Query<JobRow>(JobQueries.List(filter), values).Select(row => row.ToRecord())], cancellationToken);
    }

    public Task<IReadOnlyList<Job>> ListUnfinishedAsync(long after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync<IReadOnlyList<Job>>(
            connection => [.. connection.Query<string>(JobQueries.Unfinished, new { after, limit }).Select(StoredJson.Job)], cancellationToken);
    }

    public Task<IReadOnlyList<Job>> ListFinishedAsync(DateTimeOffset since, Job? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var from = after is null ? new { ended = StoredTime.Of(since), job = 0L, limit } : new { ended = StoredTime.Of(after.Attempts[^1].EndedAt!.Value), job = after.SubmitSequence, limit };
        return ReadAsync<IReadOnlyList<Job>>(connection => [.. connection.Query<string>(JobQueries.Finished, from).Select(StoredJson.Job)], cancellationToken);
    }

    public Task<long> LastSubmitSequenceAsync(CancellationToken cancellationToken) =>
        ReadAsync(connection => connection.ExecuteScalar<long?>(JobQueries.LastSequence) ?? 0, cancellationToken);

    public Task<IReadOnlyList<StoredEvent>> ListEventsAsync(JobId id, long after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync<IReadOnlyList<StoredEvent>>(
            connection => [.. connection.Query<EventRow>(JobQueries.Events, new { id = id.Value, after, limit }).Select(row => new StoredEvent(row.Sequence, StoredJson.Event(row.Body)))],
            cancellationToken);
    }

    public Task<IReadOnlyList<AttemptUsage>> ListUsageAsync(DateTimeOffset since, AttemptUsage? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var from = new { ended = StoredTime.Of(after?.Until ?? since), job = after?.SubmitSequence ?? 0, attempt = after?.Attempt ?? 0, part = after?.Part ?? 0, limit };
        return ReadAsync<IReadOnlyList<AttemptUsage>>(connection => [.. connection.Query<UsageRow>(UsageRow.Since, from).Select(row => row.ToUsage())], cancellationToken);
    }

    private sealed class JobRow
    {
        public required string Body { get; init; }

        public int? Progress { get; init; }

        public JobRecord ToRecord() => new(StoredJson.Job(Body), Progress);
    }

    private sealed class EventRow
    {
        public required long Sequence { get; init; }

        public required string Body { get; init; }
    }
}
