using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

public sealed class SteeringTests
{
    [Fact]
    public async Task Jobs_are_steered_by_id_and_name_several_at_once()
    {
        await using var platform = await RunningPlatform.StartAsync();
        using var convoy = new ConvoyCommand(platform);
        var fails = await platform.SubmitAsync(Jobs.Shell("fails", $"test -e {platform.Mark("mended")}"));
        await platform.UntilFinishedAsync(fails.Id);
        platform.Say("mended");
        var retried = await convoy.RunAsync("retry", "fails", "--wait");
        retried.ExitCode.ShouldBe(0, retried.Error);

        var (one, two) = (await platform.SubmitAsync(Jobs.Shell("one", "sleep 1000")), await platform.SubmitAsync(Jobs.Shell("two", "sleep 1000")));
        var updated = await convoy.RunAsync("update", "one", "--priority", "high", "--max-duration", "4h");
        (updated.ExitCode, updated.Output).ShouldBe((0, $"job one ({one.Id}): priority normal → high\njob one ({one.Id}): maxDuration none → 4h\n"));

        // What fails for one is said, and done for the others.
        var cancelled = await convoy.RunAsync("cancel", "one", "nosuch", two.Id, "--wait");
        cancelled.ExitCode.ShouldBe(102);
        cancelled.Error.ShouldContain("error[NotFound]");
        cancelled.Output.ShouldBe($"job one ({one.Id}) is cancelled\njob two ({two.Id}) is cancelled\n");

        var deleted = await convoy.RunAsync("delete", "one", two.Id, fails.Id, "-o", "name");
        (deleted.ExitCode, deleted.Output).ShouldBe((0, $"{one.Id}\n{two.Id}\n{fails.Id}\n"));
        (await convoy.RunAsync("get", "one")).ExitCode.ShouldBe(102);
        await Eventually.HoldsAsync("nothing is left of them", () => FoldersOfJobs(platform).Length == 0);
    }

    [Fact]
    public async Task A_server_killed_while_it_deletes_leaves_nothing_behind_in_the_end()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var jobs = new List<string>();
        for (var i = 0; i < 5; i++) jobs.Add((await platform.SubmitAsync(Jobs.Shell("many", "i=0; while [ $i -lt 200 ]; do echo > $CONVOY_OUTPUT_DIR/$i; i=$((i+1)); done"))).Id);
        foreach (var job in jobs) await platform.UntilFinishedAsync(job);
        foreach (var job in jobs) await platform.Client.DeleteJobAsync(job, CancellationToken.None);
        await platform.KillServerAsync();
        await platform.StartServerAsync();
        await Eventually.HoldsAsync("nothing is left of them", () => FoldersOfJobs(platform).Length == 0);
        (await platform.Client.ListJobsAsync(new Client.JobQuery { All = true }, CancellationToken.None)).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_that_hangs_is_stopped_started_again_and_at_last_fails_and_says_why()
    {
        await using var platform = await RunningPlatform.StartAsync();
        using var convoy = new ConvoyCommand(platform);
        var spec = Jobs.Shell("stuck", "echo begins; sleep 1000");
        var job = await platform.SubmitAsync(spec with { Recovery = new RecoverySpec { MaxRestarts = 1, HangTimeout = TimeSpan.FromSeconds(1) } });
        var ended = await platform.UntilFinishedAsync(job.Id);
        (ended.Phase, ended.Reason, ended.Restarts, ended.Attempts!.Count).ShouldBe((JobPhase.Failed, "Hung", 1, 2));
        ended.Failure!.Message!.ToString().ShouldBe("no output and no report for 1s");
    }

    private static string[] FoldersOfJobs(RunningPlatform platform)
    {
        var cluster = Path.Combine(platform.State, "cluster");
        var places = Directory.GetDirectories(Path.Combine(cluster, "people")).Select(person => Path.Combine(person, "jobs")).Append(Path.Combine(cluster, "jobs")).Append(Path.Combine(cluster, "staging"));
        return [.. places.Where(Directory.Exists).SelectMany(Directory.GetFileSystemEntries)];
    }
}
