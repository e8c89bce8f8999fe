using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class HangTests
{
    [Fact]
    public async Task The_rank_that_fell_silent_first_is_stopped_and_said_to_hang_and_the_silent_ones_are_left_to_the_platform()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var wish = Hanging("if [ $CONVOY_RANK = 1 ]; then echo here; fi; while true; do sleep 0.1; done", tasks: 2);
        await cluster.ApplyAsync(wish);
        var seen = await cluster.UntilAsync("a hang", seen => seen.EndOf(wish, 1) is not null);
        var outcome = seen.EndOf(wish, 1)!.Outcome!;
        (outcome.Hung, outcome.Stopped, outcome.Signal, outcome.Message).ShouldBe((true, true, 15, "no output and no report for 1s"));
        seen.EndOf(wish, 0).ShouldBeNull();
        await cluster.ApplyAsync(wish.Stopped());
        (await cluster.UntilEndedAsync(wish)).EndOf(wish, 0)!.Outcome!.Hung.ShouldBeFalse();
    }

    [Fact]
    public async Task A_hang_is_found_by_the_life_that_comes_after_the_one_in_which_it_began()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var wish = Hanging("echo here; trap 'exit 0' TERM; while true; do sleep 0.1; done");
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        cluster = await bed.OpenAsync();
        var outcome = (await cluster.UntilEndedAsync(wish)).EndOf(wish, 0)!.Outcome!;
        (outcome.Code, outcome.Hung, outcome.IsSuccess).ShouldBe((0, true, false));
        cluster = await bed.OpenAsync();
        (await cluster.UntilEndedAsync(wish)).EndOf(wish, 0)!.Outcome.ShouldBe(outcome);
    }

    private static ClusterAssignment Hanging(string script, int tasks = 1) =>
        Wishes.Run(["/bin/sh", "-c", script], tasks, change: spec => spec with { Recovery = new RecoverySpec { HangTimeout = TimeSpan.FromSeconds(1) } });
}
