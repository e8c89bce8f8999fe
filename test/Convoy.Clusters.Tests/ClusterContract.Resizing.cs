using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests;

/// <summary>The same attempt goes on with more tasks, or with fewer.</summary>
public abstract partial class ClusterContract
{
    [Fact]
    public async Task A_gang_that_grows_starts_the_new_task_and_leaves_the_others_alone()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var small = Wishes.Run(bed.Waiting, tasks: 2);
        await cluster.ApplyAsync(small);
        await cluster.UntilRunningAsync(small);
        var grown = small.Grown();
        for (var i = 0; i < 3; i++) await cluster.ApplyAsync(grown);
        await cluster.UntilRunningAsync(grown);
        for (var rank = 0; rank < 3; rank++) bed.End(small.Assignment.JobId, rank, rank);
        var seen = await cluster.UntilEndedAsync(grown);
        for (var rank = 0; rank < 3; rank++)
        {
            seen.EndOf(grown, rank)!.Outcome!.Code.ShouldBe(rank);
            bed.StartsOf(small.Assignment.JobId, rank).ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_gang_that_shrinks_stops_what_was_released_and_leaves_the_others_alone()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var whole = Wishes.Run(bed.Waiting, tasks: 3);
        await cluster.ApplyAsync(whole);
        await cluster.UntilRunningAsync(whole);
        for (var rank = 0; rank < 3; rank++) await bed.UntilStartedAsync(whole, rank);
        var left = whole.Without(1);
        await cluster.ApplyAsync(left);
        var seen = await cluster.UntilAsync("the released one's end", seen => seen.EndOf(left, 1) is not null);
        seen.EndOf(left, 1)!.Outcome!.Stopped.ShouldBeTrue();
        (seen.EndOf(left, 0), seen.EndOf(left, 2)).ShouldBe((null, null));
        bed.End(whole.Assignment.JobId, 0, 0);
        bed.End(whole.Assignment.JobId, 2, 0);
        seen = await cluster.UntilEndedAsync(left);
        (seen.EndOf(left, 0)!.Outcome!.Stopped, seen.EndOf(left, 2)!.Outcome!.Stopped).ShouldBe((false, false));
    }

    [Fact]
    public async Task A_task_that_failed_is_replaced_on_its_own_devices_and_the_others_are_left_alone()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync(nodes: 2, devicesPerNode: 2);
        var whole = Wishes.Run(bed.Waiting, tasks: 2, devices: 2);
        await cluster.ApplyAsync(whole);
        await cluster.UntilRunningAsync(whole);
        await bed.UntilStartedAsync(whole, 1);
        bed.End(whole.Assignment.JobId, 1, 3);
        await cluster.UntilAsync("one failed", seen => seen.EndOf(whole, 1) is not null);

        var replaced = whole.Without(1).Grown();
        replaced = replaced with { Assignment = replaced.Assignment with { Tasks = [.. whole.Assignment.Tasks, whole.Assignment.Tasks[1] with { Rank = 2, RoleIndex = 2 }] } };
        await cluster.ApplyAsync(replaced);
        await cluster.UntilAsync("the other runs", seen => seen.Of(replaced, 2, TaskState.Running) is not null);
        bed.End(whole.Assignment.JobId, 0, 0);
        bed.End(whole.Assignment.JobId, 2, 0);
        var ends = await cluster.UntilEndedAsync(replaced);
        (ends.EndOf(replaced, 0)!.Outcome!.Stopped, ends.EndOf(replaced, 1)!.Outcome!.Code, ends.EndOf(replaced, 2)!.Outcome!.IsSuccess).ShouldBe((false, 3, true));
        Enumerable.Range(0, 3).Select(rank => bed.StartsOf(whole.Assignment.JobId, rank)).ShouldBe([1, 1, 1]);
    }

    [Fact]
    public async Task What_was_released_before_it_started_ends_and_never_starts_again()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var left = Wishes.Run(bed.Waiting, tasks: 1).Grown().Without(1);
        await cluster.ApplyAsync(left);
        (await cluster.UntilAsync("the released one's end", seen => seen.EndOf(left, 1) is not null)).EndOf(left, 1)!.State.ShouldBe(TaskState.Lost);
        cluster = await bed.OpenAsync();
        await cluster.ApplyAsync(left);
        bed.End(left.Assignment.JobId, 0, 0);
        await cluster.UntilEndedAsync(left);
        (bed.StartsOf(left.Assignment.JobId, 0), bed.StartsOf(left.Assignment.JobId, 1)).ShouldBe((1, 0));
    }

    [Fact]
    public async Task What_comes_when_all_the_others_have_ended_never_starts()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var small = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(small);
        bed.End(small.Assignment.JobId, 0, 0);
        await cluster.UntilEndedAsync(small);
        var grown = small.Grown();
        await cluster.ApplyAsync(grown);
        var seen = await cluster.UntilEndedAsync(grown);
        (seen.EndOf(grown, 0)!.Outcome!.Code, seen.EndOf(grown, 1)!.State).ShouldBe((0, TaskState.Lost));
        seen = await (await bed.OpenAsync()).UntilEndedAsync(grown);
        (seen.EndOf(grown, 0)!.Outcome!.Code, seen.EndOf(grown, 1)!.State).ShouldBe((0, TaskState.Lost));
        bed.StartsOf(small.Assignment.JobId, 1).ShouldBe(0);
    }

    [Fact]
    public async Task A_wish_that_loses_a_task_or_gets_one_back_or_grows_to_where_nothing_is_is_refused_for_good_and_changes_nothing()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var whole = Wishes.Run(bed.Waiting, tasks: 2);
        var left = whole.Without(1);
        await cluster.ApplyAsync(whole);
        await cluster.UntilRunningAsync(whole);
        await RefusesAsync(left with { Assignment = left.Assignment with { Tasks = [whole.Assignment.Tasks[0]], Released = [] } });
        await RefusesAsync(whole.Grown(nodes: 9));
        await cluster.ApplyAsync(left);
        await RefusesAsync(left with { Assignment = left.Assignment with { Generation = 7, Released = [] } });
        bed.End(whole.Assignment.JobId, 0, 0);
        (await cluster.UntilEndedAsync(left)).EndOf(left, 0)!.Outcome!.IsSuccess.ShouldBeTrue();

        async Task RefusesAsync(ClusterAssignment wish) => (await cluster.ApplyAsync([wish], CancellationToken.None)).ShouldHaveSingleItem().Permanent.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task However_often_a_gang_changes_its_size_and_whenever_the_observer_dies_every_task_ends_and_none_starts_twice(int seed)
    {
        await using var bed = await MakeBedAsync();
        var random = new Random(seed);
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(wish);
        for (var step = 0; step < 12; step++)
        {
            int[] members = [.. wish.Assignment.Members.Select(task => task.Rank)];
            switch (random.Next(4))
            {
                case 0 or 1:
                    wish = members.Length > 2 ? wish.Without(members[random.Next(1, members.Length)]) : wish.Grown();
                    await cluster.ApplyAsync(wish);
                    break;
                case 2:
                    cluster = await bed.OpenAsync();
                    break;
                default:
                    await cluster.ApplyAsync(wish);
                    break;
            }

            await Task.Delay(random.Next(40));
        }

        await cluster.ApplyAsync(wish.Stopped());
        await cluster.UntilEndedAsync(wish);
        for (var rank = 0; rank < wish.Assignment.Tasks.Count; rank++) bed.StartsOf(wish.Assignment.JobId, rank).ShouldBeLessThanOrEqualTo(1);
    }
}
