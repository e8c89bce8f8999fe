using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Queues;

namespace Convoy.Cli.Tests;

public sealed class OrganisationTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    [Fact]
    public async Task A_file_is_sent_whole_and_what_it_changed_is_said_by_name()
    {
        _server.On("PUT /organisation", new OrganisationChangeView(4, true, new(["vision"], [], ["old"]), new([], ["intern"], [])), WireJson.Default.OrganisationChangeView);
        await File.WriteAllTextAsync(Path.Combine(_convoy.Folder, "org.yaml"), """
            queues:
              - {name: vision, ordering: fifo, members: "*", quota: {A100-80G: {nominal: 8}}}
            levels:
              - {name: intern, rank: 10, minRunTime: 10m}
            """);

        var ended = await _convoy.Uses(_server).RunAsync("apply", "-f", "org.yaml");

        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Output.ShouldBe("queue vision added\nqueue old removed\nlevel intern changed\nthe organisation has revision 4\n");
        var seen = _server.Seen.Single();
        seen.Query.ShouldBe("");
        OrganisationReader.ReadJson(seen.Body).Organisation.ShouldNotBeNull().Queues.Single().Quotas["A100-80G"].ShouldBe(new Quota(8));
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_file_is_said_with_its_place_and_nothing_is_sent()
    {
        var ended = await _convoy.Uses(_server).RunAsync("queues:\n  - {name: a, parnt: b}\n  - name: a\n", ["apply", "-f", "-", "--dry-run"]);

        ended.ExitCode.ShouldBe(3);
        ended.Error.ShouldContain("-:2:15: queues[0].parnt: there is no key 'parnt' here; did you mean 'parent'? [UnknownKey]");
        ended.Error.ShouldContain("-:3:11: queues[1].name: 'a' comes twice");
        ended.Error.ShouldContain("error[InvalidFile]: - has 2 problems; nothing was changed");
        _server.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_dry_run_is_asked_for_and_says_that_nothing_was_changed()
    {
        _server.On("PUT /organisation", new OrganisationChangeView(1, false, new([], [], []), new([], [], [])), WireJson.Default.OrganisationChangeView);

        var ended = await _convoy.Uses(_server).RunAsync("queues: []\n", ["apply", "-f", "-", "--dry-run"]);

        ended.Output.ShouldBe("it is sound; nothing was changed\n");
        _server.Seen.Single().Query.ShouldBe("?dryRun=true");
    }

    [Fact]
    public async Task The_tree_is_a_line_for_each_queue_and_type()
    {
        var tree = new QueueTreeView(
            [
                new QueueView("default", null, 0, QueueOrdering.Fair, 1, true, [new QueueUseView("A100-80G", 8, null, null, 3, 0), new QueueUseView("H100-80G", 4, null, null, 0, 0)]),
                new QueueView("vision", "default", 1, QueueOrdering.Fifo, 2, false, [new QueueUseView("A100-80G", 2, 4, null, 3, 1), new QueueUseView("H100-80G", null, null, null, 0, 0)]),
            ],
            null);
        _server.On("GET /queues", tree, WireJson.Default.QueueTreeView);

        var ended = await _convoy.Uses(_server).RunAsync("queue", "list");

        ended.Output.ShouldBe("""
            QUEUE     ORDERING  WEIGHT  MAY-USE  ACCELERATOR  NOMINAL  USED  BORROWED
            default   fair           1  yes      A100-80G           8     3         0
            default   fair           1  yes      H100-80G           4     0         0
              vision  fifo           2  no       A100-80G           2     3         1
              vision  fifo           2  no       H100-80G      shared     0         0

            """);
        JsonDocument.Parse((await _convoy.RunAsync("queue", "list", "-o", "json")).Output).RootElement.GetProperty("items")[1].GetProperty("ordering").GetString().ShouldBe("fifo");
        (await _convoy.RunAsync("queue", "lst")).Error.ShouldContain("queue");
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }
}
