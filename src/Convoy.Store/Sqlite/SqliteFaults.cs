using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Convoy.Store.Sqlite;

/// <summary>From SQLite's result codes (sqlite.org/rescode.html) to what they mean to a caller.</summary>
internal static class SqliteFaults
{
    public static StoreException Explain(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        SQLITE_FULL => new StoreException(StoreFault.NoSpace, $"no space is left for {path}; free some and try again", e),
        SQLITE_CONSTRAINT or SQLITE_MISMATCH or SQLITE_TOOBIG => new StoreException(StoreFault.Refused, $"{path} refused the data: {e.Message}", e),
        SQLITE_CORRUPT or SQLITE_NOTADB => new StoreException(StoreFault.Damaged, $"{path} is damaged or no database: {e.Message}", e),
        _ => new StoreException(StoreFault.Unavailable, $"{path} cannot be used now: {e.Message}", e),
    };

    /// <summary>SQLite may have rolled back by itself: what was done in the transaction so far cannot be relied upon.</summary>
    public static bool EndsTransaction(Exception e) => e is SqliteException { SqliteErrorCode: SQLITE_FULL or SQLITE_IOERR or SQLITE_NOMEM or SQLITE_BUSY or SQLITE_INTERRUPT or SQLITE_CORRUPT or SQLITE_CANTOPEN or SQLITE_PROTOCOL };
}
