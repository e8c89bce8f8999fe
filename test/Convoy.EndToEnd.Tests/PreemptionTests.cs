using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>An intern's job fills the machine, and a senior's comes.</summary>
public sealed class PreemptionTests : IAsyncLifetime
{
    private RunningPlatform platform = null!;
    private ConvoyClient intern = null!;
    private ConvoyClient senior = null!;
    private string internToken = null!;

    public async ValueTask InitializeAsync()
    {
        platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 2, Environment.IsPrivilegedProcess ? [] : ["--trust-tasks"]);
        internToken = await platform.AddPersonAsync("ian", "intern");
        intern = platform.ClientOf(internToken);
        senior = platform.ClientOf(await platform.AddPersonAsync("sue", "senior"));
    }

    public ValueTask DisposeAsync() => platform.DisposeAsync();

    [Fact]
    public async Task The_interns_job_makes_way_saves_itself_and_goes_on_from_its_checkpoint_when_the_seniors_has_ended()
    {
        platform.Say("may-stop");
        var low = await platform.SubmitAsync(Trains(), intern);
        await platform.HeardAsync("begun");

        var high = await platform.SubmitAsync(Jobs.Shell("high", Jobs.Until(platform.Mark("enough")), gpus: 2), senior);
        await platform.UntilAsync(high.Id, job => job.Phase == JobPhase.Running);

        // Submitted later by the same person: the evicted one keeps its place in front of it.
        var later = await platform.SubmitAsync(Jobs.Shell("later", "true", gpus: 2), intern);
        (await platform.Client.GetJobAsync(low.Id, CancellationToken.None)).Phase.ShouldBe(JobPhase.Pending);
        await Eventually.HoldsAsync("the evicted job is first in line", async () => (await platform.Client.ListQueueAsync(null, 10, CancellationToken.None)).Items.Select(entry => entry.Id).SequenceEqual([low.Id, later.Id]));
        platform.Say("enough");

        var ended = await EndedAsync(low);
        await platform.UntilFinishedAsync(later.Id);
        (await platform.EventsAsync(later.Id)).Single(happened => happened.Type == "Assigned").At.ShouldBeGreaterThanOrEqualTo(ended.EndedAt!.Value);
        using var convoy = new ConvoyCommand(platform.Url, internToken);
        var lines = (await convoy.RunAsync("list")).Output.Split('\n');
        lines.Single(line => line.StartsWith(low.Id, StringComparison.Ordinal))[..(lines[0].IndexOf("RESTARTS", StringComparison.Ordinal) + "RESTARTS".Length)].ShouldEndWith(" 1");
        (await convoy.RunAsync("logs", low.Id, "--attempt", "1")).Output.ShouldSatisfyAllConditions(log => log.ShouldStartWith("begun\n"), log => log.ShouldContain("saved\n"));
        (await convoy.RunAsync("logs", low.Id)).Output.ShouldBe("resumed from step 7\n");
        (await platform.EventsAsync(low.Id)).ShouldContain(happened => happened.Message.ToString() == $"told to stop (Preempted by {high.Id})");
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_of_an_eviction_neither_forgets_it_nor_evicts_twice()
    {
        var low = await platform.SubmitAsync(Trains(), intern);
        await platform.HeardAsync("begun");
        var high = await platform.SubmitAsync(Jobs.Shell("high", "true", gpus: 2), senior);
        await platform.HeardAsync("told");
        await platform.KillServerAsync();
        await platform.StartServerAsync();

        // It has not stopped yet, and nobody got its devices.
        (await platform.Client.GetJobAsync(low.Id, CancellationToken.None)).Phase.ShouldBe(JobPhase.Stopping);
        await Eventually.HoldsAsync("the senior's job knows why it waits", async () => (await platform.Client.WhyAsync(high.Id, CancellationToken.None)).Reason == "WaitingForPreemption");
        platform.Say("may-stop");

        (await platform.UntilFinishedAsync(high.Id)).Phase.ShouldBe(JobPhase.Succeeded);
        await EndedAsync(low);
        (await platform.EventsAsync(low.Id)).Count(happened => happened.Type == "Stopping").ShouldBe(1);
    }

    /// <summary>Saves itself when it is told to stop, as soon as it may, and goes on from there the next time.</summary>
    private JobSpec Trains() => Jobs.Shell("low", $"""
        if [ -e "$CONVOY_CHECKPOINT_DIR/step" ]; then echo "resumed from step $(cat "$CONVOY_CHECKPOINT_DIR/step")"; exit 0; fi
        trap 'touch {platform.Mark("told")}; {Jobs.Until(platform.Mark("may-stop"))}; echo 7 > "$CONVOY_CHECKPOINT_DIR/step"; echo saved; exit 0' TERM
        echo begun
        touch {platform.Mark("begun")}
        while :; do sleep 0.05; done
        """, gpus: 2) with { Checkpoint = new CheckpointSpec { Grace = Eventually.Patience } };

    private async Task<JobView> EndedAsync(JobView low)
    {
        var ended = await platform.UntilFinishedAsync(low.Id);
        (ended.Phase, ended.Restarts, ended.PlatformRestarts, ended.Attempts!.Count).ShouldBe((JobPhase.Succeeded, 0, 1, 2));
        return ended;
    }
}
