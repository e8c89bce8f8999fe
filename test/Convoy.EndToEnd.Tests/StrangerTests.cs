using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>What is not one's own does not exist, whatever one asks.</summary>
public sealed class StrangerTests(Neighbours neighbours) : IClassFixture<Neighbours>
{
    private const string NoSuchId = "j00nosuchjob0000";
    private const string NoSuchName = "no-such-name-x";
    private static readonly string NoSuchHash = new('0', 64);

    private readonly RunningPlatform platform = neighbours.Platform;

    [Fact]
    public async Task Every_address_about_anothers_thing_answers_as_if_it_did_not_exist()
    {
        using var http = platform.HttpOf(neighbours.BobToken);
        var tried = 0;
        foreach (var (method, path) in await OperationsAsync())
        {
            foreach (var (theirs, nothing) in Names(path))
            {
                // A job's address is chosen by who submits, and so is tried on its own below.
                if (method == HttpMethod.Put && path == "/api/v1/jobs/{id}") continue;
                // As is a data set's, whose names are the whole platform's: docs/datasets.md says that a name tells that it is taken.
                if (method == HttpMethod.Put && path == "/api/v1/datasets/{name}") continue;
                var (real, missing) = (await AskAsync(http, method, Filled(path, theirs)), await AskAsync(http, method, Filled(path, nothing)));
                real.Status.ShouldBe(missing.Status, $"{method} {path} for {theirs}");
                real.Body.Replace(theirs, nothing, StringComparison.Ordinal).ShouldBe(missing.Body, $"{method} {path} for {theirs}");
                // Upload offsets of an archive tell only of one's own upload.
                (((int)real.Status >= 400) || path.EndsWith("/code/{sha256}", StringComparison.Ordinal)).ShouldBeTrue($"{method} {path} for {theirs} answered {real.Status}");
                tried++;
            }
        }

        tried.ShouldBeGreaterThan(12);
    }

