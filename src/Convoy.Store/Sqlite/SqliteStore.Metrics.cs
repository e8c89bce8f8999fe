using Convoy.Core.Jobs;
using Dapper;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore
{
    public Task<MetricsOutcome> AppendMetricsAsync(MetricBatch batch, CancellationToken cancellationToken) =>
        WriteAsync(connection => new MetricAppend(connection, batch).Run(), cancellationToken);

    public Task<IReadOnlyList<StoredMetric>> ListMetricsAsync(JobId id, string? name, long after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync<IReadOnlyList<StoredMetric>>(
            connection => [.. connection.Query<MetricRow>(MetricQueries.List(name), new { id = id.Value, name, after, limit }).Select(row => row.ToMetric())], cancellationToken);
    }

    public Task SetProgressAsync(JobId id, int attempt, int permille, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(permille);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permille, 1000);
        return WriteAsync(connection => connection.Execute("UPDATE jobs SET progress = @permille WHERE id = @id AND attempt = @attempt", new { id = id.Value, attempt, permille }), cancellationToken);
    }

    private sealed class MetricRow
    {
        public required long Sequence { get; init; }

        public required int Attempt { get; init; }

        public required int Rank { get; init; }

        public required long Step { get; init; }

        public required string Name { get; init; }

        public double? Value { get; init; }

        public required long At { get; init; }

        public StoredMetric ToMetric() => new(Sequence, Attempt, Rank, new MetricPoint(Step, Name, Value ?? double.NaN, StoredTime.At(At)));
    }
}
