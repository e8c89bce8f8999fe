using System.Net;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Client.Tests.Http;

public sealed class RequestTests
{
    private const string Version = """{"version":"1","api":"v1"}""";

    [Theory]
    [InlineData("secret\r\nX-Evil: 1")]
    [InlineData("secret\n")]
    [InlineData("secret with spaces")]
    [InlineData("secret\u8f66")]
    [InlineData("secret\0")]
    [InlineData("")]
    public void A_malformed_token_is_refused_before_it_becomes_a_header_and_is_not_repeated(string token)
    {
        var refusal = Should.Throw<ArgumentException>(() => new ConvoyClient(new Uri("http://127.0.0.1:1"), token, TimeProvider.System));
        refusal.ToString().ShouldNotContain("secret");
    }

    [Fact]
    public void Nothing_that_holds_a_token_prints_it()
    {
        new SavedContext("local", "http://127.0.0.1:7788", "cvy_a_secret").ToString().ShouldNotContain("secret");
        new Contexts("local", [new SavedContext("local", "http://127.0.0.1:7788", "cvy_a_secret")]).ToString().ShouldNotContain("secret");
        new NewTokenView("cvy_a_secret", "a", "ann", null).ToString().ShouldNotContain("secret");
    }

    /// <summary>One in some fifty is reset between the connection and the question who is at its other end: the HTTP library lets that through as it is.</summary>
    [Fact]
    public async Task A_connection_that_is_reset_when_it_is_made_is_a_server_that_cannot_be_reached()
    {
        await using var server = new ResettingServer();
        using var client = Open(server.Url);
        for (var i = 0; i < 500; i++) await Should.ThrowAsync<ServerUnreachableException>(Bounded.Run(() => client.AddUserAsync(new NewUserRequest("ann", null), CancellationToken.None)));
    }

    [Fact]
    public async Task What_is_safe_to_send_twice_is_sent_again_when_the_answer_is_lost()
    {
        var asked = 0;
        using var server = new ScriptedServer(_ => asked++ < 2 ? Answer.Nothing : Answer.Of(200, Version));
        using var client = Open(server.Url);
        (await Bounded.Run(() => client.VersionAsync(CancellationToken.None))).Version.ShouldBe("1");
        asked.ShouldBe(3);
    }

    [Fact]
    public async Task What_is_not_safe_to_send_twice_is_sent_once()
    {
        using var server = new ScriptedServer(_ => Answer.Nothing);
        using var client = Open(server.Url);
        await Should.ThrowAsync<ServerUnreachableException>(() => Bounded.Run(() => client.CreateTokenAsync(new NewTokenRequest(null, null, null), CancellationToken.None)));
        await Should.ThrowAsync<ServerUnreachableException>(() => Bounded.Run(() => client.UpdateLevelAsync("senior", new LevelUpdate(1, null, null, null, null, null), CancellationToken.None)));
        server.Seen.Select(request => request.Method).ShouldBe(["POST", "PATCH"]);
    }

    [Fact]
    public async Task A_submission_is_sent_again_with_the_same_id_and_body()
    {
        var asked = 0;
        using var server = new ScriptedServer(_ => asked++ == 0 ? Answer.Of(503, "", "text/plain") : Answer.Of(201, JobJson.Of(JobJson.Id)));
        using var client = Open(server.Url);
        var spec = new JobSpec { Name = "a", Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = ["x"] } } };
        await Bounded.Run(() => client.SubmitAsync(JobId.Parse(JobJson.Id), spec, CancellationToken.None));
        var seen = server.Seen.ToArray();
        seen.Length.ShouldBe(2);
        seen[1].Target.ShouldBe(seen[0].Target);
        seen[1].Body.ShouldBe(seen[0].Body);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("<html>")]
    [InlineData("{\"version\":")]
    [InlineData("[]")]
    public async Task An_answer_of_somebody_else_is_a_typed_error(string body)
    {
        using var server = new ScriptedServer(_ => Answer.Of(200, body));
        using var client = Open(server.Url);
        await Should.ThrowAsync<ServerUnreachableException>(() => Bounded.Run(() => client.VersionAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_a_typed_error()
    {
        var whole = Answer.Of(200, Version).Bytes;
        using var server = new ScriptedServer(_ => new Answer(whole[..^5]));
        using var client = Open(server.Url);
        await Should.ThrowAsync<ServerUnreachableException>(() => Bounded.Run(() => client.VersionAsync(CancellationToken.None)));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"code\":5}")]
    public async Task A_refusal_in_other_words_keeps_its_status(string body)
    {
        using var server = new ScriptedServer(_ => Answer.Of(418, body));
        using var client = Open(server.Url);
        (await Should.ThrowAsync<ConvoyException>(() => Bounded.Run(() => client.VersionAsync(CancellationToken.None)))).Status.ShouldBe(418);
    }

    [Fact]
    public async Task A_redirect_takes_the_token_nowhere()
    {
        using var other = new ScriptedServer(_ => Answer.Of(200, Version));
        using var server = new ScriptedServer(_ => Answer.Of(307, "", "text/plain", $"Location: {other.Url}api/v1/version\r\n"));
        using var client = Open(server.Url);
        (await Should.ThrowAsync<ConvoyException>(() => Bounded.Run(() => client.VersionAsync(CancellationToken.None)))).Status.ShouldBe(307);
        other.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_proxy_is_for_the_world_outside_and_not_for_loopback()
    {
        using var proxy = new ScriptedServer(_ => Answer.Of(200, Version));
        using var server = new ScriptedServer(_ => Answer.Of(200, Version));
        var usual = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new WebProxy(proxy.Url);
        try
        {
            using var local = Open(server.Url);
            await Bounded.Run(() => local.VersionAsync(CancellationToken.None));
            using var byName = Open(new Uri($"http://localhost:{server.Url.Port}"));
            await Bounded.Run(() => byName.VersionAsync(CancellationToken.None));
            proxy.Seen.ShouldBeEmpty();

            // The same setting does reach other addresses, so the lines above prove something.
            using var far = Open(new Uri("http://convoy.invalid"));
            await Bounded.Run(() => far.VersionAsync(CancellationToken.None));
            proxy.Seen.ShouldHaveSingleItem().Target.ShouldBe("http://convoy.invalid/api/v1/version");
        }
        finally
        {
            HttpClient.DefaultProxy = usual;
        }
    }

    private static ConvoyClient Open(Uri server) => new(server, "cvy_a_b", new HastyTime());
}
