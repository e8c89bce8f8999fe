using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>A database file and how connections to it are set up.</summary>
internal sealed class SqliteFile(string path) : IDisposable
{
    private const int BusySeconds = 30;
    private const long LargestIdleLogBytes = 64L << 20;

    private static readonly Lock Making = new();

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

    /// <summary>
    /// Tokens' hashes and people's programs are nobody else's business. The log files beside it inherit the mode. A file that is there
    /// is not opened: closing it would drop the locks that this process's other connections to it hold (sqlite.org/howtocorrupt.html, 2.2).
    /// </summary>
    public void KeepPrivate()
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        lock (Making)
        {
            if (!File.Exists(Path))
            {
                var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
                if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
                using var made = new FileStream(Path, options);
            }
        }

        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path, mode);
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
