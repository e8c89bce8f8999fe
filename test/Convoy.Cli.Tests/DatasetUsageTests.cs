using System.Text.Json;
using Convoy.Client.Wire;

namespace Convoy.Cli.Tests;

public sealed class DatasetUsageTests : IDisposable
{
    private static readonly DateTimeOffset Then = DateTimeOffset.UnixEpoch;

    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    public DatasetUsageTests()
    {
        _server.On("GET /dataset-usage", async (context, seen) =>
        {
            // Two pages, each with the owners of its own data sets.
            var isFirst = !seen.Query.Contains("after=kitti", StringComparison.Ordinal);
            await FakeServer.JsonAsync(context, new DatasetUsageListView(
                [isFirst ? new("kitti", "mei", 3, 5L << 30, 1L << 30) : new("lanes", "ann", 1, 100, 0)], [isFirst ? new("mei", 5L << 30, 8L << 30) : new("ann", 100, null)],
                new DatasetGarbageView(2, 2048, Then, Then.AddDays(1), "1d"), isFirst ? "kitti" : null), WireJson.Default.DatasetUsageListView, 200);
        });
        _convoy.Uses(_server);
    }

    public void Dispose()
    {
        _convoy.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task What_is_stored_is_shown_with_its_owners_and_what_waits()
    {
        var shown = await _convoy.RunAsync("dataset", "usage", "--limit", "all");
        (shown.ExitCode, shown.Output).ShouldBe((0, """
            NAME   VERSIONS  STORED  ITS OWN  OWNER
            kitti         3   5 GiB    1 GiB  mei
            lanes         1   100 B      0 B  ann
            ann has 100 B stored
            mei has 5 GiB of 8 GiB stored
            2 objects (2 KiB) that nothing needs wait to be removed: each 1d after that was seen, the first at 1970-01-02 00:00:00Z

            """), shown.Error);
    }

    [Fact]
    public async Task Programs_get_all_of_it_whole_and_lists_say_where_they_go_on()
    {
        var json = await _convoy.RunAsync("dataset", "usage", "-o", "json", "--limit", "all");
        var view = JsonSerializer.Deserialize(json.Output, WireJson.Default.DatasetUsageListView)!;
        (view.Items.Count, view.Owners.Count, view.Garbage!.Bytes, view.Next).ShouldBe((2, 2, 2048, null));
        (await _convoy.RunAsync("dataset", "usage", "-o", "csv", "--limit", "1")).Output.ShouldContain("kitti,3,5368709120,1073741824,mei");
        var part = await _convoy.RunAsync("dataset", "usage", "kitti", "--limit", "1");
        part.Error.ShouldContain("--after kitti");
        _server.Seen.Last().Query.ShouldContain("dataset=kitti");
    }
}
