using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>A database file and how connections to it are set up.</summary>
internal sealed class SqliteFile(string path) : IDisposable
{
    private const int BusySeconds = 30;
    private const long LargestIdleLogBytes = 64L << 20;

    private readonly string forReaders = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadOnly,
        Pooling = true,
        DefaultTimeout = BusySeconds,
    }.ToString();

    private readonly string forWriter = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = false,
        ForeignKeys = true,
        DefaultTimeout = BusySeconds,
    }.ToString();

    public string Path { get; } = path;

    /// <summary>Tokens' hashes and people's programs are nobody else's business. The log files beside it inherit the mode.</summary>
    public void KeepPrivate()
    {
        if (OperatingSystem.IsWindows()) return;
        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (new FileStream(Path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, UnixCreateMode = mode }))
        {
        }

        File.SetUnixFileMode(Path, mode);
    }

    public SqliteConnection OpenWriter()
    {
        var connection = new SqliteConnection(forWriter);
        try
        {
            connection.Open();
            connection.Execute($"PRAGMA busy_timeout = {BusySeconds * 1000}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = {LargestIdleLogBytes}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Sees what was committed before, and neither waits for the writer nor keeps it waiting.</summary>
    public SqliteConnection OpenReader()
    {
        var connection = new SqliteConnection(forReaders);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        using var any = new SqliteConnection(forReaders);
        SqliteConnection.ClearPool(any);
    }
}
