using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

/// <summary>What run does where nothing is attached; the rest is tried in a terminal, on a real platform.</summary>
public sealed class RunTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    public RunTests()
    {
        _server.On("PUT /jobs/*", Views.Job(JobPhase.Pending), WireJson.Default.JobView, 201);
        _server.On($"GET /jobs/{Views.Id}", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        _server.Stream($"GET /jobs/{Views.Id}/logs", Views.Log(0, "1", "3 lines\n"u8.ToArray()), Views.End(Views.Job(JobPhase.Succeeded)));
        _server.Stream($"GET /jobs/{Views.Id}/events", Views.End(Views.Job(JobPhase.Succeeded)));
        _convoy.Uses(_server);
    }

    [Fact]
    public async Task Out_of_a_terminal_the_job_reads_standard_input_as_it_is_and_what_ended_before_it_was_attached_to_is_shown_from_its_log()
    {
        var ended = await _convoy.RunAsync("run", "--no-code", "--gpus", "1", "--idle-timeout", "5m", "--", "wc", "-l");

        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Output.ShouldBe("3 lines\n");
        var spec = JsonDocument.Parse(_server.Seen.Single(request => request.Method == "PUT").Body).RootElement.GetProperty("spec");
        spec.GetProperty("name").GetString().ShouldBe("wc");
        spec.GetProperty("interactive").GetProperty("terminal").GetBoolean().ShouldBeFalse();
        spec.GetProperty("interactive").GetProperty("idleTimeout").GetString().ShouldBe("5m");
        spec.GetProperty("env").TryGetProperty("LINES", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Without_a_command_it_is_a_shell_and_from_home_no_code_goes_along()
    {
        _convoy.Variables["HOME"] = _convoy.Folder;
        var ended = await _convoy.RunAsync("run");

        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Error.ShouldContain("code: none");
        ended.Error.ShouldContain("the shell reads its commands from standard input");
        var spec = JsonDocument.Parse(_server.Seen.Single(request => request.Method == "PUT").Body).RootElement.GetProperty("spec");
        spec.GetProperty("name").GetString().ShouldBe("shell");
        spec.GetProperty("roles").GetProperty("command").GetProperty("command")[0].GetString().ShouldBe("/bin/sh");
    }

    [Fact]
    public async Task In_json_the_final_job_is_on_standard_output_and_what_it_printed_on_standard_error()
    {
        var ended = await _convoy.RunAsync("run", "--no-code", "-o", "json", "--", "wc", "-l");

        JsonDocument.Parse(ended.Output).RootElement.GetProperty("phase").GetString().ShouldBe("Succeeded");
        ended.Error.ShouldContain("3 lines\n");
    }

    [Theory]
    [InlineData("--attach takes what it finds", "run", "--attach", "digits", "--gpus", "1")]
    [InlineData("--attach takes what it finds", "run", "--attach", "digits", "--", "bash")]
    [InlineData("one task has no nodes", "run", "--nodes", "2", "--", "bash")]
    [InlineData("no time", "run", "--idle-timeout", "0s", "--", "bash")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_sent(string why, params string[] arguments)
    {
        (await _convoy.RunAsync(arguments)).ExitCode.ShouldBe(2, why);
        _server.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_that_is_not_interactive_cannot_be_attached_to()
    {
        var ended = await _convoy.RunAsync("run", "--attach", Views.Id);

        ended.ExitCode.ShouldBe(7);
        ended.Error.ShouldContain("error[NotInteractive]");
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }
}
