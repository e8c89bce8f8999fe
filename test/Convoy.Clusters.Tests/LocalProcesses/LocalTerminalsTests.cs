using System.Text;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalTerminalsTests
{
    [Fact]
    public async Task An_interactive_task_is_typed_into_also_after_the_cluster_was_opened_anew_and_has_no_terminal_before_and_after()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var wish = Interactive("stty size; echo $TERM ${COLUMNS-none}; read word; echo got $word; exit 4");
        var id = wish.Assignment.JobId;
        var terminals = new LocalTerminals(bed.StateFolder);
        (await terminals.OpenAsync(id, 1, 0, CancellationToken.None)).ShouldBeNull();
        await cluster.ApplyAsync(wish);
        TerminalLine? line = null;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((line = await terminals.OpenAsync(id, 1, 0, limit.Token)) is null) await Task.Delay(20, limit.Token);
        await bed.OpenAsync();
        await using (line)
        {
            (await line.WriteAsync(new TerminalAttach(null, 1, From: 0, IsBack: false).ToFrame(), limit.Token)).ShouldBeTrue();
            var seen = new StringBuilder();
            var last = TerminalFrameKind.Attach;
            var hasTyped = false;
            while (await line.ReadAsync(limit.Token) is { } frame)
            {
                last = frame.Kind;
                if (frame.Kind == TerminalFrameKind.Output) seen.Append(Encoding.UTF8.GetString(frame.Payload.Span));

                // Typed sooner, its echo would stand wherever the program is.
                if (hasTyped || !seen.ToString().Contains("none\r\n", StringComparison.Ordinal)) continue;
                hasTyped = true;
                (await line.WriteAsync(new TerminalFrame(TerminalFrameKind.Input, "w\n"u8.ToArray()), limit.Token)).ShouldBeTrue();
            }

            last.ShouldBe(TerminalFrameKind.Ended);
            seen.ToString().ShouldContain("44 132\r\nscreen none\r\n");
            seen.ToString().ShouldEndWith("got w\r\n");
        }

        while (await terminals.OpenAsync(id, 1, 0, limit.Token) is { } closing)
        {
            await closing.DisposeAsync();
            await Task.Delay(20, limit.Token);
        }
    }

    [Fact]
    public async Task A_task_that_is_not_interactive_has_no_terminal()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(wish);
        await LocalBed.UntilAsync(() => bed.StartsOf(wish.Assignment.JobId, 0) == 1);
        (await new LocalTerminals(bed.StateFolder).OpenAsync(wish.Assignment.JobId, 1, 0, CancellationToken.None)).ShouldBeNull();
        bed.End(wish.Assignment.JobId, 0, 0);
    }

    private static ClusterAssignment Interactive(string script) => Wishes.Run(["/bin/sh", "-c", script], change: spec => spec with
    {
        Interactive = new InteractiveSpec(),
        Env = new Dictionary<string, string> { ["TERM"] = "screen", ["LINES"] = "44", ["COLUMNS"] = "132" },
    });
}
