using System.Net;
using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Cli.Tests;

public sealed class LiveTests : IDisposable
{
    private const string Enters = "\e[?1049h";
    private const string Leaves = "\e[?1049l";

    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();
    private readonly TaskCompletionSource _more = new();

    public LiveTests() => _convoy.Uses(_server);

    [Fact]
    public async Task A_watched_list_is_drawn_again_where_it_was_and_q_brings_the_terminal_back()
    {
        WatchedJobs();
        using var terminal = new Terminal(_convoy, "list -w", after: "stty -a");
        await terminal.UntilAsync(text => text.Contains("Pending", StringComparison.Ordinal));
        _more.SetResult();
        await terminal.UntilAsync(text => text.Contains("Running", StringComparison.Ordinal));
        terminal.Picture.ShouldNotContain("Pending");
        await terminal.TypeAsync("q");

        var text = await terminal.EndAsync();

        text.ShouldContain("ended with 0");
        text.Split(Enters).Length.ShouldBe(2);
        text[text.IndexOf(Leaves, StringComparison.Ordinal)..].ShouldSatisfyAllConditions(after => after.ShouldContain(" echo "), after => after.ShouldContain(" icanon "));
        text.ShouldContain("\e[?25h");
    }

    [Fact]
    public async Task Ctrl_C_ends_a_live_view_and_brings_the_terminal_back()
    {
        WatchedJobs();
        using var terminal = new Terminal(_convoy, "list -w");
        await terminal.UntilAsync(text => text.Contains("Pending", StringComparison.Ordinal));
        await terminal.TypeAsync("\u0003");

        (await terminal.EndAsync()).ShouldSatisfyAllConditions(text => text.ShouldContain(Leaves), text => text.ShouldContain("ended with 130"));
    }

    [Fact]
    public async Task A_picture_is_never_larger_than_its_terminal_and_has_no_colour_where_none_is_wanted()
    {
        var jobs = Enumerable.Range(0, 50).Select(i => FakeServer.Event("job", null, Views.Job(JobPhase.Running, $"job-{i}-with-a-long-name") with { Id = $"j{i:00}" }, WireJson.Default.JobView));
        _server.Stream("GET /jobs", [Plain("reset"), .. jobs, Plain("synced")]);
        _convoy.Variables["NO_COLOR"] = "1";
        using var terminal = new Terminal(_convoy, "list -w", columns: 60, rows: 10);
        await terminal.UntilAsync(text => text.Contains("50 jobs", StringComparison.Ordinal) && text.Contains("\e[J", StringComparison.Ordinal));
        await terminal.TypeAsync("q");
        var picture = (await terminal.EndAsync()).Split("\e[H")[1].Split("\e[J")[0];

        var lines = picture.Replace("\e[0m\e[K", "").Replace("\r", "").Split('\n');
        lines.Length.ShouldBeLessThanOrEqualTo(10);
        lines.ShouldAllBe(line => line.Length <= 60);
        picture.Replace("\e[0m\e[K", "").ShouldNotContain("\e[");
    }

    [Fact]
    public async Task Off_a_terminal_each_change_is_a_line_and_in_json_an_object()
    {
        _more.SetResult();
        foreach (var form in new[] { "table", "json", "name", "csv" })
        {
            WatchedJobs();
            using var process = _convoy.Start("list", "-w", "-o", form);
            var lines = new List<string>();
            while (lines.Count(line => form == "name" ? line == Views.Id : line.Contains(Views.Id)) < 2) lines.Add((await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1)))!);
            process.Kill();

