using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Store;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Api;

public sealed class JobSteeringTests : IAsyncLifetime
{
    private const string Forever = "while true; do sleep 0.1; done";

    private RunningServer server = null!;
    private HttpClient ann = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        ann = await server.AddUserAsync("ann");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_suspended_job_frees_its_devices_and_runs_again_when_it_is_resumed()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec(Forever, replicas: 2, gpus: 4));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);
        (await PostAsync(job, "suspend")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await RunningServer.UntilAsync(ann, job, JobPhase.Suspended);
        (await RunningServer.FinishedAsync(ann, await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", replicas: 2, gpus: 4))))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        (await PostAsync(job, "suspend")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await (await PostAsync(job, "resume")).JsonAsync())["phase"]!.GetValue<string>().ShouldBe("Pending");
        (await RunningServer.UntilAsync(ann, job, JobPhase.Running))["attempts"]!.AsArray().Count.ShouldBe(2);
        (await PostAsync(job, "resume")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_name_of_several_unfinished_jobs_is_a_conflict_that_lists_them_where_a_mistake_would_cost()
    {
        string[] ids = [await RunningServer.SubmitAsync(ann, RunningServer.Spec(Forever, name: "twin")), await RunningServer.SubmitAsync(ann, RunningServer.Spec(Forever, name: "twin"))];
        foreach (var answer in (HttpResponseMessage[])[await PostAsync("twin", "cancel"), await PostAsync("twin", "suspend"), await ann.DeleteAsync("/api/v1/jobs/twin")])
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.Conflict);
            var problem = await answer.JsonAsync();
            problem["code"]!.GetValue<string>().ShouldBe("AmbiguousName");
            foreach (var id in ids) problem["detail"]!.GetValue<string>().ShouldContain(id);
        }

        (await (await PatchAsync("twin", """{"priority":"high"}""")).JsonAsync())["job"]!["id"]!.GetValue<string>().ShouldBe(ids[1]);
    }

    [Fact]
    public async Task Other_terms_hold_at_once_and_are_told_with_those_before()
    {
        (await server.Admin.PutAsync("/api/v1/organisation", Json("""{"queues":[{"name":"vision","members":["ann"]},{"name":"secret","members":["admin"]}]}"""))).StatusCode.ShouldBe(HttpStatusCode.OK);
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec(Forever, gpus: 1));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);
        var answer = await (await PatchAsync(job, """{"queue":"vision","priority":"high","maxDuration":"4h"}""")).JsonAsync();
        answer["before"].ShouldNotBeNull(answer.ToJsonString()).ToJsonString().ShouldBe("""{"queue":"ann","priority":"normal"}""");
        answer["after"]!.ToJsonString().ShouldBe("""{"queue":"vision","priority":"high","maxDuration":"4h"}""");
        answer["job"]!["phase"]!.GetValue<string>().ShouldBe("Running");
        var queues = (await (await ann.GetAsync("/api/v1/queues")).JsonAsync())["items"]!.AsArray();
        queues.Single(queue => queue!["name"]!.GetValue<string>() == "vision")!.ToJsonString().ShouldContain("\"used\":1", customMessage: queues.ToJsonString());
        var again = await (await PatchAsync(job, """{"queue":"vision","priority":"high","maxDuration":"4h"}""")).JsonAsync();
        again["before"]!.ToJsonString().ShouldBe(again["after"]!.ToJsonString());
        var events = (await (await ann.GetAsync($"/api/v1/jobs/{job}/events")).JsonAsync())["items"]!.AsArray().Where(e => e!["type"]!.GetValue<string>() == "Updated").ToArray();
        events.ShouldHaveSingleItem()!["message"]!.GetValue<string>().ShouldBe("updated by ann: queue ann → vision, priority normal → high, maxDuration none → 4h");

        await ExpectAsync(await PatchAsync(job, """{"queue":"secret"}"""), HttpStatusCode.UnprocessableEntity, "InvalidSpec");
        await ExpectAsync(await PatchAsync(job, """{"maxDuration":"soon"}"""), HttpStatusCode.UnprocessableEntity, "BadDuration");
        await ExpectAsync(await PatchAsync(job, "{}"), HttpStatusCode.UnprocessableEntity, "NothingToChange");
        await ExpectAsync(await PatchAsync(job, """{"maxDuration":"1ms"}"""), HttpStatusCode.Conflict, "HasRunLonger");
        await server.Admin.PatchAsync("/api/v1/levels/engineer", Json("""{"maxDuration":"5h"}"""));
        await ExpectAsync(await PatchAsync(job, """{"maxDuration":"6h"}"""), HttpStatusCode.Forbidden, "ExceedsLevelCap");
        (await (await PatchAsync(job, """{"maxDuration":"none"}""")).JsonAsync())["after"]!["maxDuration"]!.GetValue<string>().ShouldBe("5h");
        await PostAsync(job, "cancel");
        await RunningServer.FinishedAsync(ann, job);
        await ExpectAsync(await PatchAsync(job, """{"priority":"low"}"""), HttpStatusCode.Conflict, "AlreadyFinished");
    }

    [Fact]
    public async Task A_running_job_does_not_move_into_a_queue_that_has_no_room_for_it_and_one_that_waits_does()
    {
        (await server.Admin.PutAsync("/api/v1/organisation", Json("""{"queues":[{"name":"small","members":["ann"],"quota":{"A100-80G":{"nominal":2,"borrowLimit":0}}}]}"""))).StatusCode.ShouldBe(HttpStatusCode.OK);
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec(Forever, gpus: 1));
        var twin = await RunningServer.SubmitAsync(ann, RunningServer.Spec(Forever, gpus: 2));
        foreach (var id in (string[])[job, twin]) await RunningServer.UntilAsync(ann, id, JobPhase.Running);
        (await PatchAsync(job, """{"queue":"small"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await ExpectAsync(await PatchAsync(twin, """{"queue":"small","priority":"low"}"""), HttpStatusCode.Forbidden, "ExceedsQueueQuota");
        var kept = await (await ann.GetAsync($"/api/v1/jobs/{twin}")).JsonAsync();
        (kept["queue"]!.GetValue<string>(), kept["phase"]!.GetValue<string>()).ShouldBe(("ann", "Running"));
        await PostAsync(twin, "suspend");
        await RunningServer.UntilAsync(ann, twin, JobPhase.Suspended);
        (await PatchAsync(twin, """{"queue":"small"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_name_means_an_administrators_own_job_before_anothers()
    {
        var mine = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("true", name: "train"));
        await RunningServer.FinishedAsync(server.Admin, mine);
        var anns = await RunningServer.SubmitAsync(ann, RunningServer.Spec(Forever, name: "train"));
        await RunningServer.UntilAsync(ann, anns, JobPhase.Running);
        await ExpectAsync(await server.Admin.PostAsync("/api/v1/jobs/train/cancel", null), HttpStatusCode.Conflict, "AlreadyFinished");
        (await server.Admin.DeleteAsync("/api/v1/jobs/train")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await (await ann.GetAsync($"/api/v1/jobs/{anns}")).JsonAsync())["phase"]!.GetValue<string>().ShouldBe("Running");
        (await (await server.Admin.PostAsync("/api/v1/jobs/train/cancel", null)).JsonAsync())["id"]!.GetValue<string>().ShouldBe(anns);
    }

    [Fact]
    public async Task The_same_submission_is_still_the_same_job_when_its_terms_have_changed()
    {
        var (id, spec) = (RunningServer.NewId(), RunningServer.Spec(Forever));
        await RunningServer.PutAsync(ann, id, spec);
        (await PatchAsync(id, """{"priority":"high","queue":"default","maxDuration":"2h"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await RunningServer.PutAsync(ann, id, spec)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_retried_job_is_one_more_attempt_of_the_same_job_and_counts_as_one_more_submission()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("test $CONVOY_ATTEMPT = 2 || exit 7"));
        await RunningServer.FinishedAsync(ann, job);
        await server.Admin.PatchAsync("/api/v1/levels/engineer", Json("""{"maxSubmitted":1}"""));
        var other = await RunningServer.SubmitAsync(ann, RunningServer.Spec(Forever));
        await ExpectAsync(await PostAsync(job, "retry"), HttpStatusCode.Forbidden, "ExceedsLevelCap");
        await ExpectAsync(await PostAsync(other, "retry"), HttpStatusCode.Conflict, "NotFinished");
        await PostAsync(other, "cancel");
        await RunningServer.FinishedAsync(ann, other);
        (await (await PostAsync(job, "retry?attempt=2")).JsonAsync())["phase"]!.GetValue<string>().ShouldBe("Pending");
        var view = await RunningServer.FinishedAsync(ann, job);
        (view["phase"]!.GetValue<string>(), view["attempts"]!.AsArray().Count, view["failure"]).ShouldBe(("Succeeded", 2, null));
        (await (await PostAsync(job, "retry?attempt=2")).JsonAsync())["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        await ExpectAsync(await PostAsync(job, "retry?attempt=x"), HttpStatusCode.BadRequest, "BadAttempt");
        view = await (await ann.GetAsync($"/api/v1/jobs/{job}")).JsonAsync();
        view["attempts"]![0]!["tasks"]![0]!["exitCode"]!.GetValue<int>().ShouldBe(7);
    }

    [Fact]
    public async Task A_deleted_job_is_gone_with_its_files_and_its_key_is_free_again()
    {
        var (id, spec) = (RunningServer.NewId(), RunningServer.Spec("echo said; echo kept > $CONVOY_OUTPUT_DIR/result; sleep 0.3"));
        await RunningServer.PutAsync(ann, id, spec);
        await ExpectAsync(await ann.DeleteAsync($"/api/v1/jobs/{id}"), HttpStatusCode.Conflict, "NotFinished");
        await RunningServer.FinishedAsync(ann, id);
        var store = server.Services.GetRequiredService<IStore>();
        var used = await store.ListUsageAsync(DateTimeOffset.UnixEpoch, null, 10, CancellationToken.None);
        Folders().ShouldAllBe(folder => Directory.Exists(folder));

        (await ann.DeleteAsync($"/api/v1/jobs/{id}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (var part in (string[])["", "/events", "/logs", "/metrics", "/why"]) (await ann.GetAsync($"/api/v1/jobs/{id}{part}")).StatusCode.ShouldBe(HttpStatusCode.NotFound, part);
        (await (await ann.GetAsync("/api/v1/jobs")).JsonAsync())["items"]!.AsArray().ShouldBeEmpty();
        (await ann.DeleteAsync($"/api/v1/jobs/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await PostAsync(id, "retry")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await Eventually.Is(async () => (await store.ListBeingDeletedAsync(0, 1, CancellationToken.None)).Count == 0);
        Folders().ShouldAllBe(folder => !Directory.Exists(folder));
        (await store.ListUsageAsync(DateTimeOffset.UnixEpoch, null, 10, CancellationToken.None)).ShouldBe(used);

        (await RunningServer.PutAsync(ann, id, spec)).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await RunningServer.FinishedAsync(ann, id))["attempts"]!.AsArray().ShouldHaveSingleItem();

        // The administrator is the first person, and ann the second.
        string[] Folders() => [Path.Combine(server.State.Cluster, "jobs", id), Path.Combine(server.State.Cluster, "people", "2", "jobs", id)];
    }

    [Fact]
    public async Task A_job_that_backs_off_says_what_failed_and_when_it_goes_on()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("exit 3", more: """, "recovery": {"maxRestarts": 2}"""));
        JsonNode? view = null;
        await Eventually.Is(async () => (view = await (await ann.GetAsync($"/api/v1/jobs/{job}")).JsonAsync())["notBefore"] is not null);
        view!["reason"]!.GetValue<string>().ShouldBe("Held");
        view["message"]!.GetValue<string>().ShouldMatch(@"^starts again in \d+ s \(restart 1 of 2\), after rank 0 \(worker\) on node-\d ended with exit code 3 \[User\]$");
    }

    private static async Task ExpectAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        answer.StatusCode.ShouldBe(status, await answer.Content.ReadAsStringAsync());
        (await answer.CodeAsync()).ShouldBe(code);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private Task<HttpResponseMessage> PostAsync(string job, string verb) => ann.PostAsync($"/api/v1/jobs/{job}/{verb}", null);

    private Task<HttpResponseMessage> PatchAsync(string job, string body) => ann.PatchAsync($"/api/v1/jobs/{job}", Json(body));
}
