using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Convoy.Server.Tests.Api;

public sealed class CodeTests : IAsyncLifetime
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
    public async Task An_archive_in_pieces_becomes_the_tasks_working_directory()
    {
        var archive = Archive(("train.sh", "echo trained by $(cat who)\n"), ("who", "ann\n"));
        var hash = Hash(archive);
        (await OffsetAsync(ann, hash)).ShouldBe(0);
        (await PutAsync(ann, hash, archive, 0, 40)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await OffsetAsync(ann, hash)).ShouldBe(40);
        var wrong = await PutAsync(ann, hash, archive, 10, 20);
        wrong.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        wrong.Headers.GetValues("Upload-Offset").Single().ShouldBe("40");
        (await PutAsync(ann, hash, archive, 40, archive.Length - 40)).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await ann.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/api/v1/code/{hash}"))).StatusCode.ShouldBe(HttpStatusCode.OK);

        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("sh train.sh", more: $$""", "code": {"archive": "{{hash}}"}"""));
        (await RunningServer.FinishedAsync(ann, job))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        (await (await ann.GetAsync($"/api/v1/jobs/{job}/logs")).Content.ReadAsStringAsync()).ShouldContain(Convert.ToBase64String("trained by ann\n"u8));
    }

    [Fact]
    public async Task A_piece_that_is_too_large_is_refused_with_the_size_a_piece_may_have()
    {
        var piece = new byte[(64 << 20) + 1];
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/code/{Hash(piece)}") { Content = new ByteArrayContent(piece) };
        request.Headers.ExpectContinue = true;
        request.Headers.Add("Upload-Offset", "0");
        request.Headers.Add("Upload-Length", $"{piece.Length}");
        var refused = await ann.SendAsync(request);
        refused.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await refused.JsonAsync())["detail"]!.GetValue<string>().ShouldContain("64 MiB");
    }

    [Fact]
    public async Task What_one_person_uploaded_does_not_exist_for_another_until_they_upload_it_too()
    {
        var archive = Archive(("a", "a"));
        var hash = Hash(archive);
        (await PutAsync(ann, hash, archive, 0, archive.Length)).StatusCode.ShouldBe(HttpStatusCode.Created);
        var bob = await server.AddUserAsync("bob");
        (await OffsetAsync(bob, hash)).ShouldBe(0);
        var stolen = await RunningServer.PutAsync(bob, RunningServer.NewId(), RunningServer.Spec("ls", more: $$""", "code": {"archive": "{{hash}}"}"""));
        stolen.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);

        // Knowing the hash and the length is not having the bytes.
        var guess = await PutAsync(bob, hash, [], archive.Length, 0, archive.Length);
        guess.StatusCode.ShouldNotBe(HttpStatusCode.Created);
        (await PutAsync(bob, hash, archive, 0, archive.Length)).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_wrong_hash_and_a_too_large_archive_are_refused_and_leave_nothing()
    {
        var archive = Archive(("a", "a"));
        var hash = Hash([1, 2, 3]);
        var answer = await PutAsync(ann, hash, archive, 0, archive.Length);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.CodeAsync()).ShouldBe("CodeHashMismatch");
        (await OffsetAsync(ann, hash)).ShouldBe(0);
        var large = await PutAsync(ann, hash, archive, 0, archive.Length, 600L << 20);
        large.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await large.CodeAsync()).ShouldBe("CodeTooLarge");
        (await PutAsync(ann, "../../etc/passwd", archive, 0, 1)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await PutAsync(ann, "ABC", archive, 0, 1)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_damaged_or_hostile_archive_fails_the_job_with_the_reason()
    {
        var hostile = Archive(("../../escaped", "x"));
        foreach (var archive in (byte[][])[Encoding.UTF8.GetBytes("no archive"), hostile])
        {
            await PutAsync(ann, Hash(archive), archive, 0, archive.Length);
            var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", more: $$""", "code": {"archive": "{{Hash(archive)}}"}"""));
            var view = await RunningServer.FinishedAsync(ann, job);
            view["phase"]!.GetValue<string>().ShouldBe("Failed");
            view["failure"]!["message"]!.GetValue<string>().ShouldContain("code archive");
        }
    }

    private static async Task<long> OffsetAsync(HttpClient client, string hash)
    {
        var answer = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/api/v1/code/{hash}"));
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        return long.Parse(answer.Headers.GetValues("Upload-Offset").Single());
    }

    private static Task<HttpResponseMessage> PutAsync(HttpClient client, string hash, byte[] archive, int from, int count, long? length = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/code/{hash}") { Content = new ByteArrayContent(archive, Math.Min(from, archive.Length), count) };
        request.Headers.Add("Upload-Offset", $"{from}");
        request.Headers.Add("Upload-Length", $"{length ?? archive.Length}");
        return client.SendAsync(request);
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Archive(params (string Name, string Text)[] files)
    {
        using var bytes = new MemoryStream();
        using (var zipped = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(zipped))
        {
            foreach (var (name, text) in files) tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        }

        return bytes.ToArray();
    }
}