            if (form == "json") lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("phase").GetString()).ShouldBe(["Pending", "Running"]);
            else if (form == "name") lines.ShouldBe([Views.Id, Views.Id]);
            else (lines.Count, lines[1].Contains("Pending"), lines[2].Contains("Running")).ShouldBe((3, true, true), form);
        }
    }

    [Fact]
    public async Task What_is_wrong_from_the_start_is_said_where_one_is()
    {
        _server.Refuse("GET /jobs", 403, "NotAllowed", "your account may not do this");
        using var terminal = new Terminal(_convoy, "list -w");

        (await terminal.EndAsync()).ShouldSatisfyAllConditions(text => text.ShouldContain("error[NotAllowed]"), text => text.ShouldContain("ended with 4"), text => text.ShouldNotContain(Enters));
    }

    [Fact]
    public async Task Top_shows_nodes_their_holders_what_jobs_use_and_the_queues()
    {
        Platform();

        var ended = await _convoy.RunAsync("top");

        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Output.ShouldSatisfyAllConditions(
            text => text.ShouldContain("5 of 8 GPUs held, 1 running, 2 waiting"),
            text => text.ShouldContain("█████░░░ 5/8"),
            text => text.ShouldContain("digits (mei) ×5"),
            text => text.ShouldMatch("digits +mei +Running +2 +8 +1.5 +3 GiB +50 +2 GiB"),
            text => text.ShouldContain("vision: 1 job for 4 GPUs"),
            text => text.ShouldContain("others: 1 job for 8 GPUs"));
        var json = JsonDocument.Parse((await _convoy.RunAsync("top", "-o", "json")).Output).RootElement;
        json.GetProperty("jobs")[0].GetProperty("tasks")[0].GetProperty("cpuMillicores").GetInt64().ShouldBe(1000);
    }

    [Fact]
    public async Task Top_is_drawn_on_a_terminal_until_q()
    {
        Platform();
        using var terminal = new Terminal(_convoy, "top");
        await terminal.UntilAsync(text => text.Contains("digits", StringComparison.Ordinal));
        await terminal.TypeAsync("q");

        (await terminal.EndAsync()).ShouldSatisfyAllConditions(text => text.ShouldContain(Leaves), text => text.ShouldContain("ended with 0"));
    }

    [Fact]
    public async Task A_loss_curve_has_axes_with_numbers_a_line_for_each_attempt_and_stays_when_the_job_has_ended()
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        var points = Enumerable.Range(0, 40).Select(i => new MetricView(i, i < 20 ? 1 : 2, 0, i < 20 ? i : i - 10, "loss", 4.0 / (1 + i), DateTimeOffset.UnixEpoch));
        _server.Stream($"GET /jobs/{Views.Id}/metrics", [.. points.Select(point => FakeServer.Event("metric", null, point, WireJson.Default.MetricView)), Views.End(Views.Job(JobPhase.Succeeded))]);
        _convoy.Variables["NO_COLOR"] = "1";
        using var terminal = new Terminal(_convoy, $"metrics {Views.Id} -w", columns: 80, rows: 20);

        var text = await terminal.EndAsync();

        var rest = text.Contains(Leaves, StringComparison.Ordinal) ? text.Split(Leaves)[^1] : text;
        rest.ShouldSatisfyAllConditions(
            left => left.ShouldContain("loss  0.1 at step 29"),
            left => left.ShouldMatch("4┤"),
            left => left.ShouldMatch("0┤"),
            left => left.ShouldMatch("└─+"),
            left => left.ShouldMatch("0 .*10.* 20 .*step"),
            left => left.ShouldContain("rank 0, attempt 1   ━━ rank 0, attempt 2"),
            left => left.Any(c => c is > '\u2800' and <= '\u28ff').ShouldBeTrue(),
            left => left.ShouldContain("ended with 0"));
    }

    [Fact]
    public async Task An_upload_says_what_it_sent_in_one_line_and_draws_a_bar_on_a_terminal()
    {
        await File.WriteAllBytesAsync(Path.Combine(_convoy.Folder, "data.bin"), System.Security.Cryptography.RandomNumberGenerator.GetBytes(3 << 20));
        _server.On("PUT /jobs/*", Views.Job(JobPhase.Pending), WireJson.Default.JobView, 201);
        _server.On("HEAD /code/*", (context, _) => Answer(context, HttpStatusCode.NotFound));
        _server.On("PUT /code/*", async (context, _) =>
        {
            // Long enough for a bar to be drawn.
            await Task.Delay(500);
            await Answer(context, HttpStatusCode.Created);
        });

        var quiet = await _convoy.RunAsync("submit", "--detach", "--", "true");
        quiet.ExitCode.ShouldBe(0, quiet.Error);
        quiet.Error.Split('\n').Count(line => line.StartsWith("code: 3 MiB uploaded in ", StringComparison.Ordinal)).ShouldBe(1);
        quiet.Error.ShouldNotContain("\r");
        using var terminal = new Terminal(_convoy, "submit --detach -- true");
        (await terminal.EndAsync()).ShouldMatch("code: [█░]+ .* of 3 MiB");
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }

    private static Task Answer(HttpListenerContext context, HttpStatusCode status)
    {
        context.Response.StatusCode = (int)status;
        context.Response.Close();
        return Task.CompletedTask;
    }

    private static string Plain(string name) => $"event: {name}\ndata: {{}}";

    /// <summary>A job that waits, and runs once the test says so.</summary>
    private void WatchedJobs() => _server.On("GET /jobs", async (context, _) =>
    {
        FakeServer.OpenStream(context);
        foreach (var e in new[] { Plain("reset"), FakeServer.Event("job", "1", Views.Job(JobPhase.Pending), WireJson.Default.JobView), Plain("synced") }) await FakeServer.SendAsync(context, e);
        await _more.Task;
        await FakeServer.SendAsync(context, FakeServer.Event("job", "2", Views.Job(JobPhase.Running), WireJson.Default.JobView));
        await Task.Delay(TimeSpan.FromMinutes(1));
    });

    private void Platform()
    {
        var node = new NodeView("node-0", "local", NodeHealth.Ready, "A100-80G", 8, 3, 8000, 1000, 1L << 36, 1L << 30, [new NodeJobView(Views.Id, "digits", "mei", "intern", 2, 5)]);
        _server.On("GET /nodes", new NodeListView([node], null), WireJson.Default.NodeListView);
        _server.On("GET /running", new RunningListView(
            [new RunningJobView(Views.Job(JobPhase.Running), [new("worker", 0, "node-0", 3, 1000, 1L << 30, 25, 1L << 31), new("worker", 1, "node-0", 1, 500, 2L << 30, 75, null)])], null), WireJson.Default.RunningListView);
        _server.On("GET /queue", new QueueListView(
            [new QueueEntryView(1, "j1", "words", "mei", "vision", "intern", JobPriority.Low, 1, 4, "Fragmented", DateTimeOffset.UnixEpoch), new QueueEntryView(2, null, null, null, null, "intern", null, 1, 8, null, null)], null), WireJson.Default.QueueListView);
    }
}
