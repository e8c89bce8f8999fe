using Convoy.Store.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Convoy.Store.Tests.Sqlite;

public sealed class SqliteWriterTests : IAsyncLifetime
{
    private readonly DatabaseFolder folder = new();
    private SqliteStore store = null!;

    public async ValueTask InitializeAsync() => store = await folder.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task writes_that_wait_together_share_one_commit()
    {
        var commits = 0;
        await store.WriteAsync(
            connection =>
            {
                sqlite3_commit_hook(connection.Handle, Count, null);
                return 0;
            },
            CancellationToken.None);
        var before = Volatile.Read(ref commits);

        var (held, release) = await HoldAsync();
        var waiting = Enumerable.Range(1, 100).Select(i => store.CommitAsync([Sample.Submit(i)], CancellationToken.None)).ToArray();
        release.Set();
        (await Task.WhenAll(waiting)).ShouldAllBe(outcome => outcome[0] == CommitOutcome.Committed);
        await held;
        (Volatile.Read(ref commits) - before).ShouldBe(2, "the write that held them up, and the hundred together");

        // Zero lets the commit go on.
        int Count(object? unused)
        {
            Interlocked.Increment(ref commits);
            return 0;
        }
    }

    [Fact]
    public async Task a_write_that_fails_takes_no_other_with_it_and_leaves_nothing()
    {
        var (held, release) = await HoldAsync();
        var one = store.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        var broken = store.WriteAsync<int>(
            connection =>
            {
                connection.Execute("INSERT INTO code_grants VALUES ('eve', 'abc', 1, 1)");
                throw new InvalidOperationException("half way");
            },
            CancellationToken.None);
        var refused = store.WriteAsync(
            connection => connection.Execute("INSERT INTO code_grants VALUES ('eve', 'abd', 1, 1); INSERT INTO tokens VALUES ('t', 'nobody', 'h', 1, NULL, NULL, NULL)"), CancellationToken.None);
        var two = store.CommitAsync([Sample.Submit(2)], CancellationToken.None);
        release.Set();
        await held;

        (await one)[0].ShouldBe(CommitOutcome.Committed);
        (await two)[0].ShouldBe(CommitOutcome.Committed);
        (await Should.ThrowAsync<InvalidOperationException>(() => broken)).Message.ShouldBe("half way");
        (await Should.ThrowAsync<StoreException>(() => refused)).Fault.ShouldBe(StoreFault.Refused);
        (await store.HasCodeAsync("eve", "abc", CancellationToken.None)).ShouldBeFalse();
        (await store.HasCodeAsync("eve", "abd", CancellationToken.None)).ShouldBeFalse();
        (await store.LastSubmitSequenceAsync(CancellationToken.None)).ShouldBe(2);
    }

    [Fact]
    public async Task a_write_that_waits_can_be_taken_back()
    {
        using var cancel = new CancellationTokenSource();
        var (held, release) = await HoldAsync();
        var taken = store.CommitAsync([Sample.Submit(1)], cancel.Token);
        await cancel.CancelAsync();
        release.Set();
        await held;
        await Should.ThrowAsync<OperationCanceledException>(() => taken);
        (await store.LastSubmitSequenceAsync(CancellationToken.None)).ShouldBe(0);
    }

    [Fact]
    public async Task readers_are_not_kept_waiting_by_a_write_and_do_not_see_half_of_it()
    {
        await store.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        var (held, release) = await HoldAsync(connection => connection.Execute("INSERT INTO code_grants VALUES ('ada', 'abc', 1, 1)"));

        (await store.GetJobAsync(Sample.Id(1), CancellationToken.None)).ShouldNotBeNull();
        (await store.HasCodeAsync("ada", "abc", CancellationToken.None)).ShouldBeFalse();
        held.IsCompleted.ShouldBeFalse();
        release.Set();
        await held;
        (await store.HasCodeAsync("ada", "abc", CancellationToken.None)).ShouldBeTrue();
    }

    [Fact]
    public async Task closing_stores_what_was_asked_before_and_refuses_what_comes_after()
    {
        var (_, release) = await HoldAsync();
        var last = store.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        var closing = store.DisposeAsync();
        await Should.ThrowAsync<ObjectDisposedException>(async () => await store.CommitAsync([Sample.Submit(2)], CancellationToken.None));
        release.Set();
        await closing;
        (await last)[0].ShouldBe(CommitOutcome.Committed);
        store = await folder.OpenAsync();
        (await store.LastSubmitSequenceAsync(CancellationToken.None)).ShouldBe(1);
    }

    [Fact]
    public async Task a_full_disk_is_told_leaves_nothing_half_written_and_the_store_goes_on_when_there_is_space()
    {
        await store.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        var job = Sample.Submit(1).Next;
        await LimitPagesAsync(1);
        var batch = new MetricBatch(job.Id, 1, 0, "b1", [.. Enumerable.Range(0, 20_000).Select(i => new MetricPoint(i, $"series{i % 50}", i, Sample.Noon))]);

        for (var i = 0; i < 2; i++)
        {
            var full = await Should.ThrowAsync<StoreException>(async () => await store.AppendMetricsAsync(batch, CancellationToken.None));
            full.Fault.ShouldBe(StoreFault.NoSpace);
            full.Message.ShouldContain(folder.File);
        }

        (await store.ListMetricsAsync(job.Id, null, 0, 10, CancellationToken.None)).ShouldBeEmpty();
        await LimitPagesAsync(1_000_000);
        (await store.AppendMetricsAsync(batch, CancellationToken.None)).ShouldBe(MetricsOutcome.Stored);
        (await store.CommitAsync([Sample.Assign(job)], CancellationToken.None))[0].ShouldBe(CommitOutcome.Committed);
        (await store.ReadAsync(connection => connection.ExecuteScalar<string>("PRAGMA integrity_check"), CancellationToken.None)).ShouldBe("ok");
    }

    [Fact]
    public async Task a_broken_connection_fails_those_who_wait_and_is_replaced()
    {
        await store.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        var (held, release) = await HoldAsync();
        var waiting = store.CommitAsync([Sample.Submit(2)], CancellationToken.None);
        var breaking = store.WriteAsync(
            connection =>
            {
                connection.Close();
                return 0;
            },
            CancellationToken.None);
        release.Set();
        await held;
        await Should.ThrowAsync<Exception>(() => breaking);
        await Should.ThrowAsync<Exception>(() => waiting);
        (await store.LastSubmitSequenceAsync(CancellationToken.None)).ShouldBe(1);
        (await store.CommitAsync([Sample.Submit(2)], CancellationToken.None))[0].ShouldBe(CommitOutcome.Committed);
    }

    /// <summary>SQLite takes the least limit that holds what is there: "full" without a disk to fill.</summary>
    private Task<int> LimitPagesAsync(int pages) => store.WriteAsync(connection => connection.Execute($"PRAGMA max_page_count = {pages}"), CancellationToken.None);

    /// <summary>Keeps the writer inside a transaction until released. Returns when it is there.</summary>
    private async Task<(Task Held, ManualResetEventSlim Release)> HoldAsync(Action<SqliteConnection>? work = null)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new ManualResetEventSlim();
        var held = store.WriteAsync(
            connection =>
            {
                work?.Invoke(connection);
                entered.SetResult();
                release.Wait(TimeSpan.FromSeconds(30)).ShouldBeTrue("the test releases it");
                return 0;
            },
            CancellationToken.None);
        await entered.Task;
        return (held, release);
    }
}
