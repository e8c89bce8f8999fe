using System.Globalization;
using Convoy.Core.People;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>One step of the schema. Steps that were released are never changed; new ones follow them.</summary>
/// <param name="Version">Counts from 1; SQLite's user_version after the step.</param>
internal sealed record Migration(int Version, string Sql, Action<SqliteConnection>? Then = null)
{
    /// <summary>"Cnvy": tells our files from others.</summary>
    private const int ApplicationId = 0x436e7679;

    public static IReadOnlyList<Migration> All { get; } =
    [
        new(1, Read("0001-jobs.sql")),
        new(2, Read("0002-metrics.sql")),
        new(3, Read("0003-people.sql"), SeedLevels),
        new(4, Read("0004-usage.sql"), UsageRow.Fill),
        new(5, Read("0005-level-rules.sql")),
        new(6, Read("0006-organisation.sql")),
        new(7, Read("0007-node-wishes.sql")),
        new(8, Read("0008-deletion.sql")),
        new(9, Read("0009-operation.sql"), EndedJobs.Fill),
        new(10, Read("0010-lists.sql")),
        new(11, Read("0011-clusters.sql")),
        new(12, Read("0012-datasets.sql")),
        new(13, Read("0013-garbage.sql")),
        new(14, Read("0014-copies.sql")),
    ];

    /// <summary>Brings the file to the newest version. Another process may be doing the same: each step looks again once it may write.</summary>
    public static void Apply(SqliteConnection connection, string path, IReadOnlyList<Migration> migrations, DateTimeOffset now)
    {
        var known = migrations.Count;
        RefuseForeign(connection, path, known);
        foreach (var migration in migrations)
        {
            if (VersionOf(connection) >= migration.Version) continue;
            connection.Execute("BEGIN IMMEDIATE");
            try
            {
                if (VersionOf(connection) < migration.Version) migration.Run(connection, now);
                connection.Execute("COMMIT");
            }
            catch
            {
                if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0) connection.Execute("ROLLBACK");
                throw;
            }
        }

        RefuseForeign(connection, path, known);
    }

    /// <summary>For who works beside a server, which must not find its schema changed.</summary>
    public static void RefuseOtherThan(SqliteConnection connection, string path, int known)
    {
        RefuseForeign(connection, path, known);
        if (VersionOf(connection) is var version && version != known)
        {
            throw new StoreException(StoreFault.NewerSchema, $"{path} has schema {version} and this version of Convoy writes schema {known}; use the version that serves it, or start this one on it first");
        }
    }

    private static void RefuseForeign(SqliteConnection connection, string path, int known)
    {
        var version = VersionOf(connection);
        var application = connection.ExecuteScalar<long>("PRAGMA application_id");
        var isOurs = version > 0 ? application == ApplicationId : connection.ExecuteScalar<long>("SELECT count(*) FROM sqlite_schema") == 0;
        if (!isOurs) throw new StoreException(StoreFault.Damaged, $"{path} is a database of another program; name another file");
        if (version > known)
        {
            throw new StoreException(StoreFault.NewerSchema, $"{path} has schema {version} and this version of Convoy knows schemas up to {known}; run the newer version that wrote it");
        }
    }

    private static long VersionOf(SqliteConnection connection) => connection.ExecuteScalar<long>("PRAGMA user_version");

    private static string Read(string name)
    {
        using var stream = typeof(Migration).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not built in");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static void SeedLevels(SqliteConnection connection) => connection.Execute("INSERT INTO levels (name, level_rank) VALUES (@Name, @Rank)", Level.Defaults);

    private void Run(SqliteConnection connection, DateTimeOffset now)
    {
        connection.Execute("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT");
        connection.Execute(Sql);
        Then?.Invoke(connection);
        connection.Execute("INSERT INTO migrations VALUES (@Version, @at)", new { Version, at = now.ToString("O", CultureInfo.InvariantCulture) });
        connection.Execute($"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version}");
    }
}
