using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;

namespace Convoy.Server.Tests.Api;

public sealed class OutputTests : IAsyncLifetime
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
    public async Task Every_attempts_and_ranks_files_are_listed_in_pages_and_filtered()
    {
        // Where one rank fails, the other is stopped: not before it has written all.
        const string script = """
            cd $CONVOY_OUTPUT_DIR; mkdir a; echo $CONVOY_ATTEMPT-$CONVOY_RANK > a/1; echo x > a/2; echo y > b; ln -s b c
            done=$CONVOY_CHECKPOINT_DIR/$CONVOY_ATTEMPT; touch $done-$CONVOY_RANK; until [ -e $done-0 ] && [ -e $done-1 ]; do sleep 0.05; done
            test $CONVOY_ATTEMPT = 2
            """;
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec(script, replicas: 2, more: """, "recovery": {"maxRestarts": 1}"""));
        await RunningServer.FinishedAsync(ann, job);
        await SettledAsync(job, "attempt=all");

        var newest = await ListAsync(job, "");
        Lines(newest).ShouldBe(["2 worker 0 a/1", "2 worker 0 a/2", "2 worker 0 b", "2 worker 0 c Link b", "2 worker 1 a/1", "2 worker 1 a/2", "2 worker 1 b", "2 worker 1 c Link b"]);
        (newest["attempt"]!.GetValue<int>(), newest["running"]!.GetValue<int>()).ShouldBe((2, 0));
        newest["totals"]!.ToJsonString().ShouldBe("""{"files":6,"bytes":16,"leftBehind":2}""");
        Lines(await ListAsync(job, "attempt=1&rank=1&prefix=a/")).ShouldBe(["1 worker 1 a/1", "1 worker 1 a/2"]);
        Lines(await ListAsync(job, "attempt=all&prefix=b")).ShouldBe(["1 worker 0 b", "1 worker 1 b", "2 worker 0 b", "2 worker 1 b"]);
        Lines(await ListAsync(job, "role=worker&prefix=none")).ShouldBeEmpty();
        foreach (var size in (int[])[1, 3, 4, 7])
        {
            var lines = new List<string>();
            for (string? next = ""; next is not null;)
            {
                var page = await ListAsync(job, $"attempt=all&limit={size}{(next.Length > 0 ? $"&after={next}" : "")}");
                page["items"]!.AsArray().Count.ShouldBeLessThanOrEqualTo(size);
                lines.AddRange(Lines(page));
                next = page["next"]?.GetValue<string>();
            }

            lines.ShouldBe(Lines(await ListAsync(job, "attempt=all")));
        }

        foreach (var bad in (string[])["attempt=0", "attempt=some", "rank=x", "limit=0", "after=x", "after=1:0:7", "after=1:0:-1", "after=99999999999:0:"]) (await ann.GetAsync($"/api/v1/jobs/{job}/outputs?{bad}")).StatusCode.ShouldBe(HttpStatusCode.BadRequest, bad);
        foreach (var none in (string[])["attempt=3", "rank=2", "role=master"]) (await ann.GetAsync($"/api/v1/jobs/{job}/outputs?{none}")).StatusCode.ShouldBe(HttpStatusCode.NotFound, none);
    }

    [Fact]
    public async Task A_files_content_comes_whole_or_in_ranges_under_its_hash_and_runs_in_no_browser()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("cd $CONVOY_OUTPUT_DIR; seq 100000 > page.html; echo x > '模 型%2F#?&.pt'; mkfifo pipe"));
        await RunningServer.FinishedAsync(ann, job);
        await SettledAsync(job, "");
        var whole = await ann.GetAsync(Content(job, "page.html"));
        var bytes = await whole.Content.ReadAsByteArrayAsync();
        bytes.Length.ShouldBe(588_895);
        whole.Headers.ETag!.Tag.ShouldBe($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\"");
        whole.Content.Headers.ContentType!.MediaType.ShouldBe("application/octet-stream");
        whole.Content.Headers.ContentDisposition!.ToString().ShouldStartWith("attachment; filename=page.html");
        whole.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);

        var part = await RangeAsync(job, new RangeHeaderValue(100_000, 100_009));
        (part.StatusCode, part.Content.Headers.ContentRange!.Length).ShouldBe((HttpStatusCode.PartialContent, 588_895));
        (await part.Content.ReadAsByteArrayAsync()).ShouldBe(bytes[100_000..100_010]);
        (await (await RangeAsync(job, new RangeHeaderValue(588_890, null))).Content.ReadAsByteArrayAsync()).ShouldBe(bytes[^5..]);
        (await RangeAsync(job, new RangeHeaderValue(588_895, null))).StatusCode.ShouldBe(HttpStatusCode.RequestedRangeNotSatisfiable);
        var cached = new HttpRequestMessage(HttpMethod.Get, Content(job, "page.html"));
        cached.Headers.IfNoneMatch.Add(whole.Headers.ETag);
        (await ann.SendAsync(cached)).StatusCode.ShouldBe(HttpStatusCode.NotModified);

        (await (await ann.GetAsync(Content(job, "模 型%2F#?&.pt"))).Content.ReadAsStringAsync()).ShouldBe("x\n");
        foreach (var none in (string[])["nothing", "../page.html", "/etc/hostname", "page.html/", "."]) (await ann.GetAsync(Content(job, none))).StatusCode.ShouldBe(HttpStatusCode.NotFound, none);
        (await (await ann.GetAsync(Content(job, "pipe"))).CodeAsync()).ShouldBe("LeftBehind");
        foreach (var bad in (string[])["", "?attempt=1&rank=0", "?path=page.html", "?attempt=1&rank=-1&path=page.html"]) (await ann.GetAsync($"/api/v1/jobs/{job}/outputs/content{bad}")).StatusCode.ShouldBe(HttpStatusCode.BadRequest, bad);

        var bob = await server.AddUserAsync("bob");
        (await bob.GetAsync(Content(job, "page.html"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Files_of_a_running_task_come_when_it_has_ended()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("echo x > $CONVOY_OUTPUT_DIR/note; sleep 600"));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);
        var running = await ListAsync(job, "");
        (running["running"]!.GetValue<int>(), running["waiting"]!.GetValue<int>(), Lines(running).Length).ShouldBe((1, 0, 0));
        await Eventually.Is(() => Task.FromResult(Directory.GetFiles(server.State.Root, "note", SearchOption.AllDirectories).Length == 1));
        (await ann.PostAsync($"/api/v1/jobs/{job}/cancel", null)).EnsureSuccessStatusCode();
        await RunningServer.FinishedAsync(ann, job);
        await SettledAsync(job, "");
        Lines(await ListAsync(job, "")).ShouldBe(["1 worker 0 note"]);
    }

    private static string Content(string job, string path) => $"/api/v1/jobs/{job}/outputs/content?attempt=1&rank=0&path={Uri.EscapeDataString(path)}";

    private static string[] Lines(JsonNode list) =>
        [.. list["items"]!.AsArray().Select(file => $"{file!["attempt"]} {file["role"]} {file["rank"]} {file["path"]} {file["leftBehind"]} {file["target"]}".TrimEnd())];

    private Task<HttpResponseMessage> RangeAsync(string job, RangeHeaderValue range)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Content(job, "page.html"));
        request.Headers.Range = range;
        return ann.SendAsync(request);
    }

    private async Task<JsonNode> ListAsync(string job, string query)
    {
        var answer = await ann.GetAsync($"/api/v1/jobs/{job}/outputs?{query}");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, query);
        return await answer.JsonAsync();
    }

    private Task SettledAsync(string job, string query) => Eventually.Is(async () => (await ListAsync(job, query))["waiting"]!.GetValue<int>() == 0);
}
