using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Cli.Tests;

public sealed class AdministrationTests : IDisposable
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
        ended.Error.ShouldContain("standard input:2:15: queues[0].parnt: there is no key 'parnt' here; did you mean 'parent'? [UnknownKey]");
        ended.Error.ShouldContain("standard input:3:11: queues[1].name: 'a' comes twice");
        ended.Error.ShouldContain("error[InvalidFile]: standard input has 2 problems; nothing was changed");
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

    [Fact]
    public async Task The_queue_itself_is_told_although_there_are_commands_below_it()
    {
        _server.On("GET /queue", new QueueListView([], null), WireJson.Default.QueueListView);

        var ended = await _convoy.Uses(_server).RunAsync("queue", "-o", "json");

        ended.ExitCode.ShouldBe(0, ended.Error);
        JsonDocument.Parse(ended.Output).RootElement.GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_node_is_cordoned_drained_and_used_again()
    {
        var node = new NodeView("node-0", "local", NodeHealth.Draining, null, 0, 0, 1000, 0, 0, 0, [new("j1", "digits", "mei", "intern", 1, 0)]) { WishedBy = "root" };
        _server.On("PUT /nodes/node-0/wish", async (context, seen) => await FakeServer.JsonAsync(
            context, new NodeWishView(node, JsonDocument.Parse(seen.Body).RootElement.GetProperty("evict").GetBoolean() ? 1 : 0), WireJson.Default.NodeWishView));
        _server.On("DELETE /nodes/node-0/wish", new NodeWishView(node with { WishedBy = null, Health = NodeHealth.Ready }, 0), WireJson.Default.NodeWishView);
        _convoy.Uses(_server);

        (await _convoy.RunAsync("node", "cordon", "node-0", "--cluster", "local")).Output.ShouldBe("node node-0 takes no more jobs; it is Draining; 1 job on it goes on\n");
        (await _convoy.RunAsync("node", "drain", "node-0", "--evict")).Output.ShouldBe("node node-0 takes no more jobs; it is Draining; 1 job told to leave it\n");
        (await _convoy.RunAsync("node", "quarantine", "node-0")).ExitCode.ShouldBe(0);
        (await _convoy.RunAsync("node", "uncordon", "node-0")).Output.ShouldBe("node node-0 is used again; it is Ready\n");

        var seen = _server.Seen.ToArray();
        seen.Select(request => request.Query).ShouldBe(["?cluster=local", "", "", ""]);
        JsonDocument.Parse(seen[2].Body).RootElement.GetProperty("health").GetString().ShouldBe("Quarantined");
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }
}
