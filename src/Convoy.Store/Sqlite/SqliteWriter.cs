using System.Data;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>
/// The one writer of a file. Whatever waits when the disk is free shares one transaction and one fsync (group commit);
/// each write has a savepoint of its own, so one that fails takes no other with it.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private const int LargestBatch = 1024;

    private readonly SqliteFile file;
    private readonly Channel<Write> queue = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task loop;
    private SqliteConnection? connection;

    /// <param name="connection">Open and migrated; the writer's own from now on.</param>
    public SqliteWriter(SqliteFile file, SqliteConnection connection)
    {
        this.file = file;
        this.connection = connection;
        loop = Task.Run(RunAsync);
    }

    /// <summary>
    /// Answers when the write is on the disk. Cancelling takes back a write that has not begun; one that has begun is answered,
    /// so a cancelled caller knows that nothing was stored.
    /// </summary>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        var write = new Write<T>(work, cancellationToken);
        ObjectDisposedException.ThrowIf(!queue.Writer.TryWrite(write), this);
        return write.Answer;
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop;
        if (connection is not null) await connection.DisposeAsync();
    }

    private async Task RunAsync()
    {
        var batch = new List<Write>();
        while (await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < LargestBatch && queue.Reader.TryRead(out var write)) batch.Add(write);
            batch.RemoveAll(write => write.IsTakenBack());
            if (batch.Count > 0) Commit(batch);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary of the loop: everybody who waits is told what went wrong, and the next batch gets its chance.")]
    private void Commit(List<Write> batch)
    {
        try
        {
            connection ??= file.OpenWriter();
            connection.Execute("BEGIN IMMEDIATE");
            foreach (var write in batch) RunAlone(connection, write);
            connection.Execute("COMMIT");
        }
        catch (Exception e)
        {
            Abandon();
            foreach (var write in batch) write.Fail(Explain(e));
            return;
        }

        foreach (var write in batch) write.Acknowledge();
    }

    private void RunAlone(SqliteConnection open, Write write)
    {
        open.Execute("SAVEPOINT one_write");
        try
        {
            write.Run(open);
        }
        catch (Exception e) when (!SqliteFaults.EndsTransaction(e))
        {
            // The boundary of one write: it is undone and told, and the others go on.
            open.Execute("ROLLBACK TO one_write");
            write.Fail(Explain(e));
        }

        open.Execute("RELEASE one_write");
    }

    /// <summary>Undoes the transaction; a connection that cannot even do that is replaced.</summary>
    private void Abandon()
    {
        if (connection is null) return;
        try
        {
            if (connection.State == ConnectionState.Open)
            {
                if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0) connection.Execute("ROLLBACK");
                return;
            }
        }
        catch (SqliteException)
        {
            // What it met will be met again by the next write, if it is still there.
        }

        connection.Dispose();
        connection = null;
    }

    private Exception Explain(Exception e) => e is SqliteException sqlite ? SqliteFaults.Explain(sqlite, file.Path) : e;

    private abstract class Write
    {
        public abstract bool IsTakenBack();

        public abstract void Run(SqliteConnection connection);

        public abstract void Acknowledge();

        public abstract void Fail(Exception reason);
    }

    private sealed class Write<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken) : Write
    {
        private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? result;

        public Task<T> Answer => answer.Task;

        public override bool IsTakenBack() => cancellationToken.IsCancellationRequested && answer.TrySetCanceled(cancellationToken);

        public override void Run(SqliteConnection connection) => result = work(connection);

        public override void Acknowledge() => answer.TrySetResult(result!);

        public override void Fail(Exception reason) => answer.TrySetException(reason);
    }
}
