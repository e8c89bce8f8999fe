using Convoy.Store.Sqlite;
using Dapper;

namespace Convoy.Store.Tests.Sqlite;

public sealed class AppendOnlyTests
{
    [Theory]
    [InlineData("UPDATE events SET body = '{}'")]
    [InlineData("UPDATE events SET at = 0 WHERE sequence = 1")]
    [InlineData("DELETE FROM events")]
    [InlineData("DELETE FROM events WHERE sequence = 2")]
    [InlineData("INSERT OR REPLACE INTO events (job, sequence, at, body) VALUES (1, 1, 0, '{}')")]
    [InlineData("INSERT INTO events (job, sequence, at, body) VALUES (1, 4, 0, '{}')")]
    public async Task the_database_itself_refuses_to_change_events_or_to_leave_a_gap(string sql)
    {
        using var folder = new DatabaseFolder();
        await using var store = await folder.OpenAsync();
        var submitted = Sample.Submit(1);
        await store.CommitAsync([submitted], CancellationToken.None);
        await store.CommitAsync([Sample.Assign(submitted.Next)], CancellationToken.None);
        var before = await EventsAsync(store);

        var refused = await Should.ThrowAsync<StoreException>(async () => await store.WriteAsync(connection => connection.Execute(sql), CancellationToken.None));

        refused.Fault.ShouldBe(StoreFault.Refused);
        (await EventsAsync(store)).ShouldBe(before);
        before.Length.ShouldBe(2);
    }

    [Fact]
    public async Task the_type_of_an_event_can_be_asked_in_sql()
    {
        using var folder = new DatabaseFolder();
        await using var store = await folder.OpenAsync();
        await store.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        (await store.ReadAsync(connection => connection.Query<string>("SELECT type FROM events").ToArray(), CancellationToken.None)).ShouldBe(["Submitted"]);
    }

    private static async Task<string[]> EventsAsync(SqliteStore store) =>
        [.. (await store.ListEventsAsync(Sample.Id(1), 0, 100, CancellationToken.None)).Select(Sample.Text)];
}
