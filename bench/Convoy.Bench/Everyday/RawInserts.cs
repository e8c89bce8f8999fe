using Microsoft.Data.Sqlite;

namespace Convoy.Bench.Everyday;

/// <summary>What a submission stores, a row of the job and one event in one durable transaction, with nothing around it.</summary>
internal sealed class RawInserts(string file, string body) : IDisposable
{
    private readonly List<SqliteConnection> connections = [];

    /// <summary>One insert by a connection of its own, however often it is called.</summary>
    public Func<Task> Connect()
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False;Default Timeout=30");
        connections.Add(connection);
        Open(connection);
        return () =>
        {
            Insert(connection);
            return Task.CompletedTask;
        };
    }

    public void Dispose() => connections.ForEach(connection => connection.Dispose());

    private static void Open(SqliteConnection connection)
    {
        connection.Open();
        Execute(connection, "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
        Execute(connection, "CREATE TABLE IF NOT EXISTS jobs (n INTEGER PRIMARY KEY, id TEXT UNIQUE, owner TEXT, body TEXT); CREATE TABLE IF NOT EXISTS events (job INTEGER, sequence INTEGER, body TEXT, PRIMARY KEY (job, sequence)) WITHOUT ROWID");
    }

    private void Insert(SqliteConnection connection)
    {
        Execute(connection, "BEGIN IMMEDIATE");
        Execute(connection, "INSERT INTO jobs (id, owner, body) VALUES (@id, 'admin', @body)", ("@id", ServerProcess.NewId().Value), ("@body", body));
        Execute(connection, "INSERT INTO events VALUES (last_insert_rowid(), 1, @body)", ("@body", body));
        Execute(connection, "COMMIT");
    }

    private static void Execute(SqliteConnection connection, string sql, params (string Name, string Value)[] values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }
}
