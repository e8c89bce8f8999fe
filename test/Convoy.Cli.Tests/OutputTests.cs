using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

public sealed class OutputTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    [Fact]
    public async Task Columns_line_up_for_wide_characters()
    {
        _server.On("GET /jobs", new JobListView([Views.Job(JobPhase.Running) with { User = "车道线检测" }, Views.Job(JobPhase.Pending) with { User = "mei" }], null), WireJson.Default.JobListView);

        var ended = await _convoy.Uses(_server).RunAsync("list");

        ended.ExitCode.ShouldBe(0);
        var lines = ended.Output.TrimEnd('\n').Split('\n');
        lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["ID", "NAME", "USER", "QUEUE", "PRI", "FRAMEWORK", "GPUS", "PHASE", "REASON", "AGE", "RUNTIME", "RESTARTS", "NODES"]);
        // Each of the five characters takes two cells.
        lines[1].IndexOf("Running", StringComparison.Ordinal).ShouldBe(lines[2].IndexOf("Pending", StringComparison.Ordinal) - 5);
        lines[0].IndexOf("PHASE", StringComparison.Ordinal).ShouldBe(lines[2].IndexOf("Pending", StringComparison.Ordinal));
        ended.Output.ShouldNotContain('\e');
    }

    [Fact]
    public async Task A_gang_shows_its_tasks_times_its_devices()
    {
        _server.On("GET /jobs", new JobListView([Views.Job(JobPhase.Running, tasks: 4)], null), WireJson.Default.JobListView);

        (await _convoy.Uses(_server).RunAsync("list")).Output.ShouldContain(" 4×8 ");
    }

    [Fact]
    public async Task Restarts_are_counted_whoever_caused_them()
    {
        _server.On("GET /jobs", new JobListView([Views.Job(JobPhase.Running) with { Restarts = 1, PlatformRestarts = 2 }], null), WireJson.Default.JobListView);

        var lines = (await _convoy.Uses(_server).RunAsync("list")).Output.Split('\n');
        lines[1][..(lines[0].IndexOf("RESTARTS", StringComparison.Ordinal) + "RESTARTS".Length)].ShouldEndWith(" 3");
    }

    [Fact]
    public async Task A_list_in_json_has_a_version_items_and_where_it_goes_on()
    {
        _server.On("GET /jobs", new JobListView([Views.Job(JobPhase.Running)], "41"), WireJson.Default.JobListView);

        var ended = await _convoy.Uses(_server).RunAsync("list", "-o", "json", "--limit", "1");

        using var json = JsonDocument.Parse(ended.Output);
        json.RootElement.GetProperty("schemaVersion").GetInt32().ShouldBe(1);
        json.RootElement.GetProperty("next").GetString().ShouldBe("41");
        json.RootElement.GetProperty("items")[0].GetProperty("id").GetString().ShouldBe(Views.Id);
        json.RootElement.GetProperty("items")[0].GetProperty("phase").GetString().ShouldBe("Running");
        ended.Error.ShouldContain("--after 41");
    }

    [Fact]
    public async Task A_list_reads_on_until_its_limit()
    {
        _server.On("GET /jobs", (context, request) => FakeServer.JsonAsync(
            context, request.Query.Contains("before=7") ? new JobListView([Views.Job(JobPhase.Failed)], null) : new JobListView([Views.Job(JobPhase.Running)], "7"), WireJson.Default.JobListView));

        var ended = await _convoy.Uses(_server).RunAsync("list", "-o", "name", "--limit", "5");

        ended.Output.ShouldBe($"{Views.Id}\n{Views.Id}\n");
        ended.Error.ShouldBe("");
    }

    [Fact]
    public async Task Flags_become_the_query_of_the_list()
    {
        _server.On("GET /jobs", new JobListView([], null), WireJson.Default.JobListView);

        (await _convoy.Uses(_server).RunAsync("list", "-A", "--queue", "a b", "--phase", "Running", "--unfinished")).ExitCode.ShouldBe(0);

        _server.Seen.Single().Query.ShouldBe("?all=true&queue=a%20b&phase=Running&unfinished=true&limit=100");
    }

    [Fact]
    public async Task Yaml_quotes_what_would_read_as_something_else()
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Running) with { Name = "true", DisplayName = "a: b" }, WireJson.Default.JobView);

        var ended = await _convoy.Uses(_server).RunAsync("get", "digits", "-o", "yaml");

        ended.Output.ShouldContain("\nname: \"true\"\n");
        ended.Output.ShouldContain("\ndisplayName: \"a: b\"\n");
        ended.Output.ShouldContain("\nnodes:\n  - node-0\n");
    }

    [Fact]
    public async Task Control_characters_of_others_do_not_reach_the_terminal()
    {
        _server.On("GET /jobs/digits/why", new WhyView(Views.Id, JobPhase.Pending, "Held", "\e[2Jgone", null, null, null, null, null, null, null, null), WireJson.Default.WhyView);

        var ended = await _convoy.Uses(_server).RunAsync("why", "digits");

        ended.Output.ShouldContain(" [2Jgone");
        ended.Output.ShouldNotContain('\e');
    }

    [Fact]
    public async Task Why_tells_the_queue_who_is_in_the_way_and_from_when_machines_are_promised()
    {
        var why = new WhyView(Views.Id, JobPhase.Pending, "WaitingForQuota", "needs 8 GPUs", null, "Devices", 8, 2, 0, 3, "jother000", null) { Queue = "vision", EarliestStart = DateTimeOffset.UnixEpoch };
        _server.On("GET /jobs/digits/why", why, WireJson.Default.WhyView);

        var lines = (await _convoy.Uses(_server).RunAsync("why", "digits")).Output.Split('\n');

        foreach (var (fact, value) in new[] { ("queue", "vision"), ("blocked by", "jother000"), ("earliest start", "1970-01-01") }) lines.ShouldContain(line => line.StartsWith(fact) && line.Contains(value), fact);
    }

    [Fact]
    public async Task A_waiting_job_says_what_to_type_for_it_to_start_now()
    {
        var remedy = new RemedyView("DevicesPerTask", "owner", "it would start now with 4 GPUs for each task of worker", "--gpus 4", [new ChangeView("roles.worker.resources.gpu", "4")], 0);
        var why = new WhyView(Views.Id, JobPhase.Pending, "Fragmented", "needs 8 GPUs", remedy.Message, "Devices", 8, 8, 4, 0, null, null) { EarliestStart = DateTimeOffset.UnixEpoch, Remedy = remedy };
        _server.On("GET /jobs/digits/why", why, WireJson.Default.WhyView);
        _server.On("GET /jobs/other/why", why with { Remedy = new RemedyView("LevelCap", "administrator", "it would", null, [new ChangeView("levels.intern.maxGpus", "8")], 0) }, WireJson.Default.WhyView);

        (await _convoy.Uses(_server).RunAsync("why", "digits")).Output.ShouldSatisfyAllConditions(
            output => output.ShouldContain("earliest start:     1970-01-01 00:00:00Z"),
            output => output.ShouldContain("to start now:       --gpus 4\n"));
        (await _convoy.RunAsync("why", "other")).Output.ShouldContain("to start now:       levels.intern.maxGpus: 8 (needs an administrator)\n");
        using var json = JsonDocument.Parse((await _convoy.RunAsync("why", "digits", "-o", "json")).Output);
        json.RootElement.GetProperty("remedy").GetProperty("flags").GetString().ShouldBe("--gpus 4");
    }

    [Fact]
    public async Task Metrics_show_each_series_with_its_trend()
    {
        var points = Enumerable.Range(1, 8).Select(step => new MetricView(step, 1, 0, step, "loss", 9 - step, DateTimeOffset.UnixEpoch)).ToArray();
        _server.On("GET /jobs/digits/metrics", new MetricListView(points, null), WireJson.Default.MetricListView);

        var ended = await _convoy.Uses(_server).RunAsync("metrics", "digits");

        ended.Output.ShouldContain("█▇▆▅▄▃▂▁");
    }

    [Fact]
    public async Task A_new_token_is_alone_on_standard_output()
    {
        _server.On("POST /tokens", new NewTokenView("cvy_2_new", "2", "mei", null), WireJson.Default.NewTokenView);

        var ended = await _convoy.Uses(_server).RunAsync("token", "create", "--user", "mei", "--expires", "30d");

        ended.Output.ShouldBe("cvy_2_new\n");
        JsonDocument.Parse(_server.Seen.Single().Body).RootElement.GetProperty("expires").GetString().ShouldBe("30d");
    }

    [Fact]
    public async Task A_cap_can_be_set_and_another_removed()
    {
        _server.On("PATCH /levels/intern", new LevelView("intern", 10, 4, null, null, null, null, true, false, "10m"), WireJson.Default.LevelView);

        (await _convoy.Uses(_server).RunAsync("level", "update", "intern", "--max-gpus", "4", "--max-duration", "none")).ExitCode.ShouldBe(0);

        var update = JsonDocument.Parse(_server.Seen.Single().Body).RootElement;
        update.GetProperty("maxGpus").GetInt32().ShouldBe(4);
        update.GetProperty("clear")[0].GetString().ShouldBe("maxDuration");
        update.TryGetProperty("mayPreempt", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_level_can_be_told_whom_its_jobs_may_evict_and_how_long_they_run_undisturbed()
    {
        _server.On("PATCH /levels/intern", new LevelView("intern", 10, 4, null, null, null, null, true, false, "10m"), WireJson.Default.LevelView);

        var ended = await _convoy.Uses(_server).RunAsync("level", "update", "intern", "--may-preempt", "true", "--preemptible", "false", "--min-run-time", "600s");

        var update = JsonDocument.Parse(_server.Seen.Single().Body).RootElement;
        (update.GetProperty("mayPreempt").GetBoolean(), update.GetProperty("preemptible").GetBoolean(), update.GetProperty("minRunTime").GetString()).ShouldBe((true, false, "10m"));
        ended.Output.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[^3..].ShouldBe(["yes", "no", "10m"]);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("submit")]
    [InlineData("logs")]
    [InlineData("up")]
    [InlineData("node", "list")]
    [InlineData("level", "update")]
    [InlineData("token", "create")]
    [InlineData("simulate")]
    public async Task Help_has_examples(params string[] verb)
    {
        var ended = await _convoy.RunAsync([.. verb, "--help"]);

        ended.ExitCode.ShouldBe(0);
        ended.Output.ShouldContain($"Examples:\n  convoy {string.Join(' ', verb)}");
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }
}
