using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;

namespace Convoy.Server.Tests.Api;

public sealed class WatchTests : IAsyncLifetime
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
    public async Task A_watcher_gets_the_list_and_then_every_job_as_it_becomes()
    {
        var old = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true"));
        await RunningServer.FinishedAsync(ann, old);
        await using var watch = await Watch.OpenAsync(ann, "");
        var first = await watch.UntilAsync(e => e.Name == "synced");
        first.Select(e => e.Name).ShouldBe(["reset", "job", "synced"]);
        first[1].Data["id"]!.GetValue<string>().ShouldBe(old);

        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 1"));

        var seen = await watch.UntilAsync(e => e.Name == "job" && e.Phase == "Succeeded");
        seen.ShouldAllBe(e => e.Data["id"]!.GetValue<string>() == job);
        seen.Select(e => e.Phase).ShouldContain("Running");
    }

    [Fact]
    public async Task A_watcher_sees_what_they_may_see_and_nothing_else()
    {
        var bob = await server.AddUserAsync("bob");
        await using var his = await Watch.OpenAsync(bob, "?all=true");
        await using var hers = await Watch.OpenAsync(bob, "?user=ann");
        await using var all = await Watch.OpenAsync(server.Admin, "?all=true");
        await using var named = await Watch.OpenAsync(ann, "?name=wanted");
        await all.UntilAsync(e => e.Name == "synced");
        var secret = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", name: "secret"));
        var wanted = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", name: "wanted"));
        var own = await RunningServer.SubmitAsync(bob, RunningServer.Spec("true", name: "own"));

        (await his.UntilAsync(e => e.Id == own && e.Phase == "Succeeded")).Where(e => e.Name == "job").ShouldAllBe(e => e.Id == own);
        (await named.UntilAsync(e => e.Id == wanted && e.Phase == "Succeeded")).Where(e => e.Name == "job").ShouldAllBe(e => e.Id == wanted);
        (await all.UntilAsync(e => e.Id == own && e.Phase == "Succeeded")).Select(e => e.Id).ShouldContain(secret);
        hers.Seen.ShouldNotContain(e => e.Name == "job");
    }

    [Fact]
    public async Task Who_comes_back_gets_what_they_missed_and_from_nowhere_all_of_it()
    {
        var watch = await Watch.OpenAsync(ann, "");
        var cursor = (await watch.UntilAsync(e => e.Name == "synced"))[^1].Cursor;
        await watch.DisposeAsync();
        var missed = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true"));
        await RunningServer.FinishedAsync(ann, missed);

        await using var again = await Watch.OpenAsync(ann, "", cursor);
        (await again.UntilAsync(e => e.Name == "job")).Select(e => (e.Name, e.Id, e.Phase)).ShouldBe([("job", missed, "Succeeded")]);
        await using var stranger = await Watch.OpenAsync(ann, "", "otherlife-7");
        (await stranger.UntilAsync(e => e.Name == "synced")).Select(e => e.Name).ShouldBe(["reset", "job", "synced"]);
    }

    [Fact]
    public async Task A_job_that_waits_is_told_again_when_its_reason_is_another()
    {
        var holder = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 600", replicas: 2, gpus: 4));
        await RunningServer.UntilAsync(ann, holder, JobPhase.Running);
        await using var watch = await Watch.OpenAsync(ann, "?unfinished=true");
        await watch.UntilAsync(e => e.Name == "synced");

        var waiting = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", gpus: 4));

        await watch.UntilAsync(e => e.Id == waiting && e.Data["reason"]?.GetValue<string>() == "InsufficientResources");
    }

    [Fact]
    public async Task Running_jobs_are_told_with_what_their_tasks_use_to_those_who_may_see_them()
    {
        var bob = await server.AddUserAsync("bob");
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("while :; do :; done", replicas: 2, gpus: 1));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);

        await Eventually.Is(async () =>
        {
            var items = (await (await ann.GetAsync("/api/v1/running")).JsonAsync())["items"]!.AsArray();
            return items is [{ } only] && only["job"]!["id"]!.GetValue<string>() == job && only["tasks"]!.AsArray() is [{ } first, { } second]
                && first["cpuMillicores"]?.GetValue<long>() > 50 && second["processes"]?.GetValue<int>() >= 1 && first["memoryBytes"]?.GetValue<long>() > 0;
        });

        (await (await bob.GetAsync("/api/v1/running?all=true")).JsonAsync())["items"]!.AsArray().ShouldBeEmpty();
        (await (await server.Admin.GetAsync("/api/v1/running?all=true&limit=1")).JsonAsync())["items"]!.AsArray().Count.ShouldBe(1);
        (await (await server.Admin.GetAsync("/api/v1/running")).JsonAsync())["items"]!.AsArray().ShouldBeEmpty();
    }

    private sealed record WatchEvent(string Name, string? Cursor, JsonNode Data)
    {
        public string? Id => Data["id"]?.GetValue<string>();

        public string? Phase => Data["phase"]?.GetValue<string>();
    }

    private sealed class Watch : IAsyncDisposable
    {
        private readonly HttpResponseMessage answer;
        private readonly IAsyncEnumerator<SseItem<string>> events;
        private readonly CancellationTokenSource patience;

        private Watch(HttpResponseMessage answer, Stream body, CancellationTokenSource patience)
        {
            (this.answer, this.patience) = (answer, patience);
            events = SseParser.Create(body).EnumerateAsync(patience.Token).GetAsyncEnumerator(patience.Token);
        }

        public List<WatchEvent> Seen { get; } = [];

        public static async Task<Watch> OpenAsync(HttpClient client, string query, string? cursor = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs{query}");
            request.Headers.Accept.ParseAdd("text/event-stream");
            if (cursor is not null) request.Headers.Add("Last-Event-ID", cursor);
            var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            answer.EnsureSuccessStatusCode();
            return new Watch(answer, await answer.Content.ReadAsStreamAsync(), new CancellationTokenSource(TimeSpan.FromSeconds(60)));
        }

        /// <summary>All from here to the first such event.</summary>
        public async Task<IReadOnlyList<WatchEvent>> UntilAsync(Func<WatchEvent, bool> isEnough)
        {
            var begin = Seen.Count;
            while (await events.MoveNextAsync())
            {
                Seen.Add(new WatchEvent(events.Current.EventType, events.Current.EventId, JsonNode.Parse(events.Current.Data)!));
                if (isEnough(Seen[^1])) return Seen[begin..];
            }

            throw new InvalidOperationException("the stream ended");
        }

        public async ValueTask DisposeAsync()
        {
            await patience.CancelAsync();
            answer.Dispose();
            patience.Dispose();
        }
    }
}
