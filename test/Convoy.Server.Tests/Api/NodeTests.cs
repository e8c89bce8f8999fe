using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Api;

public sealed class NodeTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Nothing_new_lands_on_a_cordoned_node_and_what_runs_there_goes_on_until_it_is_used_again()
    {
        var first = await RunAsync(RunningServer.Spec("sleep 60", replicas: 2, gpus: 3, name: "first"));
        var answer = await WishAsync("node-0", new { health = "Draining" });
        (answer["evicted"]!.GetValue<int>(), answer["node"]!["health"]!.GetValue<string>(), answer["node"]!["wishedBy"]!.GetValue<string>()).ShouldBe((0, "Draining", "admin"));
        await RunAsync(RunningServer.Spec("sleep 60", gpus: 1, name: "second"));
        var waits = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("true", gpus: 1, name: "third"));
        await Eventually.Is(async () => (await (await server.Admin.GetAsync($"/api/v1/jobs/{waits}/why")).JsonAsync())["reason"]?.GetValue<string>() == "InsufficientResources");
        (await RunningServer.UntilAsync(server.Admin, first, JobPhase.Running))["attempts"]!.AsArray().Count.ShouldBe(1);
        (await server.Services.GetRequiredService<Convoy.Store.IStore>().ListNodeWishesAsync(CancellationToken.None)).ShouldHaveSingleItem().Health.ShouldBe(NodeHealth.Draining);

        (await (await server.Admin.DeleteAsync("/api/v1/nodes/node-0/wish")).JsonAsync())["node"]!["health"]!.GetValue<string>().ShouldBe("Ready");
        (await RunningServer.FinishedAsync(server.Admin, waits))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
    }

    [Fact]
    public async Task A_node_that_is_emptied_sends_its_jobs_back_to_the_queue_and_they_run_elsewhere()
    {
        var job = await RunAsync(RunningServer.Spec("sleep 60", gpus: 4, name: "moves", more: """, "preemptible": false """));
        var node = (await RunningServer.UntilAsync(server.Admin, job, JobPhase.Running))["nodes"]![0]!.GetValue<string>();
        (await WishAsync(node, new { health = "Quarantined", evict = true }))["evicted"]!.GetValue<int>().ShouldBe(1);
        JsonNode view = null!;
        await Eventually.Is(async () => (view = await (await server.Admin.GetAsync($"/api/v1/jobs/{job}")).JsonAsync())["attempts"]!.AsArray().Count == 2);
        view = await RunningServer.UntilAsync(server.Admin, job, JobPhase.Running);
        view["nodes"]![0]!.GetValue<string>().ShouldNotBe(node);
        (view["attempts"]![0]!["stopCause"]!.GetValue<string>(), view["platformRestarts"]!.GetValue<int>(), view["restarts"]!.GetValue<int>()).ShouldBe(("Drained", 1, 0));
        (await WishAsync(node, new { health = "Quarantined", evict = true }))["evicted"]!.GetValue<int>().ShouldBe(0);
    }

    [Theory]
    [InlineData("node-9", "Draining", HttpStatusCode.NotFound)]
    [InlineData("node-0", "Ready", HttpStatusCode.UnprocessableEntity)]
    [InlineData("node-0", "Gone", HttpStatusCode.UnprocessableEntity)]
    public async Task What_cannot_be_wished_is_refused(string node, string health, HttpStatusCode status) =>
        (await server.Admin.PutAsJsonAsync($"/api/v1/nodes/{node}/wish", new { health })).StatusCode.ShouldBe(status);

    private async Task<JsonNode> WishAsync(string node, object wish)
    {
        var answer = await server.Admin.PutAsJsonAsync($"/api/v1/nodes/{node}/wish", wish);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await answer.JsonAsync();
    }

    private async Task<string> RunAsync(string spec)
    {
        var job = await RunningServer.SubmitAsync(server.Admin, spec);
        await RunningServer.UntilAsync(server.Admin, job, JobPhase.Running);
        return job;
    }
}
