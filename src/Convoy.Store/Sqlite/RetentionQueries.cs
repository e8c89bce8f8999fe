namespace Convoy.Store.Sqlite;

/// <summary>The questions about what is kept how long; their plans are tested like those of <see cref="JobQueries"/>.</summary>
internal static class RetentionQueries
{
    /// <summary>By end, then submit sequence. A deleted job belongs to nobody.</summary>
    public const string Ended = """
        SELECT j.id AS Id, j.submit_sequence AS SubmitSequence, j.ended_at AS EndedAt, u.number AS OwnerNumber, j.attempt AS Attempts, j.revision AS Revision
        FROM jobs AS j CROSS JOIN users AS u ON u.name = j.owner
        WHERE j.ended_at >= @ended AND j.ended_at < @until AND (j.ended_at, j.submit_sequence) > (@ended, @job) ORDER BY j.ended_at, j.submit_sequence LIMIT @limit
        """;

    public const string Grants = "SELECT owner AS Owner, sha256 AS Sha256, at AS At FROM code_grants WHERE (owner, sha256) > (@owner, @sha256) ORDER BY owner, sha256 LIMIT @limit";

    public const string GrantedAt = "SELECT at FROM code_grants WHERE owner = @owner AND sha256 = @sha256";

    /// <summary>All that objects are kept for.</summary>
    public const string IsReferred = "SELECT EXISTS (SELECT 1 FROM code_grants WHERE sha256 = @sha256)";

    /// <summary>Kept for an unfinished job, for one that ended lately, and for a submission that is on its way.</summary>
    public const string ForgetGrant = """
        DELETE FROM code_grants WHERE owner = @owner AND sha256 = @sha256 AND at < @untouched
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE code = @sha256 AND owner = @owner AND (ended_at IS NULL OR ended_at >= @until))
        """;

    public const string RemoveEvents = "DELETE FROM events WHERE job = @job AND sequence < (SELECT revision FROM jobs WHERE submit_sequence = @job AND finished = 1)";

    public const string RemoveMetrics = """
        DELETE FROM metrics WHERE job = @job AND sequence < @limit + (SELECT min(sequence) FROM metrics WHERE job = @job)
        AND (SELECT finished FROM jobs WHERE submit_sequence = @job) = 1
        """;
}
