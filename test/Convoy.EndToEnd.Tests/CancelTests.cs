using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

public sealed class CancelTests
{
    [Fact]
    public async Task Cancelling_stops_grandchildren_in_sessions_of_their_own_and_keeps_the_logs()
    {
        await using var platform = await RunningPlatform.StartAsync();
        var marks = platform.Marks;
        await File.WriteAllTextAsync(platform.Mark("grandchild.sh"), $"trap '' TERM HUP; echo $$ > {marks}/grandchild-$CONVOY_RANK; while true; do sleep 0.2; done");
        await File.WriteAllTextAsync(platform.Mark("child.sh"), $"setsid /bin/sh {marks}/grandchild.sh & while true; do sleep 0.2; done");
        var script = $"""
            trap '' TERM
            setsid /bin/sh {marks}/child.sh &
            echo $$ > {marks}/main-$CONVOY_RANK
            echo rank $CONVOY_RANK was here
            while true; do sleep 0.2; done
            """;
        var spec = Jobs.Shell("stubborn", script, tasks: 2);
        var job = await platform.SubmitAsync(spec with { Checkpoint = spec.Checkpoint with { Grace = TimeSpan.FromSeconds(1) } });
        int[] pids = [await platform.NumberAsync("main-0"), await platform.NumberAsync("main-1"), await platform.NumberAsync("grandchild-0"), await platform.NumberAsync("grandchild-1")];
        pids.ShouldAllBe(pid => ProcessFiles.IsAlive(pid));

        await platform.Client.CancelJobAsync(job.Id, CancellationToken.None);
        var ended = await platform.UntilFinishedAsync(job.Id);
        (ended.Phase, ended.CancelledBy).ShouldBe((JobPhase.Cancelled, "admin"));
        pids.ShouldAllBe(pid => !ProcessFiles.IsAlive(pid));
        ProcessFiles.Of(job.Id).ShouldBeEmpty();
        (await platform.LogsAsync(job.Id, rank: 0)).ShouldBe("rank 0 was here\n");
        (await platform.LogsAsync(job.Id, rank: 1)).ShouldBe("rank 1 was here\n");
        (await platform.Client.ListNodesAsync(null, null, CancellationToken.None)).Items.ShouldAllBe(node => node.GpusFree == 8 && node.Jobs.Count == 0);
    }

    [Fact]
    public async Task A_waiting_job_is_cancelled_without_ever_starting()
    {
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 1);
        var holder = await platform.SubmitAsync(Jobs.Shell("holder", Jobs.Until(platform.Mark("end")), gpus: 1));
        await platform.UntilAsync(holder.Id, job => job.Phase == JobPhase.Running);
        var waiting = await platform.SubmitAsync(Jobs.Shell("waiting", $"touch {platform.Mark("ran")}", gpus: 1));
        (await platform.Client.CancelJobAsync("waiting", CancellationToken.None)).Phase.ShouldBe(JobPhase.Cancelled);
        platform.Say("end");
        await platform.UntilFinishedAsync(holder.Id);
        (await platform.UntilFinishedAsync(waiting.Id)).Attempts!.ShouldBeEmpty();
        File.Exists(platform.Mark("ran")).ShouldBeFalse();
    }
}
