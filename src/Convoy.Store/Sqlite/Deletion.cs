using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>
/// Deleting a job in two steps, for what hangs on it may be millions of rows, and files besides: first it gives up its id and its
/// names, so that nobody finds it any more; then what it left is removed bit by bit, and at last its row.
/// </summary>
internal static class Deletion
{
    public const string Mark = """
        UPDATE jobs SET deleted = 1, id = '-' || id, owner = '', queue = '', name = '', phase = '', progress = NULL
        WHERE id = @id AND revision = @revision AND finished = 1
        """;

    public const string IsMarked = "SELECT EXISTS (SELECT 1 FROM jobs WHERE id = '-' || @id)";

    public const string Marked = "SELECT body FROM jobs WHERE deleted > 0 AND deleted = 1 AND submit_sequence > @after ORDER BY submit_sequence LIMIT @limit";

    public const string RemoveSpent = "DELETE FROM jobs WHERE deleted > 0 AND deleted = 2 AND submit_sequence < (SELECT max(submit_sequence) FROM jobs)";

    private const string IsStillMarked = "SELECT EXISTS (SELECT 1 FROM jobs WHERE submit_sequence = @job AND deleted = 1)";

    private const string RemoveSeries = "DELETE FROM metric_series WHERE job = @job";

    private const string Spend = "UPDATE jobs SET deleted = 2, id = '-' || submit_sequence, body = '' WHERE submit_sequence = @job";

    /// <summary>What may be many. What refers to others goes before them.</summary>
    public static IReadOnlyList<string> RemoveSome { get; } =
    [
        "DELETE FROM metrics WHERE job = @job AND sequence IN (SELECT sequence FROM metrics WHERE job = @job ORDER BY sequence LIMIT @limit)",
        "DELETE FROM metric_batches WHERE job = @job AND (attempt, task_rank, batch) IN (SELECT attempt, task_rank, batch FROM metric_batches WHERE job = @job LIMIT @limit)",
        "DELETE FROM events WHERE job = @job AND sequence IN (SELECT sequence FROM events WHERE job = @job ORDER BY sequence LIMIT @limit)",
    ];

    /// <summary>True where nothing of it is left.</summary>
    public static bool Remove(SqliteConnection connection, long job, int limit)
    {
        if (!connection.ExecuteScalar<bool>(IsStillMarked, new { job })) return true;
        foreach (var some in RemoveSome)
        {
            if (connection.Execute(some, new { job, limit }) == limit) return false;
        }

        connection.Execute(RemoveSeries, new { job });
        connection.Execute(Spend, new { job });
        connection.Execute(RemoveSpent);
        return true;
    }
}
