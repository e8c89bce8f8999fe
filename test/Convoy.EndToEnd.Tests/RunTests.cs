using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary><c>convoy run</c>, in a terminal and out of one.</summary>
public sealed partial class RunTests : IAsyncLifetime
{
    private const int Hangup = 1, Terminate = 15;
    private RunningPlatform platform = null!;
    private ConvoyCommand convoy = null!;

    public async ValueTask InitializeAsync()
    {
        platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 1);
        convoy = new ConvoyCommand(platform);
    }

    public async ValueTask DisposeAsync()
    {
        convoy.Dispose();
        await platform.DisposeAsync();
    }

    [Fact]
    public async Task A_shell_elsewhere_feels_like_one_here_also_over_the_death_of_the_server()
    {
        await using var ann = new PersonAtTerminal(convoy, "run", "--no-code", "--gpus", "1", "--", "bash", "--norc");
        await ann.SeesAsync("~. detaches");
        await ann.TypeAsync("PS1='> '; tty; echo $TERM/$(stty size)/$CUDA_VISIBLE_DEVICES/${COLUMNS-none}\n");
        await ann.SeesAsync("xterm/30 100/0/");
        Pty().IsMatch(ann.Screen).ShouldBeTrue(ann.Screen);
        await ann.ResizeAsync(41, 77);
        await Eventually.HoldsAsync("the size follows the window", async () =>
        {
            await ann.TypeAsync("echo now $(stty size)\n");
            return ann.Screen.Contains("now 41 77", StringComparison.Ordinal);
        });

        // Ctrl-C is the program's.
        await ann.TypeAsync($"echo > {platform.Mark("sleeps")}; sleep 1000\n");
        await platform.HeardAsync("sleeps");
        await ann.TypeAsync("\x03");
        await ann.TypeAsync("echo still $((40 + 2))\n");
        await ann.SeesAsync("still 42");
        ann.Screen.ShouldNotContain("job control");

        await ann.TypeAsync("big=$((6 * 111)); cd /\n");
        await platform.KillServerAsync();
        await ann.SeesAsync("connection lost");
        await ann.TypeAsync("echo typed meanwhile $big\n");
        await platform.StartServerAsync();
        await ann.SeesAsync("typed meanwhile 666");
        await ann.TypeAsync("exit 3\n");
        (await ann.EndAsync()).ShouldBe(100);
        ann.Screen.ShouldContain("ended with exit code 3");
        ann.Screen.Split("typed meanwhile 666").Length.ShouldBe(2, "what was typed arrives once");
        var job = (await platform.Client.ListJobsAsync(new() { Limit = 1 }, CancellationToken.None)).Items.Single();
        (await platform.EventsAsync(job.Id)).Count(e => e.Event is TerminalOpened { By: "admin" }).ShouldBe(1, "to come back is not to come anew");
        (await platform.LogsAsync(job.Id)).ShouldContain("still 42\r\n");
    }

    [Fact]
    public async Task Who_detaches_or_whose_window_is_closed_comes_back_to_what_runs()
    {
        string id;
        await using (var ann = new PersonAtTerminal(convoy, "run", "--no-code", "--name", "notebook", "--", "bash", "--norc"))
        {
            await ann.SeesAsync("~. detaches");
            await ann.TypeAsync("answer=$((6 * 7)); echo ~~~ is kept\n");
            await ann.SeesAsync("~~~ is kept");
            await ann.TypeAsync("\n~?");
            await ann.SeesAsync("shows this");
            await ann.TypeAsync("\n~.");
            (await ann.EndAsync()).ShouldBe(130);
            id = JobId().Match(ann.Screen).Value;
        }

        await using (var ann = new PersonAtTerminal(convoy, "run", "--attach", "notebook"))
        {
            await ann.SeesAsync("~~~ is kept");
            await ann.TypeAsync("echo it is $answer\n");
            await ann.SeesAsync("it is 42");
            await ann.SignalAsync(Hangup);
            (await ann.EndAsync()).ShouldBe(130);
        }

        await using (var ann = new PersonAtTerminal(convoy, "run", "--attach", id))
        {
            await ann.SeesAsync("it is 42");
            await ann.SignalAsync(Terminate);
            (await ann.EndAsync()).ShouldBe(130);
        }

        await using (var ann = new PersonAtTerminal(convoy, "run", "--attach", id))
        {
            await ann.SeesAsync("it is 42");
            await ann.TypeAsync("exit\n");
            (await ann.EndAsync()).ShouldBe(0);
        }
    }

    [Fact]
    public async Task Out_of_a_terminal_bytes_go_through_as_they_are_and_the_end_of_input_is_told()
    {
        convoy.Input = RandomNumberGenerator.GetBytes(2_000_000);
        var ended = await convoy.RunAsync("run", "--no-code", "--", "sha256sum");
        ended.ShouldSatisfyAllConditions(
            () => ended.ExitCode.ShouldBe(0, ended.Error),
            () => ended.Output.ShouldBe($"{Convert.ToHexStringLower(SHA256.HashData(convoy.Input))}  -\n"));

        convoy.Input = [];
        var failed = await convoy.RunAsync("run", "--no-code", "--", "sh", "-c", "seq 200000; exit 9");
        failed.ExitCode.ShouldBe(100);
        failed.Output.ShouldBe(string.Concat(Enumerable.Range(1, 200_000).Select(i => $"{i}\n")));
        failed.Error.ShouldContain("exit code 9");

        // Nothing runs any more when it attaches.
        (await convoy.RunAsync("run", "--no-code", "--", "echo", "short")).ShouldSatisfyAllConditions(e => e.ExitCode.ShouldBe(0, e.Error), e => e.Output.ShouldBe("short\n"));
    }

    [Fact]
    public async Task Who_gives_up_in_the_queue_leaves_no_job_behind_and_an_idle_one_ends_by_itself()
    {
        await using var first = new PersonAtTerminal(convoy, "run", "--no-code", "--gpus", "1", "--", "bash", "--norc");
        await first.SeesAsync("~. detaches");
        await using (var second = new PersonAtTerminal(convoy, "run", "--no-code", "--gpus", "1"))
        {
            await second.SeesAsync("waiting: ");
            await second.TypeAsync("\x03");
            (await second.EndAsync()).ShouldBe(103);
            second.Screen.ShouldContain("given up before it started");
        }

        await first.TypeAsync("exit\n");
        (await first.EndAsync()).ShouldBe(0);
        (await platform.Client.ListJobsAsync(new() { Unfinished = true }, CancellationToken.None)).Items.ShouldBeEmpty();
        await using var idle = new PersonAtTerminal(convoy, "run", "--no-code", "--idle-timeout", "1s", "--", "bash", "--norc");
        (await idle.EndAsync()).ShouldBe(100);
        idle.Screen.ShouldContain("idle for 1s: nothing was typed");
    }

    [GeneratedRegex("/dev/pts/[0-9]+\r\n")]
    private static partial Regex Pty();

    [GeneratedRegex("\\bj[a-z0-9]{15}\\b")]
    private static partial Regex JobId();
}
