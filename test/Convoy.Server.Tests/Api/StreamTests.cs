using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Server.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Api;

public sealed class StreamTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private HttpClient ann = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        ann = await server.AddUserAsync("ann");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Logs_follow_every_rank_to_the_end_and_close_with_the_job()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("for i in 1 2 3; do echo rank $CONVOY_RANK line $i; sleep 0.2; done", replicas: 2));
        var events = await ReadAsync($"/api/v1/jobs/{job}/logs?follow=true");
        Text(events, 0).ShouldBe("rank 0 line 1\nrank 0 line 2\nrank 0 line 3\n");
        Text(events, 1).ShouldBe("rank 1 line 1\nrank 1 line 2\nrank 1 line 3\n");
        events[^1].Name.ShouldBe("end");
        events[^1].Data["phase"]!.GetValue<string>().ShouldBe("Succeeded");
    }

    [Fact]
    public async Task A_stream_taken_up_at_any_id_has_no_gap_and_no_repeat()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("for i in $(seq 30); do echo $CONVOY_RANK-$i; sleep 0.03; done", replicas: 2));
        var whole = await ReadAsync($"/api/v1/jobs/{job}/logs?follow=true");
        for (var cut = 0; cut < whole.Count - 1; cut++)
        {
            var rest = await ReadAsync($"/api/v1/jobs/{job}/logs?follow=true", whole[cut].Id);
            foreach (var rank in (int[])[0, 1]) (Text(whole.Take(cut + 1), rank) + Text(rest, rank)).ShouldBe(Text(whole, rank));
        }
    }

    [Fact]
    public async Task Logs_pass_on_to_the_next_attempt_and_each_is_kept()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("echo attempt $CONVOY_ATTEMPT; test $CONVOY_ATTEMPT = 2", more: """, "recovery": {"maxRestarts": 1}"""));
        var events = await ReadAsync($"/api/v1/jobs/{job}/logs?follow=true");
        Text(events, 0).ShouldBe("attempt 1\nattempt 2\n");
        Text(await ReadAsync($"/api/v1/jobs/{job}/logs?attempt=1"), 0).ShouldBe("attempt 1\n");
        Text(await ReadAsync($"/api/v1/jobs/{job}/logs"), 0).ShouldBe("attempt 2\n");
        var view = events[^1].Data;
        (view["phase"]!.GetValue<string>(), view["restarts"]!.GetValue<int>()).ShouldBe(("Succeeded", 1));
    }

    [Fact]
    public async Task The_tail_is_so_many_lines_of_each_rank()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("seq 20000", replicas: 2));
        await RunningServer.FinishedAsync(ann, job);
        var tail = await ReadAsync($"/api/v1/jobs/{job}/logs?tail=3");
        Text(tail, 0).ShouldBe("19998\n19999\n20000\n");
        Text(tail, 1).ShouldBe("19998\n19999\n20000\n");
        Text(await ReadAsync($"/api/v1/jobs/{job}/logs?tail=0"), 0).ShouldBe("");
        Text(await ReadAsync($"/api/v1/jobs/{job}/logs?tail=30000&rank=1"), 1).ShouldBe(Text(await ReadAsync($"/api/v1/jobs/{job}/logs"), 1));
        foreach (var bad in (string[])["tail=-1", "rank=x", "attempt=0", "since=soon"]) (await ann.GetAsync($"/api/v1/jobs/{job}/logs?{bad}")).StatusCode.ShouldBe(HttpStatusCode.BadRequest, bad);
        foreach (var none in (string[])["rank=2", "attempt=2", "role=master"]) (await ann.GetAsync($"/api/v1/jobs/{job}/logs?{none}")).StatusCode.ShouldBe(HttpStatusCode.NotFound, none);
    }

    [Fact]
    public async Task Events_are_told_in_order_from_the_submission_to_the_end()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true"));
        var events = await ReadAsync($"/api/v1/jobs/{job}/events");
        events.SkipLast(1).Select(e => e.Data["type"]!.GetValue<string>()).ShouldBe(["Submitted", "Assigned", "TaskStarted", "Running", "TaskEnded", "Succeeded"]);
        events.SkipLast(1).Select(e => e.Id).ShouldBe(["1", "2", "3", "4", "5", "6"]);
        (await ReadAsync($"/api/v1/jobs/{job}/events", "4")).Select(e => e.Id).ShouldBe(["5", "6", null]);
        (await ReadAsync($"/api/v1/jobs/{job}/events", "99")).ShouldHaveSingleItem().Name.ShouldBe("end");
        (await (await ann.GetAsync($"/api/v1/jobs/{job}/events?limit=2")).JsonAsync())["next"]!.GetValue<string>().ShouldBe("2");
    }

    [Fact]
    public async Task Metrics_of_a_task_are_stored_once_shown_and_streamed_with_its_progress()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60"));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);
        var task = server.For(server.Services.GetRequiredService<ReportTokens>().For(JobId.Parse(job), 1));
        var report = """{"attempt": 1, "rank": 0, "batchId": "b1", "points": [{"step": 1, "name": "loss", "value": 0.5, "at": "2026-01-01T00:00:00Z"}, {"step": 2, "name": "loss", "value": "NaN", "at": "2026-01-01T00:00:01Z"}]}""";
        for (var i = 0; i < 2; i++) (await task.PostAsync($"/api/v1/jobs/{job}/metrics", new StringContent(report, Encoding.UTF8, "application/json"))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await task.PostAsync($"/api/v1/jobs/{job}/metrics", new StringContent(report.Replace("\"rank\": 0", "\"rank\": 1", StringComparison.Ordinal), Encoding.UTF8, "application/json"))).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await task.PostAsJsonAsync($"/api/v1/jobs/{job}/progress", new { attempt = 1, fraction = 0.4 })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        foreach (var bad in (string[])["""{"attempt": 1, "fraction": 1.5}""", """{"attempt": 1, "fraction": "NaN"}"""])
        {
            (await task.PostAsync($"/api/v1/jobs/{job}/progress", new StringContent(bad, Encoding.UTF8, "application/json"))).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        }

        var items = (await (await ann.GetAsync($"/api/v1/jobs/{job}/metrics?name=loss")).JsonAsync())["items"]!.AsArray();
        items.Select(item => (item!["step"]!.GetValue<long>(), item["value"]!.ToString())).ShouldBe([(1, "0.5"), (2, "NaN")]);
        (await (await ann.GetAsync($"/api/v1/jobs/{job}")).JsonAsync())["progress"]!.GetValue<double>().ShouldBe(0.4);
        await ann.PostAsync($"/api/v1/jobs/{job}/cancel", null);
        var streamed = await ReadAsync($"/api/v1/jobs/{job}/metrics");
        streamed.Select(e => e.Name).ShouldBe(["metric", "metric", "end"]);
    }

    private sealed record StreamedEvent(string Name, string? Id, JsonNode Data);

    /// <summary>All events of a stream, which ends by itself.</summary>
    private async Task<IReadOnlyList<StreamedEvent>> ReadAsync(string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var answer = await ann.SendAsync(request, patience.Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var events = new List<StreamedEvent>();
        foreach (var block in (await answer.Content.ReadAsStringAsync(patience.Token)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(block => !block.StartsWith(':')))
        {
            var fields = block.Split('\n').Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1]);
            events.Add(new StreamedEvent(fields["event"], fields.GetValueOrDefault("id"), JsonNode.Parse(fields["data"])!));
        }

        return events;
    }

    private static string Text(IEnumerable<StreamedEvent> events, int rank) => string.Concat(events
        .Where(e => e.Name == "log" && e.Data["rank"]!.GetValue<int>() == rank)
        .Select(e => Encoding.UTF8.GetString(Convert.FromBase64String(e.Data["bytes"]!.GetValue<string>()))));
}