    [Fact]
    public async Task No_list_and_no_page_says_a_word_of_anothers_job()
    {
        using var http = platform.HttpOf(neighbours.BobToken);
        var pages = (await OperationsAsync()).Where(operation => operation.Method == HttpMethod.Get && !operation.Path.Contains('{', StringComparison.Ordinal)).Select(operation => operation.Path).ToList();
        new[] { "/api/v1/jobs", "/api/v1/queue", "/api/v1/nodes", "/api/v1/clusters", "/api/v1/tokens", "/api/v1/users", "/api/v1/datasets" }.ShouldBeSubsetOf(pages);
        pages.AddRange([
            "/api/v1/jobs?all=true", "/api/v1/jobs?user=alice", "/api/v1/jobs?name=lanes-secretly&all=true", "/api/v1/jobs?queue=alice&all=true", "/api/v1/jobs?phase=Running&all=true", "/api/v1/tokens?user=alice",
            "/api/v1/nodes/node-0", "/api/v1/nodes/node-1", "/metrics", "/openapi/v1.json", "/docs", "/healthz", "/readyz",
        ]);
        foreach (var page in pages)
        {
            var answer = await AskAsync(http, HttpMethod.Get, page);
            // An error may say again what was asked, and only that.
            var said = answer.Body.Replace("user 'alice'", "", StringComparison.Ordinal);
            neighbours.Secrets.Where(secret => said.Contains(secret, StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty($"{page}: {answer.Body}");
        }
    }

    [Fact]
    public async Task Others_jobs_on_nodes_and_in_the_queue_are_a_size_and_a_level()
    {
        // A job that another test has just cancelled is counted until the next plan.
        QueueEntryView? waiting = null;
        await Eventually.HoldsAsync("nobody else is counted", async () => (waiting = (await neighbours.Bob.ListQueueAsync(null, null, CancellationToken.None)).Items.ShouldHaveSingleItem()).Position == 1);
        waiting.ShouldBe(new QueueEntryView(1, null, null, null, null, "engineer", null, 2, 4, null, null));
        var nodes = (await neighbours.Bob.ListNodesAsync(null, null, CancellationToken.None)).Items;
        nodes.Sum(node => node.GpusFree).ShouldBe(3);
        nodes.SelectMany(node => node.Jobs).Where(job => job.User != "bob").ShouldHaveSingleItem().ShouldBe(new NodeJobView(null, null, null, "engineer", 1, 1));

        (await neighbours.Alice.ListQueueAsync(null, null, CancellationToken.None)).Items.ShouldHaveSingleItem().Id.ShouldBe(neighbours.Waiting.Id);
        (await platform.Client.ListNodesAsync(null, null, CancellationToken.None)).Items.SelectMany(node => node.Jobs).ShouldHaveSingleItem().User.ShouldBe("alice");
    }

    [Fact]
    public async Task Why_a_job_waits_names_nobody_else()
    {
        var mine = await platform.SubmitAsync(Jobs.Shell("mine", "true", tasks: 2, gpus: 2), neighbours.Bob);
        WhyView? why = null;
        await Eventually.HoldsAsync("the scheduler has looked at it", async () => (why = await neighbours.Bob.WhyAsync(mine.Id, CancellationToken.None)).Reason is not (null or "Held"));
        why!.Message.ToString().ShouldContain("another's job (level engineer) holds 1 GPU");
        var said = JsonSerializer.Serialize(why, WireJson.Default.WhyView);
        neighbours.Secrets.Where(secret => said.Contains(secret, StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty(said);
        await neighbours.Bob.CancelJobAsync(mine.Id, CancellationToken.None);
    }

    [Fact]
    public async Task A_submission_under_anothers_id_changes_and_tells_nothing()
    {
        var refused = await Should.ThrowAsync<ConvoyException>(neighbours.Bob.SubmitAsync(JobId.Parse(neighbours.Running.Id), Jobs.Shell("mine", "true"), CancellationToken.None));
        refused.Status.ShouldBe(409);
        refused.Message.ShouldNotContain("alice");
        refused.Message.ShouldNotContain("lanes-secretly");

        // Not even with the very spec.
        var spec = (await neighbours.Alice.GetJobAsync(neighbours.Waiting.Id, CancellationToken.None)).Spec!;
        (await Should.ThrowAsync<ConvoyException>(neighbours.Bob.SubmitAsync(JobId.Parse(neighbours.Waiting.Id), spec, CancellationToken.None))).Status.ShouldBe(409);
        (await neighbours.Alice.GetJobAsync(neighbours.Running.Id, CancellationToken.None)).User.ShouldBe("alice");
    }

    [Fact]
    public async Task Anothers_code_cannot_be_run_by_its_hash()
    {
        var refused = await Should.ThrowAsync<ConvoyException>(platform.SubmitAsync(Jobs.Shell("thief", "cat code.txt") with { Code = new CodeSpec { Archive = neighbours.Archive } }, neighbours.Bob));
        var missing = await Should.ThrowAsync<ConvoyException>(platform.SubmitAsync(Jobs.Shell("thief", "cat code.txt") with { Code = new CodeSpec { Archive = NoSuchHash } }, neighbours.Bob));
        refused.Problem.Problems!.ShouldHaveSingleItem().Code.ShouldBe("CodeNotUploaded");
        refused.Problem.Problems![0].Message.ToString().Replace(neighbours.Archive, NoSuchHash, StringComparison.Ordinal).ShouldBe(missing.Problem.Problems![0].Message.ToString());
    }

    [Fact]
    public async Task Anothers_token_can_neither_be_made_nor_revoked()
    {
        (await Should.ThrowAsync<ConvoyException>(neighbours.Bob.CreateTokenAsync(new NewTokenRequest("alice", null, null), CancellationToken.None))).Status.ShouldBe(404);
        (await Should.ThrowAsync<ConvoyException>(neighbours.Bob.CreateTokenAsync(new NewTokenRequest("admin", null, null), CancellationToken.None))).Status.ShouldBe(404);
        (await Should.ThrowAsync<ConvoyException>(neighbours.Bob.ListTokensAsync("alice", null, null, CancellationToken.None))).Status.ShouldBe(404);
        (await Should.ThrowAsync<ConvoyException>(neighbours.Bob.RevokeTokenAsync(neighbours.AliceToken.Split('_')[1], CancellationToken.None))).Status.ShouldBe(404);
        (await Should.ThrowAsync<ConvoyException>(neighbours.Bob.AddUserAsync(new NewUserRequest("eve", null, true), CancellationToken.None))).Status.ShouldBe(403);
        (await neighbours.Alice.WhoAmIAsync(CancellationToken.None)).Name.ShouldBe("alice");
    }

    [Fact]
    public async Task A_tasks_token_reports_for_its_own_job_and_opens_nothing_else()
    {
        var job = await platform.SubmitAsync(Jobs.Shell("tells", $"echo $CONVOY_TOKEN; {Jobs.Until(platform.Mark("bob-ends"))}", gpus: 0), neighbours.Bob);
        var token = "";
        await Eventually.HoldsAsync("the task tells its token", async () => (token = (await platform.LogsAsync(job.Id)).Trim()).Length > 0);
        using var http = platform.HttpOf(token);
        (await ReportAsync(job.Id, 1)).ShouldBe(HttpStatusCode.NoContent);
        (await ReportAsync(job.Id, 2)).ShouldBe(HttpStatusCode.NotFound);
        (await ReportAsync(neighbours.Running.Id, 1)).ShouldBe(HttpStatusCode.NotFound);
        foreach (var (method, path) in await OperationsAsync())
        {
            if (path.EndsWith("/metrics", StringComparison.Ordinal) && method == HttpMethod.Post) continue;
            if (path.EndsWith("/progress", StringComparison.Ordinal) || path == "/api/v1/version") continue;
            var answer = await AskAsync(http, method, path.Replace("{job}", job.Id, StringComparison.Ordinal).Replace("{id}", job.Id, StringComparison.Ordinal).Replace("{name}", "node-0", StringComparison.Ordinal).Replace("{sha256}", NoSuchHash, StringComparison.Ordinal));

            // Its own job's code it may fetch, and data sets that the job names; there are none.
            var isItsOwn = method == HttpMethod.Get && (path.StartsWith("/api/v1/code/", StringComparison.Ordinal) || path is "/api/v1/datasets/{name}/versions/{version}" or "/api/v1/datasets/{name}/versions/{version}/manifest" or "/api/v1/datasets/{name}/versions/{version}/files/{path}" or "/api/v1/datasets/{name}/packs/{sha256}");
            answer.Status.ShouldBe(isItsOwn ? HttpStatusCode.NotFound : HttpStatusCode.Forbidden, $"{method} {path}");
        }

        await neighbours.Bob.CancelJobAsync(job.Id, CancellationToken.None);
        await platform.UntilFinishedAsync(job.Id);

        async Task<HttpStatusCode> ReportAsync(string about, int attempt)
        {
            using var body = JsonBody($$"""{"attempt":{{attempt}},"fraction":0.5}""");
            using var answer = await http.PostAsync($"jobs/{about}/progress", body);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Nobody_gets_in_without_a_token_or_with_a_revoked_one()
    {
        var made = await neighbours.Bob.CreateTokenAsync(new NewTokenRequest(null, "1h", "to be revoked"), CancellationToken.None);
        using var revoked = platform.HttpOf(made.Token);
        (await AskAsync(revoked, HttpMethod.Get, "/api/v1/whoami")).Status.ShouldBe(HttpStatusCode.OK);
        await neighbours.Bob.RevokeTokenAsync(made.Id, CancellationToken.None);
        using var nobody = platform.HttpOf("x");
        nobody.DefaultRequestHeaders.Authorization = null;
        using var guessing = platform.HttpOf($"cvy_{made.Id}_{new string('0', 64)}");
        foreach (var (method, path) in await OperationsAsync())
        {
            if (path == "/api/v1/version") continue;
            var filled = path.Replace("{job}", neighbours.Running.Id, StringComparison.Ordinal).Replace("{id}", neighbours.Running.Id, StringComparison.Ordinal).Replace("{name}", "node-0", StringComparison.Ordinal).Replace("{sha256}", neighbours.Archive, StringComparison.Ordinal);
            foreach (var http in new[] { nobody, revoked, guessing }) (await AskAsync(http, method, filled)).Status.ShouldBe(HttpStatusCode.Unauthorized, $"{method} {path}");
        }
    }

    [Theory]
    [InlineData("get")]
    [InlineData("logs")]
    [InlineData("why")]
    [InlineData("events")]
    [InlineData("metrics")]
    [InlineData("wait")]
    [InlineData("cancel")]
    public async Task No_verb_finds_anothers_job(string verb)
    {
        using var convoy = new ConvoyCommand(platform.Url, neighbours.BobToken);
        foreach (var (theirs, nothing) in new[] { (neighbours.Running.Id, NoSuchId), ("lanes-secretly", NoSuchName) })
        {
            var (real, missing) = (await convoy.RunAsync(verb, theirs), await convoy.RunAsync(verb, nothing));
            real.ExitCode.ShouldBe(102, real.Error);
            real.Output.ShouldBe(missing.Output);
            WithoutRequest(real.Error).Replace(theirs, nothing, StringComparison.Ordinal).ShouldBe(WithoutRequest(missing.Error));
        }

        (await neighbours.Alice.GetJobAsync(neighbours.Running.Id, CancellationToken.None)).Phase.ShouldBe(JobPhase.Running);

        static string WithoutRequest(string error) => error.Contains("(request ", StringComparison.Ordinal) ? error[..error.IndexOf("(request ", StringComparison.Ordinal)] : error;
    }

    [Fact]
    public async Task No_listing_verb_tells_of_anothers_job()
    {
        using var convoy = new ConvoyCommand(platform.Url, neighbours.BobToken);
        foreach (var arguments in new string[][] { ["list"], ["list", "-A"], ["list", "--user", "alice"], ["queue"], ["node", "list"], ["node", "get", "node-0"], ["token", "list"], ["cluster", "list"] })
        {
            foreach (var format in new[] { "table", "json" })
            {
                var ended = await convoy.RunAsync([.. arguments, "-o", format]);
                ended.ExitCode.ShouldBe(0, ended.Error);
                neighbours.Secrets.Where(secret => (ended.Output + ended.Error).Contains(secret, StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty($"{string.Join(' ', arguments)}: {ended.Output}{ended.Error}");
            }
        }

        (await convoy.RunAsync("user", "list")).ExitCode.ShouldBe(4);
    }

    private static StringContent JsonBody(string json) => new(json, new MediaTypeHeaderValue("application/json"));

    private static string Filled(string path, string name) =>
        (path[..path.IndexOf('{', StringComparison.Ordinal)] + name + path[(path.IndexOf('}', StringComparison.Ordinal) + 1)..]).Replace("{version}", "v1", StringComparison.Ordinal).Replace("{tag}", "stable", StringComparison.Ordinal).Replace("{sha256}", NoSuchHash, StringComparison.Ordinal);

    /// <summary>Bodies that are well-formed where the address wants one, so that it is not the body that is refused.</summary>
    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpClient http, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = (method.Method, path.Split('/')[^1]) switch
        {
            ("POST", "metrics") => JsonBody("""{"attempt":1,"rank":0,"batchId":"b","points":[]}"""),
            ("POST", "progress") => JsonBody("""{"attempt":1,"fraction":0.5}"""),
            ("POST", "jobs:check") => JsonBody("""{"spec":{"name":"x","roles":{"worker":{"command":["true"]}}}}"""),
            ("POST", "packs:check") => JsonBody("""{"packs":[]}"""),
            ("PUT", "stable") => JsonBody("""{"version":"v1"}"""),
            ("POST", "users") => JsonBody("""{"name":"eve"}"""),
            ("POST" or "PATCH", "tokens" or "engineer" or "node-0") => JsonBody("{}"),
            ("PUT", _) when path.Contains("/code/", StringComparison.Ordinal) => new ByteArrayContent([1]) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } },
            ("PUT", _) => JsonBody("""{"spec":{"name":"x","roles":{"worker":{"command":["true"]}}}}"""),
            ("PATCH", _) => JsonBody("{}"),
            _ => null,
        };
        if (path.Contains("/code/", StringComparison.Ordinal) && method == HttpMethod.Put)
        {
            request.Headers.Add("Upload-Offset", "0");
            request.Headers.Add("Upload-Length", "2");
        }

        using var answer = await http.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType == "application/problem+json" && body.Length > 0 ? WithoutRequestId(body) : body);
    }

    private static string WithoutRequestId(string problem)
    {
        var read = JsonNode.Parse(problem)!.AsObject();
        read.Remove("requestId").ShouldBeTrue();
        return read.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>Everything that the API says it has, so that no address is forgotten here.</summary>
    private async Task<IReadOnlyList<(HttpMethod Method, string Path)>> OperationsAsync()
    {
        using var http = platform.HttpOf(neighbours.BobToken);
        using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri(platform.Url, "/openapi/v1.json")));
        var operations = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (new HttpMethod(operation.Name.ToUpperInvariant()), path.Name)))
            .Where(operation => operation.Name.StartsWith("/api/", StringComparison.Ordinal)).ToArray();
        operations.Length.ShouldBeGreaterThan(20);
        return operations;
    }

    /// <summary>Alice's names that fit into an address, each with one that nothing bears. Nodes, clusters and levels are everybody's.</summary>
    private IEnumerable<(string Theirs, string Nothing)> Names(string path)
    {
        if (!path.Contains('{', StringComparison.Ordinal) || path.StartsWith("/api/v1/nodes/", StringComparison.Ordinal) || path.StartsWith("/api/v1/clusters/", StringComparison.Ordinal) || path.StartsWith("/api/v1/levels/", StringComparison.Ordinal)) return [];
        if (path.StartsWith("/api/v1/jobs/", StringComparison.Ordinal)) return [(neighbours.Running.Id, NoSuchId), (neighbours.Waiting.Id, NoSuchId), ("lanes-secretly", NoSuchName)];
        if (path.StartsWith("/api/v1/datasets/", StringComparison.Ordinal)) return [("lanes-data", NoSuchName)];
        if (path.StartsWith("/api/v1/tokens/", StringComparison.Ordinal)) return [(neighbours.AliceToken.Split('_')[1], "nosuchtoken")];
        if (path.StartsWith("/api/v1/code/", StringComparison.Ordinal)) return [(neighbours.Archive, NoSuchHash)];
        throw new InvalidOperationException($"the API has a new address {path}: say here what of Alice's fits into it");
    }
}
