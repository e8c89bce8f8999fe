using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>A backup of a platform that is at work, and what a platform made of it does.</summary>
public sealed class BackupTests
{
    [Fact]
    public async Task A_backup_of_a_running_platform_is_restored_elsewhere_and_no_task_runs_twice()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var done = await platform.SubmitAsync(Jobs.Shell("done", "echo hello; mkdir $CONVOY_OUTPUT_DIR/closed; chmod 0 $CONVOY_OUTPUT_DIR/closed; mkfifo $CONVOY_OUTPUT_DIR/pipe; echo kept > $CONVOY_OUTPUT_DIR/result; ln -s /etc/passwd $CONVOY_OUTPUT_DIR/link"));
        await platform.UntilFinishedAsync(done.Id);
        using (var http = platform.HttpOf(platform.AdministratorToken)) await Eventually.HoldsAsync("its outputs are taken in", async () => (await http.GetAsync(new Uri($"jobs/{done.Id}/outputs/content?attempt=1&rank=0&path=result", UriKind.Relative))).IsSuccessStatusCode);
        var runs = await platform.SubmitAsync(Jobs.Shell("runs", $"echo run >> {platform.Mark("runs")}; {Jobs.Until(platform.Mark("end"))}; echo over"));
        await platform.HeardAsync("runs");
        await platform.UntilAsync(runs.Id, job => job.Phase == JobPhase.Running);

        // What was written only just before may have been written again without another time, and is copied each time.
        foreach (var content in Directory.GetFiles(platform.State, "*", SearchOption.AllDirectories).Where(file => file.Contains("/content/", StringComparison.Ordinal))) File.SetLastWriteTimeUtc(content, DateTime.UtcNow.AddHours(-1));

        // Twice to the same place: what has not changed is the same file, and the second replaces the first.
        var backup = Path.Combine(platform.Root, "backup");
        (await RunningPlatform.RunServerAsync("backup", "--state", platform.State, "--to", backup)).ExitCode.ShouldBe(0);
        var first = Directory.GetDirectories(backup).ShouldHaveSingleItem();
        var kept = Directory.GetFiles(first, "*", SearchOption.AllDirectories).Where(file => file.Contains("/content/", StringComparison.Ordinal)).ToDictionary(file => Path.GetRelativePath(first, file), InodeOf);
        kept.ShouldNotBeEmpty();
        await Task.Delay(TimeSpan.FromSeconds(1));
        (await RunningPlatform.RunServerAsync("backup", "--state", platform.State, "--to", backup)).ExitCode.ShouldBe(0);
        var second = Directory.GetDirectories(backup).ShouldHaveSingleItem();
        second.ShouldNotBe(first);
        kept.ShouldAllBe(file => InodeOf(Path.Combine(second, file.Key)) == file.Value);

        // One that was broken off is no backup, and spoils none.
        Directory.CreateDirectory(Path.Combine(backup, "unfinished-before", "server"));
        (File.GetUnixFileMode(backup) & (UnixFileMode)0x3F).ShouldBe((UnixFileMode)0);
        var after = await platform.SubmitAsync(Jobs.Shell("after", "true"));
        await platform.UntilFinishedAsync(after.Id);

        // Over another state nothing is restored.
        var (refusedCode, refused) = await RunningPlatform.RunServerAsync("restore", "--from", backup, "--state", platform.State);
        (refusedCode, refused.Contains("is not empty", StringComparison.Ordinal)).ShouldBe((3, true), refused);

        // The machine is lost but for its tasks.
        await platform.KillServerAsync();
        var restored = Path.Combine(platform.Root, "restored");
        var (code, said) = await RunningPlatform.RunServerAsync("restore", "--from", backup, "--state", restored);
        code.ShouldBe(0, said);
        said.ShouldContain("1 job that had machines will start again");
        await platform.MoveToAsync(restored);

        (await platform.Client.GetJobAsync(done.Id, CancellationToken.None)).Phase.ShouldBe(JobPhase.Succeeded);
        (await platform.LogsAsync(done.Id)).ShouldBe("hello\n");
        using var client = platform.HttpOf(platform.AdministratorToken);
        (await client.GetStringAsync(new Uri($"jobs/{done.Id}/outputs/content?attempt=1&rank=0&path=result", UriKind.Relative))).ShouldBe("kept\n");
        (await Should.ThrowAsync<Client.ConvoyException>(platform.Client.GetJobAsync(after.Id, CancellationToken.None))).Status.ShouldBe(404);

        // It waits until somebody says that the other platform is gone, and then for the task that the other platform started.
        var waiting = await platform.Client.WhyAsync(runs.Id, CancellationToken.None);
        (waiting.Phase, waiting.Reason).ShouldBe((JobPhase.Pending, "SchedulingPaused"));
        waiting.Message.ToString().ShouldContain("restored from the backup of");
        await platform.Client.ResumeSchedulingAsync(CancellationToken.None);
        await platform.UntilAsync(runs.Id, job => job.Phase == JobPhase.Starting);
        await Eventually.HoldsAsync("it is told why it does not start", () => platform.Output.Contains("was started before this platform was restored, and still runs", StringComparison.Ordinal));
        (await File.ReadAllLinesAsync(platform.Mark("runs"))).Length.ShouldBe(1);
        platform.Say("end");
        var ended = await platform.UntilFinishedAsync(runs.Id);
        (ended.Phase, ended.Restarts, ended.Attempts!.Count).ShouldBe((JobPhase.Succeeded, 0, 2));
        (await File.ReadAllLinesAsync(platform.Mark("runs"))).Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_damaged_backup_is_refused_and_leaves_no_state()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var backup = Path.Combine(platform.Root, "backup");
        (await RunningPlatform.RunServerAsync("backup", "--state", platform.State, "--to", backup)).ExitCode.ShouldBe(0);
        await using (var database = new FileStream(Path.Combine(Directory.GetDirectories(backup).ShouldHaveSingleItem(), "server", "convoy.db"), FileMode.Open))
        {
            var page = new byte[4096];
            Array.Fill(page, byte.MaxValue);
            for (database.Position = page.Length; database.Position < database.Length;) database.Write(page);
        }

        var restored = Path.Combine(platform.Root, "restored");
        var (code, said) = await RunningPlatform.RunServerAsync("restore", "--from", backup, "--state", restored);
        (code, Directory.Exists(restored)).ShouldBe((3, false));
        said.ShouldContain("error[Backup]: the database in");
        Directory.GetDirectories(platform.Root, "restored*").ShouldBeEmpty();
        (await RunningPlatform.RunServerAsync("restore", "--from", platform.Marks, "--state", restored)).Output.ShouldContain("holds no whole backup");
        (await RunningPlatform.RunServerAsync("backup", "--state", platform.State, "--to", Path.Combine(platform.State, "backup"))).Output.ShouldContain("lies in the state folder itself");
    }

    private static string InodeOf(string path)
    {
        using var stat = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%i", path]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd().Trim();
    }
}
