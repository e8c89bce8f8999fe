using Convoy.Core.Jobs;
using Dapper;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore
{
    public Task<CommitOutcome> DeleteJobAsync(JobId id, long expectedRevision, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute(Deletion.Mark, new { id = id.Value, revision = expectedRevision }) == 0 ? CommitOutcome.Conflict : CommitOutcome.Committed, cancellationToken);

    public Task<bool> IsBeingDeletedAsync(JobId id, CancellationToken cancellationToken) =>
        ReadOneAsync(connection => connection.ExecuteScalar<bool>(Deletion.IsMarked, new { id = id.Value }), cancellationToken);

    public Task<IReadOnlyList<Job>> ListBeingDeletedAsync(long after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync<IReadOnlyList<Job>>(connection => [.. connection.Query<string>(Deletion.Marked, new { after, limit }).Select(StoredJson.Job)], cancellationToken);
    }

    public Task<bool> RemoveDeletedAsync(long submitSequence, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return WriteAsync(connection => Deletion.Remove(connection, submitSequence, limit), cancellationToken);
    }
}
