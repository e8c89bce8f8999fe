using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests;

/// <summary>What the server relies on, whatever the cluster is made of.</summary>
public abstract class ClusterContract
{
    protected abstract Task<IClusterBed> MakeBedAsync();

    [Fact]
    public async Task A_gang_runs_whole_and_its_exit_codes_are_told()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 3);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        for (var rank = 0; rank < 3; rank++) bed.End(wish.Assignment.JobId, rank, rank * 7);
        var seen = await cluster.UntilEndedAsync(wish);
        for (var rank = 0; rank < 3; rank++)
        {
            seen.EndOf(wish, rank)!.Outcome!.Code.ShouldBe(rank * 7);
            seen.EndOf(wish, rank)!.Outcome!.Stopped.ShouldBeFalse();
            seen.EndOf(wish, rank)!.At.ShouldBeGreaterThanOrEqualTo(seen.Of(wish, rank, TaskState.Running)!.At);
        }
    }

    [Fact]
    public async Task A_wish_repeated_at_any_time_starts_each_task_once()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 2);
        for (var i = 0; i < 5; i++) await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        for (var i = 0; i < 5; i++) await cluster.ApplyAsync(wish);
        cluster = await bed.OpenAsync();
        await cluster.ApplyAsync(wish);
        bed.End(wish.Assignment.JobId, 0, 0);
        bed.End(wish.Assignment.JobId, 1, 0);
        await cluster.UntilEndedAsync(wish);
        await cluster.ApplyAsync(wish);
        cluster = await bed.OpenAsync();
        await cluster.ApplyAsync(wish);
        await cluster.UntilEndedAsync(wish);
        bed.StartsOf(wish.Assignment.JobId, 0).ShouldBe(1);
        bed.StartsOf(wish.Assignment.JobId, 1).ShouldBe(1);
    }

    [Fact]
    public async Task An_observer_that_comes_and_goes_while_tasks_start_starts_each_once()
    {
        await using var bed = await MakeBedAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 2);
        for (var life = 0; life < 5; life++)
        {
            var cluster = await bed.OpenAsync();
            await cluster.ApplyAsync(wish);
            await Task.Delay(life * 30);
        }

        var last = await bed.OpenAsync();
        await last.UntilRunningAsync(wish);
        bed.End(wish.Assignment.JobId, 0, 0);
        bed.End(wish.Assignment.JobId, 1, 0);
        var seen = await last.UntilEndedAsync(wish);
        bed.StartsOf(wish.Assignment.JobId, 0).ShouldBe(1);
        bed.StartsOf(wish.Assignment.JobId, 1).ShouldBe(1);
        seen.EndOf(wish, 1)!.Outcome!.Code.ShouldBe(0);
    }

    [Fact]
    public async Task An_exit_that_nobody_watched_is_learnt_late()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        await cluster.DisposeAsync();
        bed.End(wish.Assignment.JobId, 0, 41);
        var seen = await (await bed.OpenAsync()).UntilEndedAsync(wish);
        seen.EndOf(wish, 0)!.Outcome!.Code.ShouldBe(41);
    }

    [Fact]
    public async Task A_new_life_tells_everything_and_a_known_cursor_only_what_is_new()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        bed.End(wish.Assignment.JobId, 0, 0);
        await cluster.UntilEndedAsync(wish);

        var whole = await cluster.ObserveAsync(null, CancellationToken.None);
        whole.IsComplete.ShouldBeTrue();
        whole.Nodes.ShouldNotBeNull();
        var nothing = await cluster.ObserveAsync(whole.Cursor, CancellationToken.None);
        nothing.IsComplete.ShouldBeFalse();
        nothing.Tasks.ShouldBeEmpty();
        nothing.Nodes.ShouldBeNull();

        var next = await bed.OpenAsync();
        var again = await next.ObserveAsync(whole.Cursor, CancellationToken.None);
        again.IsComplete.ShouldBeTrue();
        again.Tasks.ShouldContain(task => task.JobId == wish.Assignment.JobId && task.State == TaskState.Exited);
    }

    [Fact]
    public async Task A_forgotten_job_leaves_nothing_and_its_id_may_begin_anew()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 2);
        var job = wish.Assignment.JobId;
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        (await cluster.ForgetAsync(job, 1, CancellationToken.None)).ShouldBeFalse("its tasks run");
        for (var rank = 0; rank < 2; rank++) bed.End(job, rank, 0);
        await cluster.UntilEndedAsync(wish);
        while (!await cluster.ForgetAsync(job, 1, CancellationToken.None)) await Task.Delay(20);
        (await cluster.ForgetAsync(job, 1, CancellationToken.None)).ShouldBeTrue();
        (await cluster.ObserveAsync(null, CancellationToken.None)).Tasks.ShouldNotContain(task => task.JobId == job);
        cluster = await bed.OpenAsync();
        (await cluster.ObserveAsync(null, CancellationToken.None)).Tasks.ShouldNotContain(task => task.JobId == job);

        var started = bed.StartsOf(job, 0);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        await bed.UntilStartedAsync(wish, 0);
        bed.StartsOf(job, 0).ShouldBeLessThanOrEqualTo(started + 1);
        await cluster.ApplyAsync(wish.Stopped());
        await cluster.UntilEndedAsync(wish);
    }

    [Fact]
    public async Task An_older_generation_is_refused_for_good()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        var stop = wish.Stopped();
        await cluster.ApplyAsync(stop);
        await RefusesAsync(cluster);
        await RefusesAsync(await bed.OpenAsync());
        bed.StartsOf(wish.Assignment.JobId, 0).ShouldBe(0);

        async Task RefusesAsync(ICluster asked)
        {
            var refusal = (await asked.ApplyAsync([wish], CancellationToken.None)).ShouldHaveSingleItem();
            refusal.JobId.ShouldBe(wish.Assignment.JobId);
            refusal.Generation.ShouldBe(wish.Assignment.Generation);
            refusal.Permanent.ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_job_stopped_before_it_started_ends_all_its_tasks()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 4);
        await cluster.ApplyAsync(wish);
        await cluster.ApplyAsync(wish.Stopped());
        var seen = await cluster.UntilEndedAsync(wish);
        for (var rank = 0; rank < 4; rank++)
        {
            var end = seen.EndOf(wish, rank)!;
            if (end.State == TaskState.Exited) end.Outcome!.Stopped.ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_stop_for_an_attempt_never_heard_of_loses_its_tasks()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var stop = Wishes.Run(bed.Waiting, tasks: 2).Stopped();
        await cluster.ApplyAsync(stop);
        var seen = await cluster.UntilEndedAsync(stop);
        seen.EndOf(stop, 0)!.State.ShouldBe(TaskState.Lost);
        seen.EndOf(stop, 1)!.State.ShouldBe(TaskState.Lost);
    }

    [Fact]
    public async Task A_running_job_is_stopped_and_says_so()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 2);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        await cluster.ApplyAsync(wish.Stopped());
        var seen = await cluster.UntilEndedAsync(wish);
        for (var rank = 0; rank < 2; rank++) seen.EndOf(wish, rank)!.Outcome.ShouldNotBeNull().Stopped.ShouldBeTrue();
    }

    [Fact]
    public async Task The_next_attempt_starts_afresh()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        await bed.UntilStartedAsync(wish, 0);
        await cluster.ApplyAsync(wish.Stopped());
        await cluster.UntilEndedAsync(wish);
        var second = wish.Stopped().NextAttempt();
        await cluster.ApplyAsync(second);
        await cluster.UntilRunningAsync(second);
        bed.End(wish.Assignment.JobId, 0, 3);
        var seen = await cluster.UntilEndedAsync(second);
        seen.EndOf(second, 0)!.Outcome!.Code.ShouldBe(3);
        bed.StartsOf(wish.Assignment.JobId, 0).ShouldBe(2);
    }

    [Fact]
    public async Task Capacity_that_shrinks_is_told_and_running_tasks_run_on()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync(nodes: 2, devicesPerNode: 4);
        var wish = Wishes.Run(bed.Waiting, tasks: 2, devices: 4);
        await cluster.ApplyAsync(wish);
        var before = await cluster.UntilRunningAsync(wish);
        before.Nodes!.Select(node => node.Devices.Count).ShouldBe([4, 4]);

        cluster = await bed.OpenAsync(nodes: 1, devicesPerNode: 2);
        await cluster.ApplyAsync(wish);
        var during = await cluster.UntilAsync("nodes", seen => seen.Nodes is not null);
        during.Nodes!.ShouldHaveSingleItem().Devices.Count.ShouldBe(2);
        bed.End(wish.Assignment.JobId, 0, 0);
        bed.End(wish.Assignment.JobId, 1, 0);
        var after = await cluster.UntilEndedAsync(wish);
        after.EndOf(wish, 0)!.Outcome!.IsSuccess.ShouldBeTrue();
        after.EndOf(wish, 1)!.Outcome!.IsSuccess.ShouldBeTrue();
        bed.StartsOf(wish.Assignment.JobId, 1).ShouldBe(1);
    }

    [Fact]
    public async Task A_wish_for_a_node_or_device_that_is_not_there_is_refused_for_good()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync(nodes: 1, devicesPerNode: 1);
        var elsewhere = Wishes.Run(bed.Waiting, tasks: 2);
        var tooMany = Wishes.Run(bed.Waiting, devices: 2);
        var refusals = await cluster.ApplyAsync([elsewhere, tooMany], CancellationToken.None);
        refusals.Select(refusal => refusal.JobId).ShouldBe([elsewhere.Assignment.JobId, tooMany.Assignment.JobId]);
        refusals.ShouldAllBe(refusal => refusal.Permanent);

        // The server answers with a stop, which must bring the attempt to an end.
        await cluster.ApplyAsync(elsewhere.Stopped());
        (await cluster.UntilEndedAsync(elsewhere)).EndOf(elsewhere, 0)!.State.ShouldBe(TaskState.Lost);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_is_asked_and_whenever_the_observer_dies_every_task_taken_ends_and_none_starts_twice(int seed)
    {
        await using var bed = await MakeBedAsync();
        var random = new Random(seed);
        var cluster = await bed.OpenAsync();
        var jobs = Enumerable.Range(0, 3).Select(_ => Wishes.Run(bed.Waiting, tasks: random.Next(1, 3))).ToArray();
        var taken = new ClusterAssignment?[jobs.Length];
        for (var step = 0; step < 15; step++)
        {
            var i = random.Next(jobs.Length);
            switch (random.Next(5))
            {
                case 0 or 1:
                    // Until it is stopped this is new or a repetition, and then it is old.
                    var refused = (await cluster.ApplyAsync([jobs[i]], CancellationToken.None)).Count > 0;
                    refused.ShouldBe(taken[i]?.Assignment.Wanted == WantedState.Stop);
                    taken[i] ??= jobs[i];
                    break;
                case 2:
                    taken[i] = jobs[i].Stopped();
                    await cluster.ApplyAsync(taken[i]!);
                    break;
                case 3:
                    cluster = await bed.OpenAsync();
                    break;
                default:
                    bed.End(jobs[i].Assignment.JobId, 0, 0);
                    break;
            }

            await Task.Delay(random.Next(40));
        }

        for (var i = 0; i < jobs.Length; i++)
        {
            if (taken[i] is null) continue;
            await cluster.ApplyAsync(jobs[i].Stopped());
            await cluster.UntilEndedAsync(jobs[i]);
            for (var rank = 0; rank < jobs[i].Assignment.Tasks.Count; rank++) bed.StartsOf(jobs[i].Assignment.JobId, rank).ShouldBeLessThanOrEqualTo(1);
        }
    }
}
