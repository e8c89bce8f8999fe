using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Cli.Tests;

public sealed class ListTests : IDisposable
{
    private static readonly DateTimeOffset Then = DateTimeOffset.UnixEpoch;

    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    public ListTests()
    {
        _server
            .On("GET /jobs", new JobListView([Views.Job(JobPhase.Running)], null), WireJson.Default.JobListView)
            .On("GET /queue", new QueueListView([new QueueEntryView(1, "j1", "digits", "mei", "vision", "intern", JobPriority.Low, 2, 8, "Fragmented", Then)], null), WireJson.Default.QueueListView)
            .On("GET /queues", new QueueTreeView([new QueueView("vision", null, 0, QueueOrdering.Fair, 1, true, [])], null), WireJson.Default.QueueTreeView)
            .On("GET /nodes", new NodeListView([new NodeView("node-0", "local", NodeHealth.Ready, "A100-80G", 8, 3, 8000, 1000, 1 << 30, 1 << 20, [])], null), WireJson.Default.NodeListView)
            .On("GET /clusters", new ClusterListView([new ClusterView("local", "local", "Ready", 2, 8, 3, Then)], null), WireJson.Default.ClusterListView)
            .On("GET /users", new UserListView([new UserView("mei", "intern", false, Then)], null), WireJson.Default.UserListView)
            .On("GET /tokens", new TokenListView([new TokenView("t1", "mei", Then, null, null, "laptop")], null), WireJson.Default.TokenListView)
            .On("GET /levels", new LevelListView([new LevelView("intern", 10, 4, null, null, null, null, true, false, "10m")], null), WireJson.Default.LevelListView)
            .On("GET /jobs/digits/events", new EventListView([new EventView(1, Then, "Submitted", "submitted", new JobEvent.CancelRequested(Then, "mei"))], null), WireJson.Default.EventListView)
            .On("GET /jobs/digits/metrics", new MetricListView([new MetricView(1, 1, 0, 1, "loss", 0.5, Then)], null), WireJson.Default.MetricListView);
        _convoy.Uses(_server);
    }

