using System.Text;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;

namespace Convoy.Server.Tests.Api;

/// <summary>What a person is told of a waiting job, and whether it comes true.</summary>
public sealed class WhyTests
{
    [Fact]
    public async Task What_is_advised_starts_the_job_and_tells_nothing_of_others()
    {
        await using var server = await RunningServer.StartAsync();
        var (ann, bob) = (await server.AddUserAsync("ann"), await server.AddUserAsync("bob"));
        await RunningServer.UntilAsync(ann, await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", gpus: 4, name: "lanes")), JobPhase.Running);

        var check = await (await bob.PostAsync("/api/v1/jobs:check", new StringContent(RunningServer.Spec("true", replicas: 2, gpus: 4), Encoding.UTF8, "application/json"))).JsonAsync();
        check["remedy"]!["flags"]!.GetValue<string>().ShouldBe("--nodes 1");
        check["earliestStart"]!.GetValue<DateTimeOffset>().ShouldBeGreaterThan(DateTimeOffset.UtcNow);

        var waiting = await RunningServer.SubmitAsync(bob, RunningServer.Spec("true", replicas: 2, gpus: 4));
        var why = await WhyAsync(bob, waiting);
        why["remedy"]!.ToJsonString().ShouldBe(
            """{"kind":"Tasks","by":"owner","message":"it would start now with 1 task of worker","flags":"--nodes 1","changes":[{"key":"roles.worker.replicas","value":"1"}],"evicts":0}""");
        why["try"]!.GetValue<string>().ShouldContain("--nodes 1");
        why.ToJsonString().ShouldNotContain("lanes");
        (await WhyAsync(bob, waiting))["remedy"]!["kind"]!.GetValue<string>().ShouldBe("Tasks");

        await bob.PostAsync($"/api/v1/jobs/{waiting}/cancel", null);
        (await RunningServer.FinishedAsync(bob, await RunningServer.SubmitAsync(bob, RunningServer.Spec("true", replicas: 1, gpus: 4))))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
    }

    [Fact]
    public async Task A_cap_is_the_administrators_to_raise_and_raised_starts_the_job()
    {
        await using var server = await RunningServer.StartAsync();
        var ian = await server.AddUserAsync("ian", "intern");
        await server.Admin.PatchAsync("/api/v1/levels/intern", new StringContent("""{"maxRunning": 1}""", Encoding.UTF8, "application/json"));
        await RunningServer.UntilAsync(ian, await RunningServer.SubmitAsync(ian, RunningServer.Spec("sleep 60")), JobPhase.Running);
        var second = await RunningServer.SubmitAsync(ian, RunningServer.Spec("true"));

        var remedy = (await WhyAsync(ian, second))["remedy"]!;
        (remedy["kind"]!.GetValue<string>(), remedy["by"]!.GetValue<string>()).ShouldBe(("LevelCap", "administrator"));
        var change = remedy["changes"]!.AsArray().ShouldHaveSingleItem()!;
        (change["key"]!.GetValue<string>(), change["value"]!.GetValue<string>()).ShouldBe(("levels.intern.maxRunning", "2"));

        await server.Admin.PatchAsync("/api/v1/levels/intern", new StringContent("""{"maxRunning": 2}""", Encoding.UTF8, "application/json"));
        (await RunningServer.FinishedAsync(ian, second))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
    }

    private static async Task<JsonNode> WhyAsync(HttpClient client, string job)
    {
        JsonNode? why = null;
        await Eventually.Is(async () => (why = await (await client.GetAsync($"/api/v1/jobs/{job}/why")).JsonAsync())["needed"] is not null);
        return why!;
    }
}
