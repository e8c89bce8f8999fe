using System.Net;
using System.Text;
using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Api;

/// <summary>Every endpoint has a row here, or the build fails.</summary>
public sealed class AuthorizationTests : IAsyncLifetime
{
    private const string Hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static readonly Permission? Open = null;

    /// <param name="Others">What another person, who may use the endpoint, is answered about somebody else's object.</param>
    private sealed record Row(string Method, string Pattern, Permission? Asks, HttpStatusCode? Others = null, string Body = "{}");

    private static readonly Row[] Rows =
    [
        new("PUT", "/api/v1/jobs/{id}", Permission.UseJobs, HttpStatusCode.UnprocessableEntity),
        new("POST", "/api/v1/jobs:check", Permission.UseJobs),
        new("GET", "/api/v1/jobs", Permission.UseJobs),
        new("GET", "/api/v1/jobs/{job}", Permission.UseJobs, HttpStatusCode.NotFound),
        new("POST", "/api/v1/jobs/{job}/cancel", Permission.UseJobs, HttpStatusCode.NotFound),
        new("POST", "/api/v1/jobs/{job}/suspend", Permission.UseJobs, HttpStatusCode.NotFound),
        new("POST", "/api/v1/jobs/{job}/resume", Permission.UseJobs, HttpStatusCode.NotFound),
        new("POST", "/api/v1/jobs/{job}/retry", Permission.UseJobs, HttpStatusCode.NotFound),
        new("PATCH", "/api/v1/jobs/{job}", Permission.UseJobs, HttpStatusCode.NotFound, """{"priority":"high"}"""),
        new("DELETE", "/api/v1/jobs/{job}", Permission.UseJobs, HttpStatusCode.NotFound),
        new("GET", "/api/v1/jobs/{job}/why", Permission.UseJobs, HttpStatusCode.NotFound),
        new("GET", "/api/v1/jobs/{job}/events", Permission.UseJobs, HttpStatusCode.NotFound),
        new("GET", "/api/v1/jobs/{job}/logs", Permission.UseJobs, HttpStatusCode.NotFound),
        new("GET", "/api/v1/jobs/{job}/terminal", Permission.UseJobs, HttpStatusCode.NotFound),
        new("GET", "/api/v1/jobs/{job}/outputs", Permission.UseJobs, HttpStatusCode.NotFound),
        new("GET", "/api/v1/jobs/{job}/outputs/content", Permission.UseJobs, HttpStatusCode.NotFound),
        new("GET", "/api/v1/jobs/{job}/metrics", Permission.UseJobs, HttpStatusCode.NotFound),
        new("POST", "/api/v1/jobs/{job}/metrics", Permission.ReportForJob, Body: """{"attempt":1,"rank":0,"batchId":"b","points":[]}"""),
        new("POST", "/api/v1/jobs/{job}/progress", Permission.ReportForJob, Body: """{"attempt":1,"fraction":0.5}"""),
        new("GET", "/api/v1/running", Permission.UseJobs),
        new("GET", "/api/v1/queue", Permission.SeePlatform),
        new("GET", "/api/v1/queues", Permission.SeePlatform),
        new("GET", "/api/v1/organisation", Permission.AdministerPeople),
        new("PUT", "/api/v1/organisation", Permission.AdministerPeople),
        new("GET", "/api/v1/nodes", Permission.SeePlatform),
        new("GET", "/api/v1/nodes/{name}", Permission.SeePlatform),
        new("PUT", "/api/v1/nodes/{name}/wish", Permission.AdministerNodes, Body: """{"health":"Draining"}"""),
        new("DELETE", "/api/v1/nodes/{name}/wish", Permission.AdministerNodes),
        new("GET", "/api/v1/clusters", Permission.SeePlatform),
        new("GET", "/api/v1/clusters/{name}", Permission.SeePlatform),
        new("PUT", "/api/v1/clusters/{name}", Permission.AdministerClusters, Body: """{"kind":"kubernetes"}"""),
        new("POST", "/api/v1/clusters/{name}/token", Permission.AdministerClusters),
        new("DELETE", "/api/v1/clusters/{name}", Permission.AdministerClusters),
        new("POST", "/api/v1/clusters/{name}/sync", Permission.KeepCluster),
        new("GET", "/api/v1/scheduling/pause", Permission.SeePlatform),
        new("PUT", "/api/v1/scheduling/pause", Permission.AdministerScheduling, Body: """{"evictionsOnly":true}"""),
        new("DELETE", "/api/v1/scheduling/pause", Permission.AdministerScheduling),
        new("GET", "/api/v1/scheduling/snapshot", Permission.AdministerJobs),
        new("GET", "/api/v1/scheduling/history", Permission.AdministerJobs),
        new("HEAD", "/api/v1/code/{sha256}", Permission.UseJobs, HttpStatusCode.NotFound),
        new("GET", "/api/v1/code/{sha256}", Permission.ReportForJob),
        new("PUT", "/api/v1/code/{sha256}", Permission.UseJobs),
        new("GET", "/api/v1/datasets", Permission.UseDatasets),
        new("GET", "/api/v1/dataset-usage", Permission.UseDatasets),
        new("GET", "/api/v1/stores", Permission.UseDatasets),
        new("GET", "/api/v1/datasets/{name}/replications", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("POST", "/api/v1/datasets/{name}/replications", Permission.UseDatasets, HttpStatusCode.NotFound, """{"store":"east"}"""),
        new("DELETE", "/api/v1/datasets/{name}/replications/{store}", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("GET", "/api/v1/datasets/{name}", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("PUT", "/api/v1/datasets/{name}", Permission.UseDatasets, HttpStatusCode.Conflict),
        new("DELETE", "/api/v1/datasets/{name}", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("PUT", "/api/v1/datasets/{name}/tags/{tag}", Permission.UseDatasets, HttpStatusCode.NotFound, """{"version":"v1"}"""),
        new("DELETE", "/api/v1/datasets/{name}/tags/{tag}", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("GET", "/api/v1/datasets/{name}/versions", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("POST", "/api/v1/datasets/{name}/versions", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("GET", "/api/v1/datasets/{name}/versions/{version}", Permission.ReadDatasets, HttpStatusCode.NotFound),
        new("GET", "/api/v1/datasets/{name}/versions/{version}/files/{**path}", Permission.ReadDatasets, HttpStatusCode.NotFound),
        new("GET", "/api/v1/datasets/{name}/versions/{version}/manifest", Permission.ReadDatasets, HttpStatusCode.NotFound),
        new("DELETE", "/api/v1/datasets/{name}/versions/{version}", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("POST", "/api/v1/datasets/{name}/packs:check", Permission.UseDatasets, HttpStatusCode.NotFound, """{"packs":[]}"""),
        new("PUT", "/api/v1/datasets/{name}/packs/{sha256}", Permission.UseDatasets, HttpStatusCode.NotFound),
        new("GET", "/api/v1/datasets/{name}/packs/{sha256}", Permission.ReadDatasets, HttpStatusCode.NotFound),
        new("GET", "/api/v1/whoami", Permission.SeePlatform),
        new("GET", "/api/v1/users", Permission.AdministerPeople),
        new("POST", "/api/v1/users", Permission.AdministerPeople, Body: """{"name":"someone"}"""),
        new("GET", "/api/v1/levels", Permission.SeePlatform),
        new("PATCH", "/api/v1/levels/{name}", Permission.AdministerPeople),
        new("GET", "/api/v1/tokens", Permission.UseTokens),
        new("POST", "/api/v1/tokens", Permission.UseTokens),
        new("DELETE", "/api/v1/tokens/{id}", Permission.UseTokens, HttpStatusCode.NotFound),
        new("GET", "/api/v1/version", Open),
        new("GET", "/healthz", Open),
        new("GET", "/readyz", Open),
        new("GET", "/", Open),
        new("GET", "/metrics", Open),
        new("GET", "/openapi/{documentName}.json", Open),
        new("GET", "/docs/{documentName?}", Open),
    ];

    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public void Every_endpoint_has_a_row_and_asks_for_what_the_row_says()
    {
        var known = Rows.ToDictionary(row => (row.Method, row.Pattern));
        var seen = new HashSet<(string, string)>();
        foreach (var endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var pattern = "/" + endpoint.RoutePattern.RawText!.Trim('/');
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                // Files of the documentation page, and what the metrics middleware maps besides.
                if (pattern.StartsWith("/docs/", StringComparison.Ordinal) && pattern != "/docs/{documentName?}") continue;
                known.ShouldContainKey((method, pattern), $"{method} {pattern} has no row");
                seen.Add((method, pattern));
                var asked = endpoint.Metadata.GetMetadata<Permission[]>()?.Single() ?? (endpoint.Metadata.OfType<Permission>().Any() ? endpoint.Metadata.OfType<Permission>().Single() : null as Permission?);
                asked.ShouldBe(known[(method, pattern)].Asks, pattern);
                (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null).ShouldBe(known[(method, pattern)].Asks is null, pattern);
            }
        }

        Rows.Where(row => !seen.Contains((row.Method, row.Pattern))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nobody_gets_in_without_a_token_or_with_a_wrong_revoked_or_expired_one()
    {
        var eve = await server.AddUserAsync("eve");
        var made = await (await eve.PostAsync("/api/v1/tokens", Json("{}"))).JsonAsync();
        var revoked = server.For(made["token"]!.GetValue<string>());
        (await revoked.GetAsync("/api/v1/whoami")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await eve.DeleteAsync($"/api/v1/tokens/{made["id"]}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var expired = server.For((await (await eve.PostAsync("/api/v1/tokens", Json("""{"expires":"1ms"}"""))).JsonAsync())["token"]!.GetValue<string>());
        await Task.Delay(5);
        foreach (var client in (HttpClient[])[server.For(null), server.For("cvy_t0_00"), server.For("cvr_jabcdefgh_1_00"), server.For(new string('x', 4000)), revoked, expired])
        {
            foreach (var row in Rows.Where(row => row.Asks is not null)) (await CallAsync(client, row, "jnosuch00")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{row.Method} {row.Pattern}");
        }
    }

    [Fact]
    public async Task A_tasks_token_reports_for_its_own_job_and_does_nothing_else()
    {
        var ann = await server.AddUserAsync("ann");
        var (job, other) = (await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60")), await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 60")));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);
        await RunningServer.UntilAsync(ann, other, JobPhase.Running);
        var tokens = server.Services.GetRequiredService<ReportTokens>();
        var task = server.For(tokens.For(JobId.Parse(job), 1));
        foreach (var row in Rows.Where(row => row.Asks is not null))
        {
            // Its job has no code that could be fetched, and names no data set.
            var expected = row.Asks == Permission.ReadDatasets ? HttpStatusCode.NotFound : row.Asks != Permission.ReportForJob ? HttpStatusCode.Forbidden : row.Method == "GET" ? HttpStatusCode.NotFound : HttpStatusCode.NoContent;
            (await CallAsync(task, row, job)).StatusCode.ShouldBe(expected, $"{row.Method} {row.Pattern}");
            if (row.Asks == Permission.ReportForJob) (await CallAsync(task, row, other)).StatusCode.ShouldBe(HttpStatusCode.NotFound, $"{row.Method} {row.Pattern}");
        }

        // Nor may it speak for an attempt that is not its own.
        (await CallAsync(server.For(tokens.For(JobId.Parse(job), 2)), Rows.Single(row => row.Pattern.EndsWith("/progress", StringComparison.Ordinal)), job)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_agents_token_keeps_its_own_cluster_and_does_nothing_else()
    {
        var (east, west) = (await JoinAsync("east"), await JoinAsync("west"));
        foreach (var row in Rows.Where(row => row.Asks is not null and not Permission.KeepCluster)) (await CallAsync(east, row, "jnosuch00")).StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{row.Method} {row.Pattern}");
        const string Call = """{"life":"one","number":1,"version":"0.1.0"}""";
        (await east.PostAsync("/api/v1/clusters/east/sync", Json(Call))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await west.PostAsync("/api/v1/clusters/east/sync", Json(Call))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await server.Admin.PostAsync("/api/v1/clusters/east/sync", Json(Call))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await east.PostAsync("/api/v1/clusters/east/sync", Json("""{"life":"one"}"""))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        async Task<HttpClient> JoinAsync(string name) =>
            server.For((await (await server.Admin.PutAsync($"/api/v1/clusters/{name}", Json("{}"))).JsonAsync())["token"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_person_may_not_administer_and_finds_nothing_of_anothers()
    {
        var (ann, bob) = (await server.AddUserAsync("ann"), await server.AddUserAsync("bob"));
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("echo secret", name: "anns-work"));
        await RunningServer.FinishedAsync(ann, job);
        (await ann.PutAsync("/api/v1/datasets/anns-data", Json("""{"description":"anns-work"}"""))).StatusCode.ShouldBe(HttpStatusCode.Created);
        var token = (await (await ann.GetAsync("/api/v1/tokens")).JsonAsync())["items"]![0]!["id"]!.GetValue<string>();
        foreach (var row in Rows.Where(row => row.Asks is not null))
        {
            var answer = await CallAsync(bob, row, job, token);
            if (row.Asks is Permission.AdministerPeople or Permission.AdministerJobs or Permission.AdministerNodes or Permission.AdministerClusters or Permission.ReportForJob or Permission.KeepCluster) answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{row.Method} {row.Pattern}");
            else if (row.Others is { } expected) answer.StatusCode.ShouldBe(expected, $"{row.Method} {row.Pattern}");
            (await answer.Content.ReadAsStringAsync()).ShouldNotContain("anns-work", customMessage: $"{row.Method} {row.Pattern}");
        }

        (await bob.GetAsync("/api/v1/jobs/anns-work")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await (await bob.GetAsync("/api/v1/jobs?user=ann")).JsonAsync())["items"]!.AsArray().ShouldBeEmpty();
        (await (await bob.GetAsync("/api/v1/jobs?all=true")).JsonAsync())["items"]!.AsArray().ShouldBeEmpty();
        (await bob.GetAsync("/api/v1/tokens?user=ann")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await bob.PostAsync("/api/v1/tokens", Json("""{"user":"ann"}"""))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await (await ann.GetAsync("/api/v1/tokens")).JsonAsync())["items"]!.AsArray().Count.ShouldBe(1);
        (await (await server.Admin.GetAsync("/api/v1/jobs?all=true")).JsonAsync())["items"]!.AsArray().Count.ShouldBe(1);
    }

    private static Task<HttpResponseMessage> CallAsync(HttpClient client, Row row, string job, string token = "tnosuch")
    {
        var path = row.Pattern
            .Replace("{job}", job, StringComparison.Ordinal)
            .Replace("{sha256}", Hash, StringComparison.Ordinal)
            .Replace("{name}", row.Pattern.Contains("nodes", StringComparison.Ordinal) ? "node-0" : row.Pattern.Contains("datasets", StringComparison.Ordinal) ? "anns-data" : "intern", StringComparison.Ordinal)
            .Replace("{version}", "v1", StringComparison.Ordinal)
            .Replace("{tag}", "stable", StringComparison.Ordinal)
            .Replace("{id}", row.Pattern.Contains("tokens", StringComparison.Ordinal) ? token : job, StringComparison.Ordinal);
        var request = new HttpRequestMessage(new HttpMethod(row.Method), path);
        if (row.Method is "PUT" or "POST" or "PATCH") request.Content = Json(row.Body);
        return client.SendAsync(request);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
