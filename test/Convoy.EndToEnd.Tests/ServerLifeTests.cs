using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>The server comes and goes; the tasks do not care.</summary>
public sealed class ServerLifeTests
{
    [Fact]
    public async Task A_killed_server_kills_no_task_and_learns_the_exit_code_it_missed()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var job = await platform.SubmitAsync(Jobs.Shell("orphan", $"echo $$ > {platform.Mark("pid")}; {Jobs.Until(platform.Mark("end"))}; echo last words; exit 7"));
        var pid = await platform.NumberAsync("pid");
        await platform.KillServerAsync();
        ProcessFiles.IsAlive(pid).ShouldBeTrue();

        platform.Say("end");
        await Eventually.HoldsAsync("the task ends by itself", () => !ProcessFiles.IsAlive(pid));
        await platform.StartServerAsync();

        var ended = await platform.UntilFinishedAsync(job.Id);
        ended.Phase.ShouldBe(JobPhase.Failed);
        var failure = ended.Failure.ShouldNotBeNull();
        (failure.Rank, failure.ExitCode, failure.Class).ShouldBe((0, 7, FailureClass.User));
        (ended.Restarts, ended.PlatformRestarts, ended.Attempts!.Count).ShouldBe((0, 0, 1));
        (await platform.LogsAsync(job.Id)).ShouldBe("last words\n");
    }

    [Fact]
    public async Task A_restarted_server_adopts_running_tasks_and_still_steers_them()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var script = (string name) => $"echo $$ > {platform.Mark(name)}; {Jobs.Until(platform.Mark("end"))}";
        var stays = await platform.SubmitAsync(Jobs.Shell("stays", script("stays")));
        var cancelled = await platform.SubmitAsync(Jobs.Shell("cancelled", script("cancelled")));
        var (staysPid, cancelledPid) = (await platform.NumberAsync("stays"), await platform.NumberAsync("cancelled"));
        await platform.UntilAsync(stays.Id, job => job.Phase == JobPhase.Running);
        await platform.KillServerAsync();
        await platform.StartServerAsync();

        (await platform.Client.GetJobAsync(stays.Id, CancellationToken.None)).Phase.ShouldBe(JobPhase.Running);
        await platform.Client.CancelJobAsync(cancelled.Id, CancellationToken.None);
        (await platform.UntilFinishedAsync(cancelled.Id)).Phase.ShouldBe(JobPhase.Cancelled);
        ProcessFiles.IsAlive(cancelledPid).ShouldBeFalse();
        ProcessFiles.IsAlive(staysPid).ShouldBeTrue();

        platform.Say("end");
        var ended = await platform.UntilFinishedAsync(stays.Id);
        (ended.Phase, ended.Attempts!.Count, ended.PlatformRestarts).ShouldBe((JobPhase.Succeeded, 1, 0));
    }

    [Fact]
    public async Task A_server_told_to_stop_ends_with_success_and_leaves_its_tasks_running()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var job = await platform.SubmitAsync(Jobs.Shell("stays", $"echo $$ > {platform.Mark("pid")}; {Jobs.Until(platform.Mark("end"))}"));
        var pid = await platform.NumberAsync("pid");

        // An open stream must not hold the server up.
        using var reading = new CancellationTokenSource();
        var follower = FollowAsync(platform, job.Id, reading.Token);
        (await platform.StopServerAsync()).ShouldBe(0, platform.Output);
        ProcessFiles.IsAlive(pid).ShouldBeTrue();

        await platform.StartServerAsync();
        platform.Say("end");
        (await platform.UntilFinishedAsync(job.Id)).Phase.ShouldBe(JobPhase.Succeeded);
        await follower.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_second_server_on_the_same_state_is_refused_and_disturbs_nothing()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var (exitCode, output) = await RunningPlatform.RunServerAsync("--state", platform.State, "--listen", "127.0.0.1:7799");
        exitCode.ShouldBe(3, output);
        output.ShouldContain("error[StateFolder]");
        output.ShouldContain($"{platform.State} is in use by another convoy-server");
        (await platform.Client.WhoAmIAsync(CancellationToken.None)).Name.ShouldBe("admin");
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var (exitCode, output) = await RunningPlatform.RunServerAsync("--state", Path.Combine(platform.Root, "other"), "--listen", platform.Url.Authority, "--gpus", "0");
        exitCode.ShouldBe(3, output);
        output.ShouldContain($"error[AddressInUse]: {platform.Url.Authority} is in use");
    }

    [Fact]
    public async Task A_listen_address_beyond_loopback_without_encryption_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("convoy-e2e-");
        var state = Path.Combine(folder.FullName, "state");
        var (exitCode, output) = await RunningPlatform.RunServerAsync("--state", state, "--listen", "0.0.0.0:7799");
        exitCode.ShouldBe(2, output);
        output.ShouldContain("beyond loopback");
        Directory.Exists(state).ShouldBeFalse();
        folder.Delete();
    }

    private static async Task FollowAsync(RunningPlatform platform, string job, CancellationToken cancellationToken)
    {
        await foreach (var item in platform.Client.ReadLogsAsync(job, new Client.LogQuery { Follow = true }, cancellationToken))
        {
            if (item.End is not null) return;
        }
    }
}