    public static TheoryData<string, string> Lists => new()
    {
        { "list", Views.Id },
        { "queue", "j1" },
        { "queue list", "vision" },
        { "node list", "node-0" },
        { "cluster list", "local" },
        { "user list", "mei" },
        { "token list", "t1" },
        { "level list", "intern" },
        { "events digits", "1" },
        { "metrics digits", "loss" },
        { "context list", "here" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Every_list_comes_in_every_form(string verb, string name)
    {
        await SaveContextAsync();
        var words = verb.Split(' ');

        var json = await _convoy.RunAsync([.. words, "-o", "json"]);
        json.ExitCode.ShouldBe(0, json.Error);
        using var document = JsonDocument.Parse(json.Output);
        document.RootElement.GetProperty("schemaVersion").GetInt32().ShouldBe(1);
        document.RootElement.GetProperty("items").GetArrayLength().ShouldBe(1);
        (await _convoy.RunAsync([.. words, "-o", "name"])).Output.ShouldBe(name + "\n");
        (await _convoy.RunAsync([.. words, "-o", "yaml"])).Output.ShouldStartWith("schemaVersion: 1\nitems:\n  - ");
        var csv = (await _convoy.RunAsync([.. words, "-o", "csv"])).Output.Split("\r\n");
        (csv.Length, csv[2]).ShouldBe((3, ""));
        csv[0].Split(',').Length.ShouldBe(csv[1].Split(',').Length);
        csv[0].ShouldMatch("^[a-z][A-Za-z0-9]*(,[a-z][A-Za-z0-9]*)*$");
        foreach (var form in new[] { "table", "wide" })
        {
            var lines = (await _convoy.RunAsync([.. words, "-o", form])).Output.Split('\n');
            (lines.Length, lines[0]).ShouldBe((3, lines[0].ToUpperInvariant()));
        }
    }

    [Fact]
    public async Task What_people_wrote_stays_in_its_cell_of_csv()
    {
        _server.On("GET /tokens", new TokenListView([new TokenView("t1", "mei", Then, null, null, "=1+1, \"so\"\r\nand\n")], null), WireJson.Default.TokenListView);

        var ended = await _convoy.RunAsync("token", "list", "-o", "csv");

        ended.Output.ShouldBe("id,user,created,expires,state,label\r\nt1,mei,1970-01-01T00:00:00Z,,valid,\"=1+1, \"\"so\"\"\r\nand\n\"\r\n");
    }

    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    [InlineData("yaml")]
    [InlineData("name")]
    [InlineData("table")]
    public async Task A_long_list_is_read_page_by_page_to_its_end_and_each_page_is_printed_before_the_next_is_asked_for(string form)
    {
        const int Pages = 5;
        _server.On("GET /users", (context, request) =>
        {
            var page = request.Query.Split("after=") is [_, var after, ..] ? int.Parse(after.Split('&')[0]) : 0;
            var users = Enumerable.Range(page * 1000, 1000).Select(i => new UserView($"user{i}", "intern", false, Then)).ToArray();
            return FakeServer.JsonAsync(context, new UserListView(users, page + 1 < Pages ? $"{page + 1}" : null), WireJson.Default.UserListView);
        });

        var ended = await _convoy.RunAsync("user", "list", "--limit", "all", "-o", form);

        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Error.ShouldBe("");
        _server.Seen.Count.ShouldBe(Pages);
        if (form == "json") JsonDocument.Parse(ended.Output).RootElement.GetProperty("items").EnumerateArray().Select(user => user.GetProperty("name").GetString()).ShouldBe(Enumerable.Range(0, 5000).Select(i => $"user{i}"));
        else for (var i = 0; i < 5000; i += 999) ended.Output.ShouldContain($"user{i}");
    }

    [Fact]
    public async Task A_list_that_goes_on_says_so_in_all_its_forms()
    {
        _server.On("GET /tokens", new TokenListView([new TokenView("t1", "mei", Then, null, null, null)], "t1"), WireJson.Default.TokenListView);

        foreach (var form in new[] { "table", "csv", "yaml", "name", "json" })
        {
            (await _convoy.RunAsync("token", "list", "--limit", "1", "-o", form)).Error.ShouldContain("--after t1", customMessage: form);
        }

        (await _convoy.RunAsync("token", "list", "--limit", "1", "-o", "yaml")).Output.ShouldEndWith("\nnext: t1\n");
        (await _convoy.RunAsync("token", "list", "--limit", "0")).ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task On_a_narrow_terminal_what_matters_least_is_left_out_and_it_is_said()
    {
        using var narrow = new Terminal(_convoy, "list", columns: 70);
        var text = await narrow.EndAsync();

        var lines = text.Split("\r\n");
        lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["ID", "NAME", "GPUS", "PHASE", "AGE", "RUNTIME"], ignoreOrder: false);
        lines.Take(2).ShouldAllBe(line => line.Length <= 90);
        text.ShouldContain("left out, for the terminal is narrow: USER, QUEUE, PRI, FRAMEWORK, REASON, RESTARTS, NODES; -o wide shows all");
    }

    [Fact]
    public async Task Colour_is_for_terminals_that_have_not_said_no()
    {
        using var coloured = new Terminal(_convoy, "list");
        (await coloured.EndAsync()).ShouldContain("\e[32mRunning");
        _convoy.Variables["NO_COLOR"] = "1";
        using var plain = new Terminal(_convoy, "list");
        (await plain.EndAsync()).ShouldNotContain("\e[");
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }

    private async Task SaveContextAsync()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_convoy.ContextFile)!);
        await File.WriteAllTextAsync(_convoy.ContextFile, """{"current": "here", "items": [{"name": "here", "server": "http://127.0.0.1:1", "token": "cvy_t_secret"}]}""");
    }
}
