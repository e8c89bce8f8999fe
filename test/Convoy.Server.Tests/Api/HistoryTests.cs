using System.Net;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;

namespace Convoy.Server.Tests.Api;

public sealed class HistoryTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_ran_in_the_period_and_runs_comes_once_as_rows_of_a_trace_page_by_page()
    {
        var ann = await server.AddUserAsync("ann");
        var ended = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 0.1", replicas: 2, gpus: 3));
        await RunningServer.FinishedAsync(ann, ended);
        var other = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true"));
        await RunningServer.FinishedAsync(ann, other);
        var runs = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", gpus: 2));
        await RunningServer.UntilAsync(ann, runs, JobPhase.Running);
        var waits = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", replicas: 2, gpus: 4));

        var rows = await ReadAsync(DateTime.UtcNow.AddHours(-1), limit: 1);

        rows.Select(row => row["id"]!.GetValue<string>()).ShouldBe([runs, ended, other]);
        rows.ShouldAllBe(row => row["submitS"]!.GetValue<double>() > 3000 && row["durationS"]!.GetValue<double>() > 0);
        (rows[1]["gpus"]!.GetValue<int>(), rows[1]["nodes"]!.GetValue<int>(), rows[1]["cpuMillicores"]!.GetValue<long>()).ShouldBe((3, 2, 100));
        (rows[1]["user"]!.GetValue<string>(), rows[1]["level"]!.GetValue<string>(), rows[1]["queue"]!.GetValue<string>()).ShouldBe(("ann", "engineer", "ann"));
        rows.ShouldNotContain(row => row["id"]!.GetValue<string>() == waits);

        var later = await ReadAsync(DateTime.UtcNow, limit: 100);
        later.ShouldHaveSingleItem()["id"]!.GetValue<string>().ShouldBe(runs);
        later[0]["submitS"]!.GetValue<double>().ShouldBe(0);
    }

    [Theory]
    [InlineData("", "BadSince")]
    [InlineData("?since=lately", "BadSince")]
    [InlineData("?since=2026-01-01T00:00:00Z&after=f-jnosuch00", "BadCursor")]
    [InlineData("?since=2026-01-01T00:00:00Z&after=17", "BadCursor")]
    [InlineData("?since=2026-01-01T00:00:00Z&limit=0", "BadLimit")]
    public async Task A_wrong_question_is_refused_by_name(string query, string code)
    {
        var answer = await server.Admin.GetAsync($"/api/v1/scheduling/history{query}");

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.CodeAsync()).ShouldBe(code);
    }

    private async Task<List<JsonNode>> ReadAsync(DateTime since, int limit)
    {
        var rows = new List<JsonNode>();
        for (string? next = ""; next is not null;)
        {
            var page = await (await server.Admin.GetAsync($"/api/v1/scheduling/history?since={since:O}&limit={limit}{(next.Length == 0 ? "" : $"&after={next}")}")).JsonAsync();
            page["items"]!.AsArray().Count.ShouldBeLessThanOrEqualTo(limit);
            rows.AddRange(page["items"]!.AsArray().OfType<JsonNode>());
            next = page["next"]?.GetValue<string>();
        }

        return rows;
    }
}
