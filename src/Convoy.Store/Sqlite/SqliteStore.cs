using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>
/// The store in one SQLite file. Writes go through one writer that commits them in groups and are durable when they return;
/// reads use connections of their own. One process writes a file; others may read it.
/// </summary>
public sealed partial class SqliteStore : IStore
{
    private readonly SqliteFile file;
    private readonly SqliteWriter writer;

    private SqliteStore(SqliteFile file, SqliteConnection connection)
    {
        this.file = file;
        writer = new SqliteWriter(file, connection);
    }

    /// <summary>Opens the file, makes it where there is none, and brings its schema up to date. Its folder must exist.</summary>
    /// <exception cref="StoreException">It cannot be opened, is no database of Convoy's, or was written by a newer version.</exception>
    public static Task<SqliteStore> OpenAsync(string path, TimeProvider? time, CancellationToken cancellationToken) =>
        OpenAsync(path, Migration.All, time, cancellationToken);

    /// <summary>Opens a file that is there and of this very version, beside a server that may be using it.</summary>
    /// <exception cref="StoreException">It is not there, no database of Convoy's, or of another version.</exception>
    public static Task<SqliteStore> OpenAsItIsAsync(string path, CancellationToken cancellationToken) =>
        OpenAsync(path, connection => Migration.RefuseOtherThan(connection, path, Migration.All.Count), cancellationToken);

    internal static Task<SqliteStore> OpenAsync(string path, IReadOnlyList<Migration> migrations, TimeProvider? time, CancellationToken cancellationToken) =>
        OpenAsync(path, connection => Migration.Apply(connection, Path.GetFullPath(path), migrations, (time ?? TimeProvider.System).GetUtcNow()), cancellationToken);

    private static Task<SqliteStore> OpenAsync(string path, Action<SqliteConnection> migrate, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            var file = new SqliteFile(Path.GetFullPath(path));
            SqliteConnection? connection = null;
            try
            {
                file.KeepPrivate();
                connection = file.OpenWriter();
                migrate(connection);
                return new SqliteStore(file, connection);
            }
            catch (Exception e)
            {
                connection?.Dispose();
                file.Dispose();
                throw e switch
                {
                    SqliteException sqlite => SqliteFaults.Explain(sqlite, file.Path),
                    IOException or UnauthorizedAccessException => new StoreException(StoreFault.Unavailable, $"{file.Path} cannot be opened: {e.Message}", e),
                    _ => e,
                };
            }
        },
        cancellationToken);

    /// <summary>A copy of everything as it is at one instant, while others go on reading and writing. The file must not be there.</summary>
    public Task BackUpAsync(string path, CancellationToken cancellationToken) => ReadAsync(
        connection =>
        {
            // In one transaction of a reader: what is written meanwhile is not in it, and nobody waits.
            connection.Execute("VACUUM INTO @path", new { path });
            return true;
        },
        cancellationToken);

    /// <summary>All that is wrong with the file's structure and references; nothing where it is sound.</summary>
    public Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<string>>(
        connection =>
        [
            .. connection.Query<string>("PRAGMA integrity_check").Where(line => line != "ok"),
            .. connection.Query<string>("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check").Select(table => $"{table} refers to rows that are not there"),
        ],
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        file.Dispose();
    }

    /// <summary>SQLite works on the thread that calls it, so reads get one of their own.</summary>
    internal Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken) => Task.Run(() => Read(read), cancellationToken);

    /// <summary>One row by its key, on the caller's thread: that takes less than changing threads.</summary>
    internal Task<T> ReadOneAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<T>(cancellationToken);
        try
        {
            return Task.FromResult(Read(read));
        }
        catch (StoreException e)
        {
            return Task.FromException<T>(e);
        }
    }

    internal Task<T> WriteAsync<T>(Func<SqliteConnection, T> write, CancellationToken cancellationToken) => writer.WriteAsync(write, cancellationToken);

    private T Read<T>(Func<SqliteConnection, T> read)
    {
        try
        {
            using var connection = file.OpenReader();
            return read(connection);
        }
        catch (SqliteException e)
        {
            throw SqliteFaults.Explain(e, file.Path);
        }
    }
}
