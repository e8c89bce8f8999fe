using System.Text;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;

namespace Convoy.Server.Tests.Api;

/// <summary>What a person is told of a job that waits, or would wait.</summary>
public sealed class WaitingTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private HttpClient ian = null!;
    private HttpClient sue = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        (ian, sue) = (await server.AddUserAsync("ian", "intern"), await server.AddUserAsync("sue", "senior"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_dry_run_says_who_would_make_way_and_of_others_only_size_and_level()
    {
        await RunAsync(ian, RunningServer.Spec("sleep 60", replicas: 2, gpus: 4, name: "low"));
        var check = await CheckAsync(sue, RunningServer.Spec("true", gpus: 4));
        (check["startsNow"]!.GetValue<bool>(), check["wouldEvict"]!.GetValue<int>(), check["nodes"]!.AsArray().Count).ShouldBe((false, 1, 1));
        var victim = check["victims"]!.AsArray().ShouldHaveSingleItem()!;
        (victim["id"], victim["name"], victim["user"]).ShouldBe((null, null, null));
        (victim["level"]!.GetValue<string>(), victim["gpus"]!.GetValue<int>(), victim["tasks"]!.GetValue<int>()).ShouldBe(("intern", 8, 2));
        check.ToJsonString().ShouldNotContain("low");

        // Whose it is may see it.
        (await CheckAsync(ian, RunningServer.Spec("true", gpus: 4, more: """, "priority": "high" """)))["victims"]![0]!["name"]!.GetValue<string>().ShouldBe("low");
    }

    [Fact]
    public async Task Who_is_promised_machines_is_told_from_when_by_a_dry_run_too()
    {
        var until = DateTimeOffset.UtcNow.AddHours(2);
        await RunAsync(ian, RunningServer.Spec("sleep 60", replicas: 2, gpus: 4, more: """, "limits": {"maxDuration": "2h"} """));
        var check = await CheckAsync(ian, RunningServer.Spec("true", gpus: 4));
        check["reason"]!.GetValue<string>().ShouldBe("InsufficientResources");
        check["earliestStart"]!.GetValue<DateTimeOffset>().ShouldBe(until, TimeSpan.FromMinutes(2));
        check["message"]!.GetValue<string>().ShouldContain("machines are promised to it from about");

        var job = await RunningServer.SubmitAsync(ian, RunningServer.Spec("true", gpus: 4));
        (await WhyAsync(ian, job, "InsufficientResources"))["earliestStart"]!.GetValue<DateTimeOffset>().ShouldBe(until, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Whose_quota_decides_is_told_with_the_queue()
    {
        var queues = """{"queues": [{"name": "vision", "quota": {"A100-80G": {"nominal": 4, "borrowLimit": 0} } }]}""";
        (await server.Admin.PutAsync("/api/v1/organisation", new StringContent(queues, Encoding.UTF8, "application/json"))).IsSuccessStatusCode.ShouldBeTrue();
        var never = await RunningServer.SubmitAsync(ian, RunningServer.Spec("true", replicas: 2, gpus: 4, more: """, "queue": "vision" """));
        var why = await WhyAsync(ian, never, "ExceedsQueueQuota");
        (why["queue"]!.GetValue<string>(), why["message"]!.GetValue<string>()).ShouldBe(("vision", "needs 8 GPUs, and queue vision may never have more than 4 GPUs"));

        await RunAsync(ian, RunningServer.Spec("sleep 60", gpus: 3, more: """, "queue": "vision" """));
        var later = await RunningServer.SubmitAsync(ian, RunningServer.Spec("true", gpus: 2, more: """, "queue": "vision" """));
        why = await WhyAsync(ian, later, "WaitingForQuota");
        (why["queue"]!.GetValue<string>(), why["needed"]!.GetValue<int>(), why["free"]!.GetValue<int>()).ShouldBe(("vision", 2, 1));
    }

    [Fact]
    public async Task The_queue_is_in_the_order_of_the_plan_with_a_reason_for_what_one_may_see()
    {
        await RunAsync(sue, RunningServer.Spec("sleep 60", replicas: 2, gpus: 4));
        var low = await RunningServer.SubmitAsync(ian, RunningServer.Spec("true", gpus: 4, name: "low"));
        await WhyAsync(ian, low, "InsufficientResources");
        var high = await RunningServer.SubmitAsync(sue, RunningServer.Spec("true", gpus: 4, name: "high"));
        await WhyAsync(sue, high, "InsufficientResources");
        var seen = await ian.GetStringAsync("/api/v1/queue");
        var items = JsonNode.Parse(seen)!["items"]!.AsArray();
        items.Select(entry => (entry!["level"]!.GetValue<string>(), entry["name"]?.GetValue<string>(), entry["reason"]?.GetValue<string>(), entry["gpus"]!.GetValue<int>()))
            .ShouldBe([("senior", null, null, 4), ("intern", "low", "InsufficientResources", 4)]);
        items[0]!.AsObject().Where(member => member.Value is not null).Select(member => member.Key).ShouldBe(["position", "level", "tasks", "gpus"], ignoreOrder: true);
        foreach (var secret in (string[])["sue", "high"]) seen.ShouldNotContain(secret);
    }

    private static async Task RunAsync(HttpClient client, string spec) => await RunningServer.UntilAsync(client, await RunningServer.SubmitAsync(client, spec), JobPhase.Running);

    private static async Task<JsonNode> CheckAsync(HttpClient client, string spec) => await (await client.PostAsync("/api/v1/jobs:check", new StringContent(spec, Encoding.UTF8, "application/json"))).JsonAsync();

    private static async Task<JsonNode> WhyAsync(HttpClient client, string job, string reason)
    {
        JsonNode? why = null;
        await Eventually.Is(async () => (why = await (await client.GetAsync($"/api/v1/jobs/{job}/why")).JsonAsync())["reason"]?.GetValue<string>() == reason);
        return why!;
    }
}
