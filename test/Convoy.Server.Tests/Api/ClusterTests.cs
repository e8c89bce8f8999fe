using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Convoy.Agent;
using Convoy.Agent.Tests;
using Convoy.Clusters;
using Convoy.Clusters.Tests.Doubles;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Api;

/// <summary>Clusters elsewhere, each with an agent that calls.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private const string Local = """, "placement": {"clusters": ["local"]} """;

    private readonly FakeApiServer machines = new(seed: 7)
    {
        Nodes = [.. Enumerable.Range(0, 2).Select(i => new NodeObservation($"east-{i}", NodeHealth.Ready, 8000, 32L << 30, "H100-80G", [0, 1, 2, 3], AssignsDevices: true))],
    };

    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("East", "kubernetes", HttpStatusCode.UnprocessableEntity, "BadClusterName")]
    [InlineData("any", "kubernetes", HttpStatusCode.UnprocessableEntity, "BadClusterName")]
    [InlineData("east", "slurm", HttpStatusCode.UnprocessableEntity, "BadClusterKind")]
    [InlineData("local", "kubernetes", HttpStatusCode.Conflict, "ClusterExists")]
    public async Task What_cannot_join_is_refused(string name, string kind, HttpStatusCode status, string code)
    {
        var answer = await server.Admin.PutAsJsonAsync($"/api/v1/clusters/{name}", new { kind });
        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((status, code));
        (await (await server.Admin.GetAsync("/api/v1/clusters")).JsonAsync())["items"]!.AsArray().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_cluster_joins_once_and_is_never_seen_until_its_agent_calls()
    {
        var token = await JoinAsync("east");
        (await (await server.Admin.PutAsJsonAsync("/api/v1/clusters/east", new { kind = "kubernetes" })).CodeAsync()).ShouldBe("ClusterExists");
        var before = await (await server.Admin.GetAsync("/api/v1/clusters/east")).JsonAsync();
        (before["state"]!.GetValue<string>(), before["version"], before["joinedBy"]!.GetValue<string>()).ShouldBe(("NeverSeen", null, "admin"));

        // The others go on meanwhile.
        await RunningServer.FinishedAsync(server.Admin, await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("true", more: Local)));
        await using var agent = Agent("east", token);
        await ReadyAsync("east");
        var after = await (await server.Admin.GetAsync("/api/v1/clusters/east")).JsonAsync();
        (after["nodes"]!.GetValue<int>(), after["gpus"]!.GetValue<int>(), after["gpusFree"]!.GetValue<int>(), after["version"]!.GetValue<string>()).ShouldBe((2, 8, 8, "0.0.1"));
        var names = (await (await server.Admin.GetAsync("/api/v1/clusters?limit=1")).JsonAsync())["next"]!.GetValue<string>();
        (await (await server.Admin.GetAsync($"/api/v1/clusters?after={names}")).JsonAsync())["items"]!.AsArray().ShouldHaveSingleItem()!["name"]!.GetValue<string>().ShouldBe("local");
    }

    [Fact]
    public async Task A_job_runs_on_the_cluster_that_it_names_and_its_end_is_told_and_what_is_kept_there_is_not_looked_for_here()
    {
        await using var agent = Agent("east", await JoinAsync("east"));
        await ReadyAsync("east");
        var job = await SubmitToEastAsync();
        var view = await RunningServer.UntilAsync(server.Admin, job, JobPhase.Running);
        view["cluster"]?.GetValue<string>().ShouldBe("east");
        (await (await server.Admin.DeleteAsync("/api/v1/clusters/east")).CodeAsync()).ShouldBe("ClusterInUse");
        foreach (var part in (string[])["logs", "outputs", "outputs?attempt=1", "outputs/content?attempt=1&rank=0&path=x"])
        {
            var answer = await server.Admin.GetAsync($"/api/v1/jobs/{job}/{part}");
            (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "NotKept"), part);
        }

        machines.End(JobId.Parse(job), 0, 0);
        (await RunningServer.FinishedAsync(server.Admin, job))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        machines.StartsOf(JobId.Parse(job), 0).ShouldBe(1);
    }

    [Fact]
    public async Task A_deleted_job_is_forgotten_where_it_was()
    {
        await using var agent = Agent("east", await JoinAsync("east"));
        await ReadyAsync("east");
        var job = await SubmitToEastAsync();
        await RunningServer.UntilAsync(server.Admin, job, JobPhase.Running);
        machines.End(JobId.Parse(job), 0, 0);
        await RunningServer.FinishedAsync(server.Admin, job);
        (await server.Admin.DeleteAsync($"/api/v1/jobs/{job}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Eventually.Is(async () => (await new FakeCluster(machines).ObserveAsync(null, CancellationToken.None)).Tasks.Count == 0);
    }

    [Fact]
    public async Task A_new_token_ends_the_old_one_and_a_removed_cluster_is_heard_no_longer()
    {
        var first = await JoinAsync("east");
        var second = (await (await server.Admin.PostAsync("/api/v1/clusters/east/token", null)).JsonAsync())["token"]!.GetValue<string>();
        (await CallAsync(first)).ShouldBe(HttpStatusCode.Unauthorized);
        (await CallAsync(second)).ShouldBe(HttpStatusCode.OK);
        (await (await server.Admin.PostAsync("/api/v1/clusters/local/token", null)).CodeAsync()).ShouldBe("NotJoined");
        (await (await server.Admin.DeleteAsync("/api/v1/clusters/local")).CodeAsync()).ShouldBe("NotJoined");
        (await server.Admin.DeleteAsync("/api/v1/clusters/east")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await CallAsync(second)).ShouldBe(HttpStatusCode.Unauthorized);
        (await server.Admin.GetAsync("/api/v1/clusters/east")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await server.Admin.DeleteAsync("/api/v1/clusters/east")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await JoinAsync("east")).ShouldNotBe(second);

        async Task<HttpStatusCode> CallAsync(string token) => (await server.For(token).PostAsJsonAsync("/api/v1/clusters/east/sync", new { life = "one", number = 1, version = "1" })).StatusCode;
    }

    [Fact]
    public async Task What_one_cluster_says_of_another_ones_task_is_not_believed()
    {
        await using var agent = Agent("east", await JoinAsync("east"));
        await ReadyAsync("east");
        var job = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("sleep 60", more: Local));
        await RunningServer.UntilAsync(server.Admin, job, JobPhase.Running);
        var journal = new ObservationJournal();
        journal.SetNodes([]);
        journal.Add(new TaskObservation(JobId.Parse(job), 1, 0, TaskState.Exited, DateTimeOffset.UtcNow, new TaskOutcome(0)));
        await using var liar = new RunningAgent(new FakeJournalCluster(journal), SyncLine.Handler(new Uri(server.Url), null), server: server.Url, name: "west", token: await JoinAsync("west"));
        await ReadyAsync("west");
        await RunningServer.FinishedAsync(server.Admin, await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("true", more: Local)));
        (await (await server.Admin.GetAsync($"/api/v1/jobs/{job}")).JsonAsync())["phase"]!.GetValue<string>().ShouldBe("Running");
    }

    [Fact]
    public async Task What_is_asked_inside_a_cluster_becomes_that_persons_job_there_however_often_it_is_told()
    {
        await server.AddUserAsync("ann");
        var asked = new FakeRequests();
        await using var agent = Agent("east", await JoinAsync("east"), asked);
        await ReadyAsync("east");
        var answers = await asked.AskAsync([.. Enumerable.Range(0, 400).Select(i => Submit($"default/job-{i}"))]);
        answers.ShouldAllBe(answer => answer.Code == null && !answer.Retry);
        answers.Select(answer => answer.Job!.Value).ShouldBe(Enumerable.Range(0, 400).Select(i => JobId.FromKey("east", $"default/job-{i}")), ignoreOrder: true);
        (await asked.AskAsync([Submit("default/job-7")]))[0].Job.ShouldBe(JobId.FromKey("east", "default/job-7"));
        var ledger = server.Services.GetRequiredService<Ledger>();
        ledger.Unfinished.Count.ShouldBe(400);
        ledger.Unfinished.Values.ShouldAllBe(job => job.Owner == "ann" && job.Spec.Placement.Clusters.SequenceEqual(new[] { "east" }));
        (await asked.AskAsync([.. ledger.Unfinished.Keys.Select(id => new ClusterRequest(id.Value, RequestKind.Cancel, "ann", id, null))])).ShouldAllBe(answer => answer.Code == null);
        await Eventually.Is(() => Task.FromResult(ledger.Unfinished.IsEmpty));
    }

    [Fact]
    public async Task What_a_person_would_be_refused_is_refused_to_who_asks_in_their_name_inside_a_cluster()
    {
        await server.AddUserAsync("ann", level: "intern");
        var asked = new FakeRequests();
        await using var agent = Agent("east", await JoinAsync("east"), asked);
        await ReadyAsync("east");
        (await server.Admin.PatchAsJsonAsync("/api/v1/levels/intern", new { maxGpusPerJob = 2, maxSubmitted = 1 })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await RefusedAsync(Submit("a", owner: "nobody"), "NotFound");
        await RefusedAsync(Submit("b", gpus: 3), "ExceedsLevelCap");
        await RefusedAsync(Submit("c", change: spec => spec with { Placement = new PlacementSpec { Clusters = ["local"] } }), "InvalidSpec");
        await RefusedAsync(Submit("d", change: spec => spec with { Queue = "elsewhere" }), "InvalidSpec");
        await RefusedAsync(Submit("e", change: spec => spec with { Name = "No Label" }), "InvalidSpec");
        (await asked.AskAsync([Submit("f")]))[0].Code.ShouldBeNull();
        await RefusedAsync(Submit("g"), "ExceedsLevelCap");
        await RefusedAsync(Submit("f", gpus: 1), "IdempotencyConflict");
        var ledger = server.Services.GetRequiredService<Ledger>();
        ledger.Unfinished.Values.ShouldHaveSingleItem().Id.ShouldBe(JobId.FromKey("east", "f"));
        (await asked.AskAsync([new ClusterRequest("f", RequestKind.Cancel, "ann", null, null)]))[0].Code.ShouldBeNull();
        await Eventually.Is(() => Task.FromResult(ledger.Unfinished.IsEmpty));

        async Task RefusedAsync(ClusterRequest request, string code)
        {
            var answer = (await asked.AskAsync([request]))[0];
            (answer.Code, answer.Retry, answer.Message!.Length > 0).ShouldBe((code, false, true));
        }
    }

    [Fact]
    public async Task Inside_a_cluster_a_job_is_steered_by_its_owner_alone()
    {
        await server.AddUserAsync("ann");
        var asked = new FakeRequests();
        await using var agent = Agent("east", await JoinAsync("east"), asked);
        await ReadyAsync("east");
        var job = (await asked.AskAsync([Submit("one")]))[0].Job!.Value;
        var local = JobId.Parse(await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("sleep 60", more: Local)));
        await RunningServer.UntilAsync(server.Admin, local.Value, JobPhase.Running);
        foreach (var kind in (RequestKind[])[RequestKind.Cancel, RequestKind.Suspend, RequestKind.Resume])
        {
            (await asked.AskAsync([new ClusterRequest($"x{kind}", kind, "bob", job, null)]))[0].Code.ShouldBe("NotFound");
            (await asked.AskAsync([new ClusterRequest($"y{kind}", kind, "admin", local, null)]))[0].Code.ShouldBe("NotFound", "it runs elsewhere");
        }

        await SteeredAsync(RequestKind.Suspend, JobPhase.Suspended);
        (await asked.AskAsync([new ClusterRequest("again", RequestKind.Suspend, "ann", job, null)]))[0].Code.ShouldBeNull();
        await SteeredAsync(RequestKind.Resume, JobPhase.Pending, JobPhase.Starting, JobPhase.Running);
        await SteeredAsync(RequestKind.Cancel, JobPhase.Cancelled);

        async Task SteeredAsync(RequestKind kind, params JobPhase[] phases)
        {
            (await asked.AskAsync([new ClusterRequest($"{kind}", kind, "ann", job, null)]))[0].Code.ShouldBeNull();
            await RunningServer.UntilAsync(server.Admin, job.Value, phases);
        }
    }

    private static ClusterRequest Submit(string key, string owner = "ann", int gpus = 0, Func<JobSpec, JobSpec>? change = null)
    {
        var spec = new JobSpec
        {
            Name = "asked",
            Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = ["wait"], Resources = new ResourceSpec { Gpu = gpus } } },
        };
        return new ClusterRequest(key, RequestKind.Submit, owner, null, change?.Invoke(spec) ?? spec);
    }

    private RunningAgent Agent(string name, string token, IClusterRequests? requests = null) =>
        new(new FakeCluster(machines), SyncLine.Handler(new Uri(server.Url), null), requests, server: server.Url, name: name, token: token);

    private async Task<string> JoinAsync(string name)
    {
        var answer = await server.Admin.PutAsJsonAsync($"/api/v1/clusters/{name}", new { kind = "kubernetes" });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        var token = (await answer.JsonAsync())["token"]!.GetValue<string>();
        token.ShouldStartWith("cva_");
        return token;
    }

    private Task ReadyAsync(string name) => Eventually.Is(async () => (await (await server.Admin.GetAsync($"/api/v1/clusters/{name}")).JsonAsync())["state"]!.GetValue<string>() == "Ready");

    private Task<string> SubmitToEastAsync() =>
        RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("wait", gpus: 1, more: """, "placement": {"clusters": ["east"]} """));
}
