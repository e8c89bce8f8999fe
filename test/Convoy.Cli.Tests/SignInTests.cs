using System.Text.Json;
using Convoy.Client.Wire;

namespace Convoy.Cli.Tests;

public sealed class SignInTests : IDisposable
{
    private const string Token = "cvy_9_topsecret";
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    public SignInTests() => _server.On("GET /whoami", new WhoAmIView("mei", "engineer", false, "9", null), WireJson.Default.WhoAmIView);

    [Fact]
    public async Task A_token_from_standard_input_is_saved_for_its_server_only()
    {
        var ended = await _convoy.RunAsync(Token + "\n", ["login", _server.Url]);
        ended.ExitCode.ShouldBe(0);
        (await _convoy.RunAsync("whoami")).Output.ShouldContain("mei");
        _server.Seen.ShouldAllBe(request => request.Authorization == $"Bearer {Token}");

        using var other = new FakeServer();
        var elsewhere = await _convoy.RunAsync("whoami", "--server", other.Url);

        elsewhere.ExitCode.ShouldBe(4);
        other.Seen.ShouldBeEmpty();
        File.GetUnixFileMode(_convoy.ContextFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (ended.Output + ended.Error + elsewhere.Output + elsewhere.Error).ShouldNotContain("topsecret");
    }

    [Fact]
    public async Task A_refused_token_is_not_saved()
    {
        _server.Refuse("GET /whoami", 401, "NotSignedIn", "no valid token");

        var ended = await _convoy.RunAsync("login", _server.Url, "--token", Token);

        ended.ExitCode.ShouldBe(4);
        File.Exists(_convoy.ContextFile).ShouldBeFalse();
        ended.Error.ShouldNotContain("topsecret");
    }

    [Fact]
    public async Task A_redirect_is_not_followed_with_the_token()
    {
        using var thief = new FakeServer();
        _server.On("GET /jobs", (context, _) =>
        {
            context.Response.Redirect($"{thief.Url}/api/v1/jobs");
            context.Response.Close();
            return Task.CompletedTask;
        });

        var ended = await _convoy.Uses(_server).RunAsync("list");

        ended.ExitCode.ShouldNotBe(0);
        thief.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_version_needs_no_server_and_no_token()
    {
        var ended = await _convoy.RunAsync("version", "-o", "json");

        ended.ExitCode.ShouldBe(0);
        JsonDocument.Parse(ended.Output).RootElement.GetProperty("schemaVersion").GetInt32().ShouldBe(1);
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }
}
