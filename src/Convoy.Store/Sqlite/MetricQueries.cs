namespace Convoy.Store.Sqlite;

/// <summary>The questions about metrics; their plans are tested like those of <see cref="JobQueries"/>.</summary>
internal static class MetricQueries
{
    private const string Select = """
        SELECT m.sequence AS Sequence, m.attempt AS Attempt, m.task_rank AS Rank, m.step AS Step, s.name AS Name, m.value AS Value, m.at AS At
        FROM metrics AS m CROSS JOIN metric_series AS s ON s.job = m.job AND s.series = m.series
        WHERE m.job = (SELECT submit_sequence FROM jobs WHERE id = @id) AND m.sequence > @after
        """;

    private const string OfOneSeries = """
         AND m.series = (SELECT series FROM metric_series WHERE job = (SELECT submit_sequence FROM jobs WHERE id = @id) AND name = @name)
        """;

    public static string List(string? name) => $"{Select}{(name is null ? "" : OfOneSeries)} ORDER BY m.sequence LIMIT @limit";
}
