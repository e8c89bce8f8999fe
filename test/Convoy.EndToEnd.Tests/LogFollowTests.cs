using System.Globalization;
using System.Text;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

public sealed class LogFollowTests
{
    private const int Ranks = 3;

    [Fact]
    public async Task Followed_logs_of_several_ranks_survive_kills_of_the_server_without_a_gap_or_a_repeat()
    {
        await using var platform = await RunningPlatform.StartAsync(nodes: 4);
        var script = $"""
            n=0
            say() {"{"} n=$((n+1)); echo "rank $CONVOY_RANK line $n"; {"}"}
            while [ $n -lt 200 ]; do say; done
            while ! [ -e {platform.Mark("first")} ]; do say; sleep 0.02; done
            touch {platform.Marks}/heard-$CONVOY_RANK
            while ! [ -e {platform.Mark("second")} ]; do say; sleep 0.02; done
            while [ $((n % 500)) != 0 ]; do say; done
            echo "rank $CONVOY_RANK ends after $n"
            """;
        var job = await platform.SubmitAsync(Jobs.Shell("talker", script, tasks: Ranks));
        var text = Enumerable.Range(0, Ranks).Select(_ => new StringBuilder()).ToArray();
        var following = FollowAsync(platform.Client, job.Id, text);
        using var convoy = new ConvoyCommand(platform);
        var speaks = new TaskCompletionSource();
        var command = convoy.RunAsync(speaks, "logs", "-f", job.Id);

        // Killed while all of them talk and are listened to.
        await AllSaidAsync(250);
        await speaks.Task.WaitAsync(Eventually.Patience);
        await platform.KillServerAsync();
        platform.Say("first");
        for (var rank = 0; rank < Ranks; rank++) await platform.HeardAsync($"heard-{rank}");
        await platform.StartServerAsync();
        await AllSaidAsync(Lines() + 20);
        await platform.KillServerAsync();
        await platform.StartServerAsync();
        await AllSaidAsync(Lines() + 20);
        platform.Say("second");

        (await following.WaitAsync(Eventually.Patience * 2)).Phase.ShouldBe(JobPhase.Succeeded);
        for (var rank = 0; rank < Ranks; rank++) Complete(rank, text[rank].ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var ended = await command;
        ended.ExitCode.ShouldBe(0, ended.Error);
        var printed = ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var rank = 0; rank < Ranks; rank++) Complete(rank, [.. printed.Where(line => line.Contains($"rank {rank} ", StringComparison.Ordinal)).Select(line => line[line.IndexOf("rank ", StringComparison.Ordinal)..])]);

        Task AllSaidAsync(int lines) => Eventually.HoldsAsync($"{lines} lines of every rank are read", () => Lines() >= lines, Eventually.Patience * 2);

        int Lines() => text.Min(said =>
        {
            lock (said) return said.ToString().Count(c => c == '\n');
        });
    }

    private static async Task<JobView> FollowAsync(ConvoyClient client, string job, StringBuilder[] text)
    {
        var next = new long[Ranks];
        await foreach (var (chunk, end) in client.ReadLogsAsync(job, new LogQuery { Follow = true }, CancellationToken.None))
        {
            if (end is not null) return end;
            chunk!.Offset.ShouldBe(next[chunk.Rank], $"rank {chunk.Rank} goes on where it stood");
            next[chunk.Rank] += chunk.Bytes.Length;
            lock (text[chunk.Rank]) text[chunk.Rank].Append(Encoding.UTF8.GetString(chunk.Bytes.Span));
        }

        throw new InvalidOperationException("the stream ended without saying so");
    }

    private static void Complete(int rank, string[] lines)
    {
        var count = lines.Length - 1;
        count.ShouldBeGreaterThanOrEqualTo(500);
        lines[..^1].ShouldBe(Enumerable.Range(1, count).Select(n => string.Create(CultureInfo.InvariantCulture, $"rank {rank} line {n}")));
        lines[^1].ShouldBe($"rank {rank} ends after {count}");
    }
}
