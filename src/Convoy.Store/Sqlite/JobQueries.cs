using System.Text;
using Convoy.Core.Jobs;

namespace Convoy.Store.Sqlite;

/// <summary>The questions about jobs. A test asks SQLite for the plan of each and refuses scans and sorts.</summary>
internal static class JobQueries
{
    public const string One = "SELECT body AS Body, progress AS Progress FROM jobs WHERE id = @id";

    public const string Unfinished = "SELECT body FROM jobs WHERE finished = 0 AND submit_sequence > @after ORDER BY submit_sequence LIMIT @limit";

    /// <summary>Each once: what it held last stands in one row of usage.</summary>
    public const string Finished = """
        SELECT j.body FROM usage AS u CROSS JOIN jobs AS j ON j.submit_sequence = u.job
        WHERE (u.ended_at, u.job) > (@ended, @job) AND u.attempt = j.attempt AND u.part = 0 AND j.finished = 1 AND j.deleted = 0 ORDER BY u.ended_at, u.job, u.attempt LIMIT @limit
        """;

    public const string LastSequence = "SELECT max(submit_sequence) FROM jobs";

    public const string Events = """
        SELECT sequence AS Sequence, body AS Body FROM events
        WHERE job = (SELECT submit_sequence FROM jobs WHERE id = @id) AND sequence > @after ORDER BY sequence LIMIT @limit
        """;

    /// <summary>
    /// Of what is asked for, a name leaves the fewest jobs, then a person, a phase, a queue. SQLite cannot know it, so what would choose a wider
    /// index is written as an expression (<c>+column</c>), which chooses none.
    /// </summary>
    public static string List(JobFilter filter)
    {
        var queue = filter.Owner is null && filter.Name is null ? "queue" : "+queue";
        var phase = filter.Name is null ? "phase" : "+phase";
        var owner = filter is { Name: not null, UnfinishedOnly: true, Phase: null } ? "+owner" : "owner";
        var sql = new StringBuilder("SELECT body AS Body, progress AS Progress FROM jobs WHERE submit_sequence < @before AND deleted = 0");
        if (filter.Owner is not null) sql.Append($" AND {owner} = @Owner");
        if (filter.Queue is not null) sql.Append($" AND {queue} = @Queue");
        if (filter.Name is not null) sql.Append(" AND name = @Name");
        if (filter.Phase is not null) sql.Append($" AND {phase} = @phase");

        // A phase says by itself whether it is finished; asking twice would only confuse the choice of the index.
        else if (filter.UnfinishedOnly) sql.Append(" AND finished = 0");
        return sql.Append(" ORDER BY submit_sequence DESC LIMIT @limit").ToString();
    }

    /// <summary>True where nothing can match, whatever is stored.</summary>
    public static bool IsContradictory(JobFilter filter) => filter is { UnfinishedOnly: true, Phase: { } phase } && phase.IsFinished();
}
