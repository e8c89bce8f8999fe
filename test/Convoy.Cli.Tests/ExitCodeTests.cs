using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

public sealed class ExitCodeTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    [Theory]
    [InlineData(400, "BadLimit", 3)]
    [InlineData(401, "NotSignedIn", 4)]
    [InlineData(403, "NotAllowed", 4)]
    [InlineData(403, "ExceedsLevelCap", 5)]
    [InlineData(404, "NotFound", 102)]
    [InlineData(409, "AmbiguousName", 7)]
    [InlineData(413, "CodeTooLarge", 3)]
    [InlineData(422, "InvalidSpec", 3)]
    [InlineData(422, "Infeasible", 3)]
    [InlineData(503, "Starting", 6)]
    public async Task A_refusal_becomes_its_exit_code_and_one_line_with_code_and_request(int status, string code, int exit)
    {
        _server.Refuse("POST /jobs/digits/cancel", status, code, "because of that");

        var ended = await _convoy.Uses(_server).RunAsync("cancel", "digits");

        ended.ExitCode.ShouldBe(exit);
        ended.Output.ShouldBe("");
        if (exit != 6) ended.Error.ShouldBe($"error[{code}]: because of that (request req-1)\n");
    }

    [Fact]
    public async Task Nothing_listening_is_unreachable_and_says_how_to_start_one()
    {
        _convoy.Uses(_server);
        _server.Dispose();

        var ended = await _convoy.RunAsync("list");

        ended.ExitCode.ShouldBe(6);
        ended.Error.ShouldContain("error[ServerUnreachable]");
        ended.Error.ShouldContain("convoy up");
    }

    [Fact]
    public async Task Without_any_server_one_is_not_signed_in()
    {
        var ended = await _convoy.RunAsync("list");

        ended.ExitCode.ShouldBe(4);
        ended.Error.ShouldContain("error[NotSignedIn]");
        ended.Error.ShouldContain("convoy login URL");
    }

    [Theory]
    [InlineData(new[] { "submitt" }, "did you mean submit?")]
    [InlineData(new[] { "list", "--usr", "x" }, "did you mean --user?")]
    [InlineData(new[] { "submit", "--wrkdir", "x", "--", "true" }, "did you mean --workdir?")]
    [InlineData(new[] { "list", "-o", "jsn" }, "did you mean json?")]
    [InlineData(new[] { "list", "--limit", "many" }, "--limit takes a number")]
    [InlineData(new[] { "submit", "--gpu", "3", "--", "true" }, "did you mean --gpus?")]
    [InlineData(new[] { "get" }, "convoy get --help")]
    [InlineData(new[] { "get", "a", "b" }, "'b' is one argument too many")]
    [InlineData(new[] { "node" }, "list, get")]
    [InlineData(new[] { "submit", "python", "train.py" }, "put -- before the command")]
    [InlineData(new[] { "submit" }, "nothing to run")]
    [InlineData(new[] { "submit", "--gpus", "A100:x", "--", "true" }, "--gpus takes")]
    [InlineData(new[] { "submit", "--wait", "--detach", "--", "true" }, "exclude each other")]
    [InlineData(new[] { "submit", "--env", "NOT_SET_HERE", "--", "true" }, "NOT_SET_HERE")]
    [InlineData(new[] { "list", "--", "true" }, "takes no command")]
    [InlineData(new[] { "level", "update", "intern" }, "nothing to change")]
    [InlineData(new[] { "level", "update", "intern", "--may-preempt", "yes" }, "--may-preempt takes true, false")]
    [InlineData(new[] { "update", "digits" }, "nothing to change")]
    [InlineData(new[] { "update", "digits", "--max-duration", "soon" }, "--max-duration takes a duration such as 4h, or none")]
    [InlineData(new[] { "update", "digits", "--priority", "hihg" }, "did you mean high?")]
    [InlineData(new[] { "suspend" }, "convoy suspend --help")]
    [InlineData(new[] { "delete", "a", "" }, "JOB is empty")]
    [InlineData(new[] { "retry", "a", "b" }, "'b' is one argument too many")]
    [InlineData(new[] { "wait", "j", "--timeout", "soon" }, "--timeout takes a duration")]
    public async Task A_usage_error_is_2_and_names_what_would_be_right(string[] arguments, string hint)
    {
        var ended = await _convoy.Uses(_server).RunAsync(arguments);

        ended.ExitCode.ShouldBe(2);
        ended.Output.ShouldBe("");
        ended.Error.ShouldStartWith("error[Usage]: ");
        ended.Error.ShouldContain(hint);
        _server.Seen.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("ssh", "digits")]
    [InlineData("submit", "--shm", "16Gi", "--", "true")]
    [InlineData("submit", "--data=kitti:/data", "--", "true")]
    [InlineData("submit", "--secret", "wandb", "--", "true")]
    [InlineData("list", "--label", "a=b")]
    public async Task What_a_later_version_brings_is_refused_as_such(params string[] arguments)
    {
        var ended = await _convoy.Uses(_server).RunAsync(arguments);

        ended.ExitCode.ShouldBe(3);
        ended.Error.ShouldContain("error[NotAvailableYet]");
        _server.Seen.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(JobPhase.Succeeded, 0)]
    [InlineData(JobPhase.Failed, 100)]
    [InlineData(JobPhase.Cancelled, 103)]
    public async Task Waiting_exits_as_the_job_ended(JobPhase phase, int exit)
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        _server.Stream($"GET /jobs/{Views.Id}/events", Views.End(Views.Job(phase, failure: phase == JobPhase.Failed ? Views.Failure : null)));

        var ended = await _convoy.Uses(_server).RunAsync("wait", "digits");

        ended.ExitCode.ShouldBe(exit);
        ended.Output.ShouldBe("");
        if (phase == JobPhase.Failed) ended.Error.ShouldContain("rank 3 (worker) on node-1 ended with exit code 7 [User]");
    }

    [Fact]
    public async Task A_wait_that_times_out_is_101_and_the_job_goes_on()
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        _server.On($"GET /jobs/{Views.Id}", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        _server.On($"GET /jobs/{Views.Id}/events", async (context, _) =>
        {
            FakeServer.OpenStream(context);
            await FakeServer.SendAsync(context, ": still here");
            await Task.Delay(Timeout.Infinite);
        });

        var ended = await _convoy.Uses(_server).RunAsync("wait", "digits", "--timeout", "1s");

        ended.ExitCode.ShouldBe(101);
        _server.Seen.ShouldAllBe(request => request.Method == "GET");
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }
}
