using System.Globalization;
using System.Text;
using System.Text.Json;
using Convoy.Client.Wire;
using CsCheck;

namespace Convoy.Client.Tests.Http;

public sealed class StreamTests
{
    private const int Events = 6;
    private const string Hello = ": hello\n\n";
    private static readonly LogQuery Follow = new() { Follow = true };

    [Fact]
    public async Task A_stream_that_is_cut_at_any_byte_has_no_gap_and_no_repeat()
    {
        var whole = StreamFrom(0).Length;
        for (var cut = 0; cut <= whole; cut++)
        {
            var first = true;
            using var server = new ScriptedServer(request =>
            {
                if (!request.Target.Contains("/logs", StringComparison.Ordinal)) return Answer.Of(200, JobJson.Of(JobJson.Id));
                var body = StreamFrom(request.Headers.TryGetValue("Last-Event-ID", out var id) ? int.Parse(id) : 0);
                var bytes = first ? cut : body.Length;
                first = false;
                return Answer.Stream(body, bytes);
            });
            var (chunks, end) = await Bounded.Run(() => ReadAsync(server.Url, "digits"));
            chunks.ShouldBe(Enumerable.Range(1, Events).Select(i => $"line {i}"), $"cut at {cut}");
            end.ShouldBe(JobJson.Id);
        }
    }

    [Fact]
    public async Task A_stream_that_breaks_at_every_event_still_comes_to_its_end()
    {
        using var server = new ScriptedServer(request =>
        {
            if (!request.Target.Contains("/logs", StringComparison.Ordinal)) return Answer.Of(200, JobJson.Of(JobJson.Id));
            var from = request.Headers.TryGetValue("Last-Event-ID", out var id) ? int.Parse(id) : 0;
            var body = StreamFrom(from);
            return Answer.Stream(body, from == Events ? body.Length : body.Length - StreamFrom(from + 1).Length + Hello.Length);
        });
        (await Bounded.Run(() => ReadAsync(server.Url, "digits"))).Chunks.Count.ShouldBe(Events);
    }

    [Fact]
    public async Task A_stream_asked_for_by_name_stays_with_its_job_when_a_newer_one_takes_the_name()
    {
        var streams = 0;
        using var server = new ScriptedServer(request =>
        {
            if (!request.Target.Contains("/logs", StringComparison.Ordinal)) return Answer.Of(200, JobJson.Of(JobJson.Id));
            var body = StreamFrom(request.Headers.TryGetValue("Last-Event-ID", out var id) ? int.Parse(id) : 0);
            return Answer.Stream(body, streams++ == 0 ? 150 : body.Length);
        });
        await Bounded.Run(() => ReadAsync(server.Url, "digits"));
        server.Seen.Select(request => request.Target).ShouldBe(
            ["/api/v1/jobs/digits", $"/api/v1/jobs/{JobJson.Id}/logs?follow=true", $"/api/v1/jobs/{JobJson.Id}/logs?follow=true"]);
    }

    [Theory]
    [InlineData("event: log\nid: 1\ndata: {\"attempt\":\n\n")]
    [InlineData("event: log\nid: 1\ndata: null\n\n")]
    [InlineData("event: log\nid: 1\ndata: \n\n")]
    [InlineData("event: log\nid: 1\ndata: {\"attempt\":1,\"role\":\"w\",\"rank\":0,\"offset\":0,\"bytes\":\"***\"}\n\n")]
    [InlineData("event: end\ndata: null\n\n")]
    [InlineData("event: end\ndata: {}\n\n")]
    [InlineData("event: log\nid: \u8f66\ndata: {\"attempt\":1,\"role\":\"w\",\"rank\":0,\"offset\":0,\"bytes\":\"\"}\n\n")]
    public async Task A_payload_that_is_not_convoys_is_a_typed_error(string body)
    {
        using var server = Streaming(Encoding.UTF8.GetBytes(body));
        (await Should.ThrowAsync<ServerUnreachableException>(() => Bounded.Run(() => ReadAsync(server.Url, "digits")))).Message.ShouldContain("not Convoy's");
    }

