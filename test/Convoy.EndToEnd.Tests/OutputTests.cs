using System.Security.Cryptography;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

public sealed class OutputTests
{
    [Fact]
    public async Task Every_attempts_outputs_outlive_failure_cancellation_and_a_server_killed_while_it_takes_them_in()
    {
        await using var platform = await RunningPlatform.StartAsync();
        using var convoy = new ConvoyCommand(platform);

        // The first attempt fails and is restarted; the second is cancelled, and takes a while to take in: most of it is a hole.
        var script = $"""
            cd $CONVOY_OUTPUT_DIR
            echo attempt $CONVOY_ATTEMPT rank $CONVOY_RANK > note
            touch {platform.Mark("noted")}-$CONVOY_ATTEMPT-$CONVOY_RANK
            {Jobs.Until(platform.Mark("noted-1-0"))}; {Jobs.Until(platform.Mark("noted-1-1"))}
            [ $CONVOY_ATTEMPT = 2 ] || exit 33
            mkdir checkpoints
            head -c 3000000 /dev/urandom > checkpoints/last
            sha256sum < checkpoints/last > {platform.Mark("sum")}-$CONVOY_RANK
            [ $CONVOY_RANK = 1 ] || truncate -s 1G large
            echo x > {platform.Mark("written")}-$CONVOY_RANK
            sleep 600
            """;
        var spec = Jobs.Shell("restless", script, tasks: 2);
        var job = await platform.SubmitAsync(spec with { Recovery = spec.Recovery with { MaxRestarts = 1 }, Checkpoint = spec.Checkpoint with { Grace = TimeSpan.FromSeconds(1) } });
        await platform.HeardAsync("written-0");
        await platform.HeardAsync("written-1");
        await platform.Client.CancelJobAsync(job.Id, CancellationToken.None);
        (await platform.UntilFinishedAsync(job.Id)).Phase.ShouldBe(JobPhase.Cancelled);
        var outputs = Path.Combine(platform.State, "cluster", "outputs", job.Id);
        await Eventually.HoldsAsync("the large file is being taken in", () => Directory.Exists(Path.Combine(outputs, "unfinished", "2-0")));
        await platform.KillServerAsync();
        File.Exists(Path.Combine(outputs, "manifests", "2", "0")).ShouldBeFalse("it was killed in the middle");
        await platform.StartServerAsync();

        var got = await convoy.RunAsync("output", "get", job.Id, "--to", "second");
        got.ExitCode.ShouldBe(0, got.Error);
        (await convoy.RunAsync("output", "get", job.Id, "--attempt", "1", "--to", "first")).ExitCode.ShouldBe(0);
        for (var rank = 0; rank < 2; rank++)
        {
            (await File.ReadAllTextAsync(Path.Combine(convoy.Folder, "first", $"rank-{rank}", "note"))).ShouldBe($"attempt 1 rank {rank}\n");
            (await File.ReadAllTextAsync(Path.Combine(convoy.Folder, "second", $"rank-{rank}", "note"))).ShouldBe($"attempt 2 rank {rank}\n");
            await using var last = File.OpenRead(Path.Combine(convoy.Folder, "second", $"rank-{rank}", "checkpoints", "last"));
            (await File.ReadAllTextAsync(platform.Mark($"sum-{rank}"))).ShouldStartWith(Convert.ToHexStringLower(await SHA256.HashDataAsync(last)));
        }

        new FileInfo(Path.Combine(convoy.Folder, "second", "rank-0", "large")).Length.ShouldBe(1 << 30);
        (await convoy.RunAsync("output", "list", job.Id, "--attempt", "all", "-o", "name")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["note", "note", "checkpoints/last", "large", "note", "checkpoints/last", "note"]);

        // Kept, and no longer in the folders that they were written to.
        await Eventually.HoldsAsync("the tasks' own folders are removed", () => Directory.GetFiles(Path.Combine(platform.State, "cluster", "people"), "note", SearchOption.AllDirectories).Length == 0);
        (await platform.LogsAsync(job.Id)).ShouldBe("");
    }
}
