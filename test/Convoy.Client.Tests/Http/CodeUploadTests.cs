using System.Globalization;

namespace Convoy.Client.Tests.Http;

public sealed class CodeUploadTests
{
    private const int Length = (8 << 20) + 1000;
    private static readonly string Hash = new('a', 64);
    private readonly byte[] archive = [.. Enumerable.Range(0, Length).Select(i => (byte)(i * 31))];
    private readonly MemoryStream kept = new();

    [Fact]
    public async Task An_upload_goes_on_where_the_server_says_it_stopped()
    {
        await kept.WriteAsync(archive.AsMemory(0, 12_345));
        await UploadAsync(Keep);
        kept.ToArray().ShouldBe(archive);
    }

    [Fact]
    public async Task A_dropped_connection_repeats_no_byte()
    {
        var puts = 0;
        var seen = await UploadAsync(Keep, request => request.Method == "PUT" && puts++ == 1);
        kept.ToArray().ShouldBe(archive);
        seen.Where(request => request.Method == "PUT").Select(request => request.Headers["Upload-Offset"]).ShouldBe(["0", "8388608", "8388608"]);
    }

    [Fact]
    public async Task An_answer_that_got_lost_after_the_bytes_were_kept_is_made_up_for()
    {
        var puts = 0;
        var seen = await UploadAsync(request =>
        {
            var answer = Keep(request);
            return request.Method == "PUT" && puts++ == 0 ? Answer.Nothing : answer;
        });
        kept.ToArray().ShouldBe(archive);
        seen.Where(request => request.Method == "PUT").Select(request => request.Headers["Upload-Offset"]).ShouldBe(["0", "0", "8388608"]);
    }

    [Fact]
    public async Task What_the_server_has_whole_is_not_sent()
    {
        var seen = await UploadAsync(_ => Answer.Of(200, ""));
        seen.ShouldHaveSingleItem().Method.ShouldBe("HEAD");
    }

    [Fact]
    public async Task A_server_that_never_agrees_on_an_offset_is_given_up()
    {
        using var server = new ScriptedServer(request => request.Method == "HEAD"
            ? Answer.Of(404, "", headers: "Upload-Offset: 0\r\n")
            : Answer.Of(409, """{"type":"t","title":"t","status":409,"code":"UploadOffset","requestId":"r"}""", headers: $"Upload-Offset: {(request.Headers["Upload-Offset"] == "0" ? 5 : 0)}\r\n"));
        using var client = new ConvoyClient(server.Url, "cvy_a_b", new HastyTime());
        (await Should.ThrowAsync<ConvoyException>(() => Bounded.Run(() => client.Code.UploadAsync(new MemoryStream(archive), Hash, null, CancellationToken.None)))).Code.ShouldBe("UploadOffset");
        server.Seen.Count.ShouldBeLessThan(10);
    }

    private async Task<IReadOnlyList<Request>> UploadAsync(Func<Request, Answer> script, Func<Request, bool>? cuts = null)
    {
        using var server = new ScriptedServer(script, cuts);
        using var client = new ConvoyClient(server.Url, "cvy_a_b", new HastyTime());
        await Bounded.Run(() => client.Code.UploadAsync(new MemoryStream(archive), Hash, null, CancellationToken.None));
        return [.. server.Seen];
    }

    /// <summary>As the server's code endpoint: bytes are taken only at the offset that is kept.</summary>
    private Answer Keep(Request request)
    {
        if (request.Method == "HEAD") return Answer.Of(404, "", headers: Offset());
        if (long.Parse(request.Headers["Upload-Offset"]) != kept.Length) return Answer.Of(409, """{"type":"t","title":"t","status":409,"code":"UploadOffset","requestId":"r"}""", headers: Offset());
        kept.Write(request.Body);
        return kept.Length == Length ? Answer.Of(201, "", headers: Offset()) : Answer.Of(204, "", headers: Offset());
    }

    private string Offset() => string.Create(CultureInfo.InvariantCulture, $"Upload-Offset: {kept.Length}\r\n");
}
