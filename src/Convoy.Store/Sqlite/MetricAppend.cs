using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>Appends one batch inside the writer's transaction.</summary>
internal sealed class MetricAppend(SqliteConnection connection, MetricBatch batch)
{
    public MetricsOutcome Run()
    {
        var job = connection.ExecuteScalar<long?>("SELECT submit_sequence FROM jobs WHERE id = @id", new { id = batch.Job.Value })
            ?? throw new StoreException(StoreFault.Refused, $"there is no job {batch.Job} to store metrics of");
        var key = new { job, batch.Attempt, batch.Rank, batch.BatchId };
        if (connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM metric_batches WHERE job = @job AND attempt = @Attempt AND task_rank = @Rank AND batch = @BatchId)", key))
        {
            return MetricsOutcome.AlreadyStored;
        }

        // Points are never removed, so the last number is their count.
        var stored = connection.ExecuteScalar<long?>("SELECT max(sequence) FROM metrics WHERE job = @job", new { job }) ?? 0;
        if (stored + batch.Points.Count > MetricLimits.MaxPointsPerJob) return MetricsOutcome.Full;
        var series = connection.Query<(string Name, long Series)>("SELECT name, series FROM metric_series WHERE job = @job", new { job })
            .ToDictionary(row => row.Name, row => row.Series, StringComparer.Ordinal);
        var fresh = batch.Points.Select(point => point.Name).Where(name => !series.ContainsKey(name)).Distinct(StringComparer.Ordinal).ToArray();
        if (series.Count + fresh.Length > MetricLimits.MaxSeriesPerJob) return MetricsOutcome.Full;

        connection.Execute("INSERT INTO metric_batches VALUES (@job, @Attempt, @Rank, @BatchId)", key);
        foreach (var name in fresh)
        {
            var number = series.Count + 1L;
            connection.Execute("INSERT INTO metric_series VALUES (@job, @number, @name)", new { job, number, name });
            series.Add(name, number);
        }

        AppendPoints(job, stored, series);
        return MetricsOutcome.Stored;
    }

    /// <summary>One prepared statement for all points: a batch may have many thousands.</summary>
    private void AppendPoints(long job, long stored, Dictionary<string, long> series)
    {
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO metrics VALUES ($job, $sequence, $series, $attempt, $rank, $step, $value, $at)";
        insert.Parameters.AddWithValue("$job", job);
        insert.Parameters.AddWithValue("$attempt", batch.Attempt);
        insert.Parameters.AddWithValue("$rank", batch.Rank);
        var sequence = insert.Parameters.Add("$sequence", SqliteType.Integer);
        var seriesNumber = insert.Parameters.Add("$series", SqliteType.Integer);
        var step = insert.Parameters.Add("$step", SqliteType.Integer);
        var value = insert.Parameters.Add("$value", SqliteType.Real);
        var at = insert.Parameters.Add("$at", SqliteType.Integer);
        foreach (var point in batch.Points)
        {
            sequence.Value = ++stored;
            seriesNumber.Value = series[point.Name];
            step.Value = point.Step;
            value.Value = double.IsNaN(point.Value) ? DBNull.Value : point.Value;
            at.Value = StoredTime.Of(point.At);
            insert.ExecuteNonQuery();
        }
    }
}
