using Convoy.Core.Jobs;
using Dapper;

namespace Convoy.Store.Sqlite;

/// <summary>What goes when it has been kept for as long as was asked. Everything here may be repeated.</summary>
public sealed partial class SqliteStore
{
    private const int MetricsAtOnce = 10_000;

    /// <summary>Jobs that ended before <paramref name="until"/>, in the order of their ends, from above <paramref name="after"/>.</summary>
    public Task<IReadOnlyList<EndedJob>> ListEndedAsync(DateTimeOffset until, EndMark after, int limit, CancellationToken cancellationToken)
    {
        var values = new { until = StoredTime.Of(until), ended = StoredTime.Of(after.EndedAt), job = after.SubmitSequence, limit };
        return ReadAsync<IReadOnlyList<EndedJob>>(
            connection => [.. connection.Query<EndedRow>(RetentionQueries.Ended, values).Select(row => new EndedJob(JobId.Parse(row.Id), row.SubmitSequence, StoredTime.At(row.EndedAt), row.OwnerNumber, row.Attempts, row.Revision))],
            cancellationToken);
    }

    /// <summary>How far each kind has been removed.</summary>
    public Task<IReadOnlyDictionary<string, EndMark>> GetRetentionMarksAsync(CancellationToken cancellationToken) => ReadAsync<IReadOnlyDictionary<string, EndMark>>(
        connection => connection.Query<(string Kind, long Ended, long Job)>("SELECT kind, ended_at, job FROM retention_marks").ToDictionary(row => row.Kind, row => new EndMark(StoredTime.At(row.Ended), row.Job)),
        cancellationToken);

    public Task SaveRetentionMarkAsync(string kind, EndMark mark, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute("INSERT OR REPLACE INTO retention_marks VALUES (@kind, @ended, @job)", new { kind, ended = StoredTime.Of(mark.EndedAt), job = mark.SubmitSequence }), cancellationToken);

    /// <summary>All of a finished job's events but the last one.</summary>
    public Task RemoveEventsAsync(EndedJob job, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute(RetentionQueries.RemoveEvents, new { job = job.SubmitSequence }), cancellationToken);

    /// <summary>Little by little, so that nobody waits long for the writer.</summary>
    public async Task RemoveMetricsAsync(EndedJob job, CancellationToken cancellationToken)
    {
        while (await WriteAsync(connection => connection.Execute(RetentionQueries.RemoveMetrics, new { job = job.SubmitSequence, limit = MetricsAtOnce }), cancellationToken) > 0)
        {
        }
    }

    /// <summary>Notes that a submission is about to name the archive, where it was not noted lately. Nothing where it was not uploaded.</summary>
    public async Task TouchCodeAsync(string owner, string sha256, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var at = await ReadOneAsync(connection => connection.ExecuteScalar<long?>(RetentionQueries.GrantedAt, new { owner, sha256 }), cancellationToken);
        if (at is null || at >= StoredTime.Of(now - CodeGrant.Precision)) return;
        await WriteAsync(connection => connection.Execute("UPDATE code_grants SET at = @at WHERE owner = @owner AND sha256 = @sha256", new { owner, sha256, at = StoredTime.Of(now) }), cancellationToken);
    }

    /// <summary>By owner and archive.</summary>
    public Task<IReadOnlyList<CodeGrant>> ListCodeGrantsAsync(CodeGrant? after, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<CodeGrant>>(
        connection => [.. connection.Query<(string Owner, string Sha256, long At)>(RetentionQueries.Grants, new { owner = after?.Owner ?? "", sha256 = after?.Sha256 ?? "", limit })
            .Select(row => new CodeGrant(row.Owner, row.Sha256, StoredTime.At(row.At)))],
        cancellationToken);

    /// <summary>
    /// Forgets that somebody uploaded an archive, where nobody has asked for it since <paramref name="untouched"/> and none of their jobs needs it
    /// that has not ended before <paramref name="until"/>.
    /// </summary>
    public Task<bool> ForgetCodeAsync(CodeGrant grant, DateTimeOffset untouched, DateTimeOffset until, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute(RetentionQueries.ForgetGrant, new { owner = grant.Owner, sha256 = grant.Sha256, untouched = StoredTime.Of(untouched), until = StoredTime.Of(until) }) > 0, cancellationToken);

    /// <summary>Whether anything is left that an object is kept for.</summary>
    public Task<bool> IsReferredAsync(string sha256, CancellationToken cancellationToken) =>
        ReadAsync(connection => connection.ExecuteScalar<bool>(RetentionQueries.IsReferred, new { sha256 }), cancellationToken);

    private sealed class EndedRow
    {
        public required string Id { get; init; }

        public long SubmitSequence { get; init; }

        public long EndedAt { get; init; }

        public required int OwnerNumber { get; init; }

        public required int Attempts { get; init; }

        public long Revision { get; init; }
    }
}
