namespace Convoy.Store.Sqlite;

/// <summary>The questions about people; their plans are tested like those of <see cref="JobQueries"/>.</summary>
internal static class PeopleQueries
{
    public const string User = $"{SelectUser} WHERE name = @name";

    public const string Users = $"{SelectUser} WHERE name > @after ORDER BY name LIMIT @limit";

    public const string Token = $"{SelectToken} WHERE hash = @hash";

    public const string Levels = """
        SELECT name AS Name, level_rank AS Rank, max_gpus AS MaxGpus, max_gpus_per_job AS MaxGpusPerJob, max_running AS MaxRunning, max_submitted AS MaxSubmitted, max_duration AS MaxDuration,
            may_preempt AS MayPreempt, preemptible AS Preemptible, min_run_time AS MinRunTime, max_stored AS MaxStored
        FROM levels ORDER BY level_rank, name
        """;

    public const string Organisation = "SELECT revision AS Revision, body AS Body FROM organisation ORDER BY revision DESC LIMIT 1";

    public const string Code = "SELECT EXISTS (SELECT 1 FROM code_grants WHERE owner = @owner AND sha256 = @sha256)";

    private const string SelectUser = "SELECT name AS Name, number AS Number, level AS Level, administrator AS IsAdministrator, created_at AS CreatedAt FROM users";

    private const string SelectToken = "SELECT id AS Id, user AS User, hash AS Hash, created_at AS CreatedAt, expires_at AS ExpiresAt, revoked_at AS RevokedAt, label AS Label FROM tokens";

    public static string Tokens(string? user) => $"{SelectToken} WHERE id > @after{(user is null ? "" : " AND user = @user")} ORDER BY id LIMIT @limit";
}