    [Fact]
    public async Task A_page_of_somebody_else_is_a_typed_error_and_not_read_for_ever()
    {
        using var server = new ScriptedServer(request => request.Target.Contains("/logs", StringComparison.Ordinal) ? Answer.Of(200, "<html>", "text/html") : Answer.Of(200, JobJson.Of(JobJson.Id)));
        await Should.ThrowAsync<ServerUnreachableException>(() => Bounded.Run(() => ReadAsync(server.Url, "digits")));
    }

    [Fact]
    public async Task A_stream_that_never_brings_anything_is_given_up()
    {
        using var server = Streaming([]);
        (await Should.ThrowAsync<ServerUnreachableException>(() => Bounded.Run(() => ReadAsync(server.Url, "digits")))).Message.ShouldContain("breaks off");
    }

    [Fact]
    public async Task A_job_that_is_gone_when_the_stream_is_opened_again_is_a_refusal()
    {
        var streams = 0;
        using var server = new ScriptedServer(request =>
        {
            if (!request.Target.Contains("/logs", StringComparison.Ordinal)) return Answer.Of(200, JobJson.Of(JobJson.Id));
            return streams++ == 0
                ? Answer.Stream(StreamFrom(0), 150)
                : Answer.Of(404, """{"type":"t","title":"t","status":404,"detail":"there is no such job","code":"NotFound","requestId":"r"}""", "application/problem+json");
        });
        (await Should.ThrowAsync<ConvoyException>(() => Bounded.Run(() => ReadAsync(server.Url, "digits")))).Code.ShouldBe("NotFound");
    }

    [Fact]
    public void Changed_streams_give_items_or_typed_errors()
    {
        var good = StreamFrom(0);
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.OneOf(Gen.Byte, Words.Of((byte)'\n', (byte)'\r', (byte)':', (byte)'{', (byte)0, (byte)0xFF)), Gen.Int[0, 10]).Array[1, 6].Sample(
            changes =>
            {
                var body = good.ToList();
                foreach (var (at, value, cut) in changes)
                {
                    if (at >= body.Count) continue;
                    body[at] = value;
                    if (cut > 5) body.RemoveRange(at, Math.Min(cut, body.Count - at));
                }

                // It repeats itself whatever it is asked: the job is gone before that lasts for ever.
                var streams = 0;
                using var server = new ScriptedServer(request => !request.Target.Contains("/logs", StringComparison.Ordinal) ? Answer.Of(200, JobJson.Of(JobJson.Id))
                    : streams++ < 3 ? Answer.Stream([.. body], body.Count)
                    : Answer.Of(404, "{}"));
                try
                {
                    Bounded.Run(() => ReadAsync(server.Url, "digits")).GetAwaiter().GetResult();
                }
                catch (Exception e) when (e is ServerUnreachableException or ConvoyException)
                {
                    // One of the two kinds of error that callers know.
                }
            },
            iter: 150);
    }

    private static ScriptedServer Streaming(byte[] body) =>
        new(request => request.Target.Contains("/logs", StringComparison.Ordinal) ? Answer.Stream(body, body.Length) : Answer.Of(200, JobJson.Of(JobJson.Id)));

    private static byte[] StreamFrom(int after)
    {
        var text = new StringBuilder(Hello);
        for (var i = after + 1; i <= Events; i++)
        {
            var chunk = JsonSerializer.Serialize(new LogChunk(1, "worker", 0, i, Encoding.UTF8.GetBytes($"line {i}")), WireJson.Default.LogChunk);
            text.Append(CultureInfo.InvariantCulture, $"event: log\nid: {i}\ndata: {chunk}\n\n");
        }

        return Encoding.UTF8.GetBytes(text.Append(CultureInfo.InvariantCulture, $"event: end\ndata: {JobJson.Of(JobJson.Id)}\n\n").ToString());
    }

    private static async Task<(IReadOnlyList<string> Chunks, string? End)> ReadAsync(Uri url, string job)
    {
        using var client = new ConvoyClient(url, "cvy_a_b", new HastyTime());
        var chunks = new List<string>();
        await foreach (var item in client.ReadLogsAsync(job, Follow, CancellationToken.None))
        {
            if (item.End is { } end) return (chunks, end.Id);
            chunks.Add(Encoding.UTF8.GetString(item.Value!.Bytes.Span));
        }

        return (chunks, null);
    }
}
