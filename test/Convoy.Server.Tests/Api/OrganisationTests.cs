using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Tests.Api;

public sealed class OrganisationTests : IAsyncLifetime
{
    private const string Company = """
        {"queues": [
          {"name": "vision", "weight": 2, "ordering": "fifo", "members": ["ann"], "quota": {"A100-80G": {"nominal": 6, "borrowLimit": 2} } },
          {"name": "lanes", "parent": "vision", "quota": {"A100-80G": {"nominal": 2} } },
          {"name": "speech"}],
         "levels": [{"name": "intern", "rank": 10, "maxGpus": 4}, {"name": "guest", "rank": 5}]}
        """;

    private RunningServer server = null!;
    private HttpClient ann = null!;
    private HttpClient bob = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        (ann, bob) = (await server.AddUserAsync("ann"), await server.AddUserAsync("bob"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_is_given_is_kept_told_to_the_planner_and_can_be_given_again()
    {
        var change = await (await PutAsync(Company)).JsonAsync();
        (change["revision"]!.GetValue<long>(), change["applied"]!.GetValue<bool>()).ShouldBe((1, true));
        change["queues"]!["added"]!.AsArray().Select(name => name!.GetValue<string>()).ShouldBe(["vision", "lanes", "speech"]);
        (change["levels"]!["added"]![0]!.GetValue<string>(), change["levels"]!["changed"]![0]!.GetValue<string>()).ShouldBe(("guest", "intern"));
        var policy = PlanningCase.FromJson(await server.Admin.GetByteArrayAsync("/api/v1/scheduling/snapshot")).Policy;
        policy.Queues.Select(queue => queue.Name).ShouldBe(["vision", "lanes", "speech"]);
        policy.Levels.Select(level => level.Name).ShouldBe(["guest", "intern", "engineer", "senior"]);

        var kept = (await (await server.Admin.GetAsync("/api/v1/organisation")).JsonAsync()).AsObject();
        kept.Remove("revision");
        kept.Remove("schemaVersion");
        change = await (await PutAsync(kept.ToJsonString())).JsonAsync();
        foreach (var list in (string[])["added", "changed", "removed"]) change["queues"]![list]!.AsArray().Concat(change["levels"]![list]!.AsArray()).ShouldBeEmpty();
        change = await (await PutAsync("""{"queues": [{"name": "speech", "weight": 3}]}""")).JsonAsync();
        (change["queues"]!["changed"]![0]!.GetValue<string>(), change["queues"]!["removed"]!.AsArray().Count, change["levels"]!["removed"]!.AsArray().Count).ShouldBe(("speech", 2, 0));
    }

    [Fact]
    public async Task What_is_not_sound_is_refused_whole_and_all_of_it_is_said_at_once()
    {
        var refused = await PutAsync("""{"queues": [{"name": "a", "parent": "b"}, {"name": "c", "weight": 0}], "levels": [{"name": "intern", "rank": 1, "maxGpus": -1}]}""");
        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await PathsAsync(refused)).ShouldBe(["queues[0].parent", "queues[1].weight", "levels[0].maxGpus"], ignoreOrder: true);
        refused = await PutAsync("""{"queues": [{"name": "a", "members": ["ann", "bbo", "*"]}]}""");
        (await MessageAsync(refused)).ShouldContain("there is no user 'bbo'; did you mean 'bob'?");
        (await PathsAsync(refused)).ShouldBe(["queues[0].members[1]"]);
        (await (await server.Admin.GetAsync("/api/v1/organisation")).JsonAsync())["revision"]!.GetValue<long>().ShouldBe(0);
    }

    [Fact]
    public async Task A_dry_run_changes_nothing_and_a_revision_that_has_moved_on_is_a_conflict()
    {
        (await (await PutAsync(Company, "?dryRun=true")).JsonAsync())["applied"]!.GetValue<bool>().ShouldBeFalse();
        (await (await ann.GetAsync("/api/v1/queues")).JsonAsync())["items"]!.AsArray().Count.ShouldBe(1);
        (await PutAsync(Company, "?revision=0")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var late = await PutAsync(Company, "?revision=0");
        (late.StatusCode, await late.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "OrganisationChanged"));
        (await PutAsync(Company, "?revision=x")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_job_goes_to_a_queue_whose_member_one_is_to_ones_own_and_to_everybodys()
    {
        await PutAsync(Company);
        foreach (var queue in (string[])["vision", "lanes", "speech", "ann", "default"]) (await SubmitToAsync(ann, queue)).StatusCode.ShouldBe(HttpStatusCode.Created, queue);
        foreach (var queue in (string[])["lanes", "speech", "bob", "default"]) (await SubmitToAsync(bob, queue)).StatusCode.ShouldBe(HttpStatusCode.Created, queue);
        foreach (var queue in (string[])["vision", "ann", "speach"])
        {
            var refused = await SubmitToAsync(bob, queue);
            refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity, queue);
            (await MessageAsync(refused)).ShouldContain("yours is 'bob', everybody's is 'default', and you may use lanes, speech");
        }

        (await MessageAsync(await SubmitToAsync(bob, "speach"))).ShouldContain("did you mean 'speech'?");
    }

    [Fact]
    public async Task A_persons_own_queue_in_the_tree_stays_that_persons()
    {
        (await PutAsync("""{"queues": [{"name": "ann", "weight": 2}]}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await SubmitToAsync(bob, "ann")).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await SubmitToAsync(ann, "ann")).StatusCode.ShouldBe(HttpStatusCode.Created);

        // And who comes later gets no queue that is there already.
        await PutAsync("""{"queues": [{"name": "vision"}]}""");
        (await (await server.Admin.PostAsJsonAsync("/api/v1/users", new { name = "vision" })).CodeAsync()).ShouldBe("BadName");
    }

    [Fact]
    public async Task The_tree_says_what_each_queue_has_a_right_to_uses_and_borrows()
    {
        await PutAsync(Company);
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", gpus: 3, more: """, "queue": "lanes" """));
        await RunningServer.UntilAsync(ann, job, Core.Jobs.JobPhase.Running);
        var items = (await (await bob.GetAsync("/api/v1/queues")).JsonAsync())["items"]!.AsArray();
        items.Select(queue => (queue!["name"]!.GetValue<string>(), queue["depth"]!.GetValue<int>(), queue["mayUse"]!.GetValue<bool>()))
            .ShouldBe([("default", 0, true), ("speech", 1, true), ("vision", 1, false), ("lanes", 2, true)]);
        items.Select(queue => Use(queue!["accelerators"]![0]!)).ShouldBe([(8, 3, 0), (null, 0, 0), (6, 3, 0), (2, 3, 1)]);
        items.ToJsonString().ShouldNotContain("ann");
    }

    private static (long? Nominal, long Used, long Borrowed) Use(JsonNode use) => (use["nominal"]?.GetValue<long>(), use["used"]!.GetValue<long>(), use["borrowed"]!.GetValue<long>());

    private static async Task<string[]> PathsAsync(HttpResponseMessage answer) => [.. (await answer.JsonAsync())["problems"]!.AsArray().Select(problem => problem!["path"]!.GetValue<string>())];

    private static async Task<string> MessageAsync(HttpResponseMessage answer) => (await answer.JsonAsync())["problems"]![0]!["message"]!.GetValue<string>();

    private static Task<HttpResponseMessage> SubmitToAsync(HttpClient client, string queue) =>
        RunningServer.PutAsync(client, RunningServer.NewId(), RunningServer.Spec("true", more: $$""", "queue": "{{queue}}" """));

    private Task<HttpResponseMessage> PutAsync(string organisation, string query = "") =>
        server.Admin.PutAsync("/api/v1/organisation" + query, new StringContent(organisation, Encoding.UTF8, "application/json"));
}
