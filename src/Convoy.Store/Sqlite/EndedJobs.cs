using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>The columns that an older version did not have. (A row that only keeps the place of a deleted job has no body.)</summary>
internal static class EndedJobs
{
    private const int AtOnce = 1000;

    public static void Fill(SqliteConnection connection)
    {
        for (long after = 0; ;)
        {
            var page = connection.Query<(long Sequence, string Body)>("SELECT submit_sequence, body FROM jobs WHERE submit_sequence > @after AND body <> '' ORDER BY submit_sequence LIMIT @AtOnce", new { after, AtOnce }).AsList();
            foreach (var (sequence, body) in page)
            {
                var job = StoredJson.Job(body);
                connection.Execute("UPDATE jobs SET ended_at = @ended, code = @code WHERE submit_sequence = @sequence", new { ended = ChangeRow.EndOf(job), code = job.Spec.Code?.Archive, sequence });
                after = sequence;
            }

            if (page.Count == 0) return;
        }
    }
}
