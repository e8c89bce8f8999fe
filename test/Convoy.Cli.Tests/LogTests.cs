using System.Diagnostics;
using System.Text;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

public sealed class LogTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    [Fact]
    public async Task One_tasks_log_is_what_it_printed_byte_for_byte()
    {
        var text = "\e[31m损失 0.5\e[0m\r\n\u0007"u8.ToArray().Concat(new byte[] { 0xFF, 0x00 }).ToArray();
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        // Cut inside a character.
        _server.Stream($"GET /jobs/{Views.Id}/logs", Views.Log(0, "1", text[..7]), Views.Log(0, "2", text[7..]), Views.End(Views.Job(JobPhase.Succeeded)));

        var ended = await _convoy.Uses(_server).RunAsync("logs", "digits", "-f");

        ended.ExitCode.ShouldBe(0);
        ended.OutputBytes.ShouldBe(text);
    }

    [Fact]
    public async Task Lines_of_several_tasks_stay_whole_and_say_whose_they_are()
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Running, tasks: 2), WireJson.Default.JobView);
        _server.Stream(
            $"GET /jobs/{Views.Id}/logs", Views.Log(0, "1", "ep"u8.ToArray()), Views.Log(1, "2", "other\nlast"u8.ToArray()), Views.Log(0, "3", "och\n"u8.ToArray()),
            Views.End(Views.Job(JobPhase.Succeeded)));

        var ended = await _convoy.Uses(_server).RunAsync("logs", "digits", "-f");

        ended.Output.ShouldBe("[worker 1] other\n[worker 0] epoch\n[worker 1] last\n");
    }

    [Fact]
    public async Task A_stream_that_breaks_goes_on_after_the_last_piece()
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        _server.On($"GET /jobs/{Views.Id}/logs", async (context, request) =>
        {
            FakeServer.OpenStream(context);
            if (request.LastEventId is null)
            {
                await FakeServer.SendAsync(context, Views.Log(0, "5", "one "u8.ToArray()));
                context.Response.Abort();
                return;
            }

            await FakeServer.SendAsync(context, Views.Log(0, "6", "two"u8.ToArray()));
            await FakeServer.SendAsync(context, Views.End(Views.Job(JobPhase.Failed, failure: Views.Failure)));
            context.Response.Close();
        });

        var ended = await _convoy.Uses(_server).RunAsync("logs", "digits", "-f");

        ended.ExitCode.ShouldBe(100);
        ended.Output.ShouldBe("one two");
        _server.Seen.Last().LastEventId.ShouldBe("5");
    }

    [Fact]
    public async Task Without_follow_logs_exit_0_whatever_became_of_the_job()
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Failed), WireJson.Default.JobView);
        _server.Stream($"GET /jobs/{Views.Id}/logs", Views.Log(0, "1", "x\n"u8.ToArray()), Views.End(Views.Job(JobPhase.Failed)));

        var ended = await _convoy.Uses(_server).RunAsync("logs", "digits", "--tail", "5", "--since", "10m", "--rank", "0");

        ended.ExitCode.ShouldBe(0);
        ended.Output.ShouldBe("x\n");
        _server.Seen.Last().Query.ShouldBe("?rank=0&since=10m&tail=5");
    }

    [Fact]
    public async Task Ctrl_C_detaches_and_says_how_to_go_on()
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        _server.On($"GET /jobs/{Views.Id}/logs", async (context, _) =>
        {
            FakeServer.OpenStream(context);
            await FakeServer.SendAsync(context, Views.Log(0, "1", "ready\n"u8.ToArray()));
            await Task.Delay(Timeout.Infinite);
        });
        using var convoy = _convoy.Uses(_server).Start("logs", "digits", "-f");
        var first = new byte[6];
        await convoy.StandardOutput.BaseStream.ReadExactlyAsync(first);
        Encoding.UTF8.GetString(first).ShouldBe("ready\n");

        using (var kill = Process.Start("kill", ["-INT", $"{convoy.Id}"])) await kill.WaitForExitAsync();
        var ended = await ConvoyProgram.EndAsync(convoy);

        ended.ExitCode.ShouldBe(130);
        ended.Error.ShouldContain($"convoy logs {Views.Id} -f");
        _server.Seen.ShouldAllBe(request => request.Method == "GET");
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }
}
