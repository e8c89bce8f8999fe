using System.Net;
using System.Text;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Tests.Api;

public sealed class JobTests : IAsyncLifetime
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
    public async Task The_same_submission_again_is_the_same_job_and_another_body_is_a_conflict()
    {
        var id = RunningServer.NewId();
        (await RunningServer.PutAsync(ann, id, RunningServer.Spec("true"))).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await RunningServer.PutAsync(ann, id, RunningServer.Spec("true"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        var other = await RunningServer.PutAsync(ann, id, RunningServer.Spec("false"));
        other.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await other.CodeAsync()).ShouldBe("IdempotencyConflict");
        (await RunningServer.FinishedAsync(ann, id))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        (await RunningServer.PutAsync(ann, id, RunningServer.Spec("true"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await (await ann.GetAsync("/api/v1/jobs")).JsonAsync())["items"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Fifty_submissions_of_one_id_at_once_make_one_job()
    {
        var id = RunningServer.NewId();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => RunningServer.PutAsync(ann, id, RunningServer.Spec("true"))));
        answers.Count(answer => answer.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBe(49);
    }

    [Fact]
    public async Task A_failed_job_names_rank_code_and_class()
    {
        var view = await RunningServer.FinishedAsync(ann, await RunningServer.SubmitAsync(ann, RunningServer.Spec("test $CONVOY_RANK = 0 && sleep 60; exit 3", replicas: 2)));
        view["phase"]!.GetValue<string>().ShouldBe("Failed");
        var failure = view["failure"]!;
        (failure["rank"]!.GetValue<int>(), failure["exitCode"]!.GetValue<int>(), failure["class"]!.GetValue<string>()).ShouldBe((1, 3, "User"));
        view["restarts"]!.GetValue<int>().ShouldBe(0);
        view["attempts"]!.AsArray().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_spec_is_said_and_nothing_is_created()
    {
        var answer = await RunningServer.PutAsync(ann, RunningServer.NewId(), """{"spec": {"name": "Bad Name", "priority": "urgent", "nmae": 1, "roles": {"worker": {"command": [], "replicas": 0}}}}""");
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var problem = await answer.JsonAsync();
        problem["code"]!.GetValue<string>().ShouldBe("InvalidSpec");
        problem["requestId"]!.GetValue<string>().ShouldBe(answer.Headers.GetValues("X-Request-Id").Single());
        problem["problems"]!.AsArray().Select(p => p!["path"]!.GetValue<string>()).ShouldBe(["name", "priority", "nmae", "roles.worker.command", "roles.worker.replicas"], ignoreOrder: true);
        (await (await ann.GetAsync("/api/v1/jobs")).JsonAsync())["items"]!.AsArray().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{\"spec\": null}")]
    [InlineData("{\"spec\": {\"name\": \"x\", \"roles\": {\"worker\": {\"command\": [\"true\"]}}, \"code\": {\"workdir\": \".\"}}}")]
    [InlineData("{\"spec\": {\"name\": \"x\", \"roles\": {\"worker\": {\"command\": [\"true\"]}}, \"code\": {\"archive\": \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}}}")]
    [InlineData("{\"spec\": {\"name\": \"x\", \"roles\": {\"worker\": {\"command\": [\"true\"]}}, \"queue\": \"bobs\"}}")]
    public async Task A_bad_body_is_refused_with_a_problem(string body)
    {
        var answer = await RunningServer.PutAsync(ann, RunningServer.NewId(), body);
        ((int)answer.StatusCode).ShouldBeInRange(400, 422);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await answer.CodeAsync()).ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_body_larger_than_allowed_is_refused_by_name()
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/jobs/{RunningServer.NewId()}") { Content = new StringContent(new string(' ', 6 << 20), Encoding.UTF8, "application/json") };
        request.Headers.ExpectContinue = true;
        var answer = await ann.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await answer.CodeAsync()).ShouldBe("TooLarge");
    }

    [Fact]
    public async Task A_wrong_address_method_or_media_type_is_named_as_such()
    {
        (await (await ann.GetAsync("/api/v1/nowhere")).CodeAsync()).ShouldBe("NotFound");
        (await (await ann.PostAsync("/api/v1/nodes", null)).CodeAsync()).ShouldBe("MethodNotAllowed");
        (await (await ann.PutAsync($"/api/v1/jobs/{RunningServer.NewId()}", new StringContent("name: x"))).CodeAsync()).ShouldBe("UnsupportedMediaType");
        (await (await ann.PostAsync("/api/v1/tokens", new StringContent("{", Encoding.UTF8, "application/json"))).CodeAsync()).ShouldBe("BadRequest");
    }

    [Fact]
    public async Task What_can_never_start_is_infeasible_with_numbers()
    {
        var answer = await RunningServer.PutAsync(ann, RunningServer.NewId(), RunningServer.Spec("true", replicas: 3, gpus: 4));
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await answer.CodeAsync()).ShouldBe("Infeasible");
        var detail = (await answer.JsonAsync())["detail"]!.GetValue<string>();
        detail.ShouldContain("3 tasks of 4 GPUs");
        detail.ShouldContain("2 nodes of 4 GPUs");
    }

    [Fact]
    public async Task Of_two_gangs_that_need_everything_one_runs_and_the_other_says_who_is_in_the_way()
    {
        var first = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", replicas: 2, gpus: 4, name: "first"));
        await RunningServer.UntilAsync(ann, first, JobPhase.Running);
        var bob = await server.AddUserAsync("bob");
        var second = await RunningServer.SubmitAsync(bob, RunningServer.Spec("true", replicas: 2, gpus: 4, name: "second"));
        await Eventually.Is(async () => (await (await bob.GetAsync($"/api/v1/jobs/{second}/why")).JsonAsync())["reason"]?.GetValue<string>() == "InsufficientResources");
        var why = await (await bob.GetAsync($"/api/v1/jobs/{second}/why")).JsonAsync();
        (why["needed"]!.GetValue<long>(), why["free"]!.GetValue<long>()).ShouldBe((8, 0));
        why["message"]!.GetValue<string>().ShouldContain("another's job (level engineer) holds 8 GPUs");
        why["message"]!.GetValue<string>().ShouldNotContain("first");
        (await (await server.Admin.GetAsync($"/api/v1/jobs/{second}/why")).JsonAsync())["message"]!.GetValue<string>().ShouldContain("first");
        (await (await bob.GetAsync($"/api/v1/jobs/{second}")).JsonAsync())["nodes"]!.AsArray().ShouldBeEmpty();

        var queue = (await (await ann.GetAsync("/api/v1/queue")).JsonAsync())["items"]!.AsArray().ShouldHaveSingleItem()!;
        queue["gpus"]!.GetValue<int>().ShouldBe(8);
        queue["id"].ShouldBeNull();
        (await ann.PostAsync($"/api/v1/jobs/{first}/cancel", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await RunningServer.FinishedAsync(bob, second))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        (await RunningServer.FinishedAsync(ann, first))["phase"]!.GetValue<string>().ShouldBe("Cancelled");
    }

    [Fact]
    public async Task A_dry_run_says_what_would_happen_and_creates_nothing()
    {
        var starts = await (await CheckAsync(RunningServer.Spec("true", replicas: 2, gpus: 4))).JsonAsync();
        starts["startsNow"]!.GetValue<bool>().ShouldBeTrue();
        starts["nodes"]!.AsArray().Count.ShouldBe(2);
        var busy = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", replicas: 1, gpus: 4));
        await RunningServer.UntilAsync(ann, busy, JobPhase.Running);
        var waits = await (await CheckAsync(RunningServer.Spec("true", replicas: 2, gpus: 4))).JsonAsync();
        waits["startsNow"]!.GetValue<bool>().ShouldBeFalse();
        waits["reason"]!.GetValue<string>().ShouldBe("InsufficientResources");
        (await (await ann.GetAsync("/api/v1/jobs")).JsonAsync())["items"]!.AsArray().Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("{\"maxGpus\": 1.5}")]
    public async Task A_body_that_is_not_what_is_asked_for_is_told_in_the_platforms_own_words(string body)
    {
        var answer = await PatchAsync("intern", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var detail = (await answer.JsonAsync())["detail"]!.GetValue<string>();
        detail.ShouldContain("/docs");
        detail.ShouldNotContain("Convoy.");
        (await server.Admin.GetStringAsync("/metrics")).ShouldContain("http_requests_received_total{code=\"400\",method=\"PATCH\"");
    }

    [Theory]
    [InlineData("""{"required": "rack"}""", "all within one rack")]
    [InlineData("""{"required": "node"}""", "all within one node")]
    [InlineData("""{"required": "cluster"}""", null)]
    [InlineData("""{"preferred": "rack"}""", null)]
    public async Task A_domain_that_no_cluster_has_is_refused_where_it_is_required(string topology, string? why)
    {
        var answer = await RunningServer.PutAsync(ann, RunningServer.NewId(), RunningServer.Spec("true", replicas: 2, gpus: 4, more: $$""", "placement": {"topology": {{topology}} }"""));
        if (why is null) answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        else (await answer.JsonAsync())["detail"]!.GetValue<string>().ShouldContain(why);
    }

    [Fact]
    public async Task Network_devices_that_no_node_has_are_refused_with_their_number()
    {
        var spec = RunningServer.Spec("true").Replace("\"cpu\"", "\"rdma\": 2, \"cpu\"", StringComparison.Ordinal);
        (await (await RunningServer.PutAsync(ann, RunningServer.NewId(), spec)).JsonAsync())["detail"]!.GetValue<string>().ShouldContain("2 RDMA devices");
    }

    [Fact]
    public async Task A_levels_caps_are_refused_by_name_and_can_be_lifted()
    {
        (await PatchAsync("intern", """{"maxGpusPerJob": 2, "maxSubmitted": 2, "maxDuration": "1h"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var ian = await server.AddUserAsync("ian", "intern");
        foreach (var spec in (string[])[RunningServer.Spec("true", gpus: 4), RunningServer.Spec("true", more: """, "limits": {"maxDuration": "2h"}""")])
        {
            var over = await RunningServer.PutAsync(ian, RunningServer.NewId(), spec);
            over.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await over.CodeAsync()).ShouldBe("ExceedsLevelCap");
        }

        // The level's duration holds where none was asked for, and asking again is still the same submission.
        var id = RunningServer.NewId();
        (await RunningServer.PutAsync(ian, id, RunningServer.Spec("sleep 60"))).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await RunningServer.PutAsync(ian, id, RunningServer.Spec("sleep 60"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await (await ian.GetAsync($"/api/v1/jobs/{id}")).JsonAsync())["spec"]!["limits"]!["maxDuration"]!.GetValue<string>().ShouldBe("1h");
        await RunningServer.SubmitAsync(ian, RunningServer.Spec("sleep 60"));
        (await RunningServer.PutAsync(ian, RunningServer.NewId(), RunningServer.Spec("true"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await (await CheckAsync(RunningServer.Spec("true"), ian)).CodeAsync()).ShouldBe("ExceedsLevelCap");
        (await PatchAsync("intern", """{"clear": ["maxSubmitted"]}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await RunningServer.PutAsync(ian, RunningServer.NewId(), RunningServer.Spec("true"))).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_level_says_whom_its_jobs_may_evict_and_the_planner_is_told()
    {
        var changed = await PatchAsync("senior", """{"mayPreempt": false, "preemptible": false, "minRunTime": "10m"}""");
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await PatchAsync("senior", """{"maxGpus": 8}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var level = (await (await ann.GetAsync("/api/v1/levels")).JsonAsync())["items"]!.AsArray().Single(each => each!["name"]!.GetValue<string>() == "senior")!;
        (level["mayPreempt"]!.GetValue<bool>(), level["preemptible"]!.GetValue<bool>(), level["minRunTime"]!.GetValue<string>(), level["maxGpus"]!.GetValue<int>()).ShouldBe((false, false, "10m", 8));
        var planned = PlanningCase.FromJson(await server.Admin.GetByteArrayAsync("/api/v1/scheduling/snapshot")).Policy.Levels.Single(each => each.Name == "senior");
        planned.ShouldBe(new Level("senior", 30, MaxGpus: 8) { MayPreempt = false, Preemptible = false, MinRunTime = TimeSpan.FromMinutes(10) });
        (await (await PatchAsync("senior", """{"minRunTime": "soon"}""")).CodeAsync()).ShouldBe("BadDuration");
    }

    [Fact]
    public async Task A_name_borne_by_several_unfinished_jobs_is_not_cancelled_and_their_ids_are_listed()
    {
        var (one, two) = (await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", name: "twin")), await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", name: "twin")));
        var answer = await ann.PostAsync("/api/v1/jobs/twin/cancel", null);
        answer.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        var detail = (await answer.JsonAsync())["detail"]!.GetValue<string>();
        detail.ShouldContain(one);
        detail.ShouldContain(two);
        (await (await ann.GetAsync("/api/v1/jobs/twin")).JsonAsync())["id"]!.GetValue<string>().ShouldBe(two);
    }

    [Fact]
    public async Task Lists_go_on_from_where_a_page_ended()
    {
        var ids = new List<string>();
        for (var i = 0; i < 7; i++) ids.Add(await RunningServer.SubmitAsync(ann, RunningServer.Spec("true")));
        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = await (await ann.GetAsync($"/api/v1/jobs?limit=3&before={next}")).JsonAsync();
            seen.AddRange(page["items"]!.AsArray().Select(job => job!["id"]!.GetValue<string>()));
            next = page["next"]?.GetValue<string>();
        }
        while (next is not null);
        seen.ShouldBe(ids.AsEnumerable().Reverse());
        foreach (var bad in (string[])["limit=0", "limit=1001", "limit=x", "before=x", "phase=nowhere"]) (await ann.GetAsync($"/api/v1/jobs?{bad}")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_job_that_runs_out_of_time_is_stopped_and_says_so()
    {
        var view = await RunningServer.FinishedAsync(ann, await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60", more: """, "limits": {"maxDuration": "1s"}""")));
        (view["phase"]!.GetValue<string>(), view["reason"]!.GetValue<string>()).ShouldBe(("Failed", "MaxDuration"));
    }

    private Task<HttpResponseMessage> CheckAsync(string spec, HttpClient? caller = null) => (caller ?? ann).PostAsync("/api/v1/jobs:check", new StringContent(spec, Encoding.UTF8, "application/json"));

    private Task<HttpResponseMessage> PatchAsync(string level, string body) => server.Admin.PatchAsync($"/api/v1/levels/{level}", new StringContent(body, Encoding.UTF8, "application/json"));
}
