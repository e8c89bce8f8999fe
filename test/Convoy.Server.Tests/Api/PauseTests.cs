using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Store.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Api;

/// <summary>Administrators stop the scheduler, or its evictions, and let it go on.</summary>
public sealed class PauseTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private HttpClient ann = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        ann = await server.AddUserAsync("ann", "intern");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task While_scheduling_is_paused_nothing_new_starts_what_runs_goes_on_and_everybody_is_told_why()
    {
        var runs = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", name: "runs"));
        await RunningServer.UntilAsync(ann, runs, JobPhase.Running);
        (await PauseAsync(false, "new switches")).StatusCode.ShouldBe(HttpStatusCode.OK);

        var waits = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", name: "waits"));
        await Eventually.Is(async () => (await ViewAsync(waits))["reason"]!.GetValue<string>() == "SchedulingPaused");
        var why = await (await ann.GetAsync($"/api/v1/jobs/{waits}/why")).JsonAsync();
        why["message"]!.GetValue<string>().ShouldSatisfyAllConditions(message => message.ShouldStartWith("scheduling is paused by admin since "), message => message.ShouldContain("(new switches)"));
        var check = await (await ann.PostAsync("/api/v1/jobs:check", new StringContent(RunningServer.Spec("true"), System.Text.Encoding.UTF8, "application/json"))).JsonAsync();
        (check["startsNow"]!.GetValue<bool>(), check["reason"]!.GetValue<string>()).ShouldBe((false, "SchedulingPaused"));

        // The line is the last plan's.
        await Eventually.Is(async () => (await (await ann.GetAsync("/api/v1/queue")).JsonAsync())["items"]!.AsArray().Count == 1);
        var queue = await (await ann.GetAsync("/api/v1/queue")).JsonAsync();
        queue["items"]![0]!["reason"]!.GetValue<string>().ShouldBe("SchedulingPaused");
        queue["notices"]![0]!["code"]!.GetValue<string>().ShouldBe("SchedulingPaused");
        (await (await ann.GetAsync("/readyz")).Content.ReadAsStringAsync()).ShouldBe("ready\nSchedulingPaused\n");
        (await ViewAsync(runs))["phase"]!.GetValue<string>().ShouldBe("Running");

        // Kept over a restart.
        (await server.Services.GetRequiredService<SqliteStore>().ListPausesAsync(CancellationToken.None)).ShouldHaveSingleItem().By.ShouldBe("admin");

        (await server.Admin.DeleteAsync("/api/v1/scheduling/pause")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await RunningServer.FinishedAsync(ann, waits))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        (await (await ann.GetAsync("/api/v1/queue")).JsonAsync())["notices"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task While_evictions_are_paused_jobs_start_and_none_makes_way()
    {
        var sue = await server.AddUserAsync("sue", "senior");
        var low = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", replicas: 2, gpus: 4, name: "low"));
        await RunningServer.UntilAsync(ann, low, JobPhase.Running);
        (await PauseAsync(true, null)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var high = await RunningServer.SubmitAsync(sue, RunningServer.Spec("true", replicas: 2, gpus: 4, name: "high"));
        var small = await RunningServer.SubmitAsync(sue, RunningServer.Spec("true", name: "small"));
        await RunningServer.FinishedAsync(sue, small);
        (await (await sue.GetAsync($"/api/v1/jobs/{high}")).JsonAsync())["phase"]!.GetValue<string>().ShouldBe("Pending");
        (await ViewAsync(low))["phase"]!.GetValue<string>().ShouldBe("Running");

        await server.Admin.DeleteAsync("/api/v1/scheduling/pause");
        (await RunningServer.FinishedAsync(sue, high))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
    }

    [Fact]
    public async Task A_reason_of_more_than_a_line_is_refused() => (await PauseAsync(false, "a\u001b[2Jb")).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);

    private Task<HttpResponseMessage> PauseAsync(bool evictionsOnly, string? reason) => server.Admin.PutAsJsonAsync("/api/v1/scheduling/pause", new { evictionsOnly, reason });

    private async Task<JsonNode> ViewAsync(string job) => await (await ann.GetAsync($"/api/v1/jobs/{job}")).JsonAsync();
}
