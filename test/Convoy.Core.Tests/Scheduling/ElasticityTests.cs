using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

public sealed class ElasticityTests
{
    private static readonly Node[] OneNodeOf8 = [Worlds.Node("n0", 8)];

    [Fact]
    public void A_newcomer_of_the_same_level_takes_the_highest_ranks_above_the_minimum_and_no_more()
    {
        var plan = Plan([Worlds.Pending(9, 1, 3, "bob")], Elastic(1, min: 2, places: 8));
        plan.Evictions.ShouldBeEmpty();
        var resize = plan.Resizes.ShouldHaveSingleItem();
        (resize.Job, resize.For.Single()).ShouldBe((Worlds.Standing(1).Id, Worlds.Standing(9, "bob").Id));
        resize.Tasks.Select(task => (task.Rank, task.Devices.Single())).ShouldBe([(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]);
        plan.Gangs.ShouldHaveSingleItem().Tasks.Single().Devices.ShouldBe([5, 6, 7]);
        plan.MustWait(Worlds.Standing(9, "bob").Id).ShouldBeTrue();
    }

    [Fact]
    public void Even_a_lower_level_takes_what_is_above_the_minimum_but_nothing_below_it()
    {
        Plan([Worlds.Pending(9, 1, 6, "bob", "intern")], Elastic(1, min: 2, places: 8)).Resizes.ShouldHaveSingleItem().Tasks.Count.ShouldBe(2);
        var none = Plan([Worlds.Pending(9, 1, 7, "bob", "intern")], Elastic(1, min: 2, places: 8));
        (none.Resizes.Count, none.Evictions.Count, none.Waiting.Count).ShouldBe((0, 0, 1));
    }

    [Fact]
    public void Surplus_counts_as_free_while_victims_are_sought()
    {
        // 6 wanted: 2 of the elastic job's surplus and the death of the one that holds 4; with that, the third may keep its 4.
        Node[] nodes = [Worlds.Node("n0", 8), Worlds.Node("n1", 4)];
        var plan = Scheduler.Plan(
            Worlds.Snapshot(nodes, [Worlds.Pending(9, 1, 6, "bob", "senior")], Elastic(1, min: 2, places: 4), Fixed(2, "n0", [4, 5, 6, 7]), Fixed(3, "n1", [0, 1, 2, 3])), Worlds.Policy, Worlds.Now);
        plan.Evictions.ShouldHaveSingleItem().Victim.ShouldBe(Worlds.Standing(2).Id);
        plan.Resizes.ShouldHaveSingleItem().Tasks.Count.ShouldBe(2);
    }

    [Fact]
    public void One_job_gives_for_two_newcomers_before_another_has_to_begin_anew()
    {
        Node[] nodes = [Worlds.Node("n0", 4), Worlds.Node("n1", 4)];
        var plan = Scheduler.Plan(
            Worlds.Snapshot(nodes, [Worlds.Pending(8, 1, 1, "bob"), Worlds.Pending(9, 1, 1, "eve")], Elastic(1, min: 1, places: 4), Elastic(2, min: 1, places: 4, node: "n1")), Worlds.Policy, Worlds.Now);
        plan.Resizes.ShouldHaveSingleItem().For.ShouldBe([Worlds.Standing(8, "bob").Id, Worlds.Standing(9, "eve").Id]);
    }

    [Fact]
    public void What_is_being_given_up_is_claimed_and_nobody_else_is_asked()
    {
        var shrinking = Elastic(1, min: 2, places: 8);
        shrinking = shrinking with { IsResizing = true, Places = [.. shrinking.Places.Select((place, rank) => place with { IsLeaving = rank >= 5 })] };
        var plan = Plan([Worlds.Pending(9, 1, 3, "bob")], shrinking);
        plan.Resizes.ShouldBeEmpty();
        plan.Claims.ShouldHaveSingleItem().Tasks.Single().Devices.ShouldBe([5, 6, 7]);
        Plan([Worlds.Pending(9, 1, 4, "bob", "senior")], shrinking).Evictions.ShouldBeEmpty();
    }

    [Fact]
    public void A_running_job_grows_into_what_nobody_wants_once_it_has_run_for_a_while()
    {
        var job = Elastic(1, min: 2, places: 2);
        Plan([], job).Resizes.ShouldHaveSingleItem().Tasks.Select(task => task.Devices.Single()).ShouldBe([0, 1, 2, 3, 4, 5, 6, 7]);
        Plan([], job with { StartedAt = Worlds.Now - TimeSpan.FromMinutes(9) }).Resizes.ShouldBeEmpty();
        Plan([], job with { IsStopping = true }).Resizes.ShouldBeEmpty();
        Plan([], job with { IsResizing = true }).Resizes.ShouldBeEmpty();
        var capped = new SchedulingPolicy([new Level("engineer", 20, MaxGpusPerJob: 5)]);
        Scheduler.Plan(Worlds.Snapshot(OneNodeOf8, [], job), capped, Worlds.Now).Resizes.ShouldHaveSingleItem().Tasks.Count.ShouldBe(5);
    }

    [Fact]
    public void Nobody_grows_into_what_is_promised()
    {
        // The gang of 8 is promised the node from when the other job ends; the elastic one would outlive that.
        var busy = Fixed(2, "n1", [0, 1, 2, 3]) with { MaxDuration = TimeSpan.FromHours(7) };
        var plan = Scheduler.Plan(Worlds.Snapshot([Worlds.Node("n1", 8), Worlds.Node("n0", 2)], [Worlds.Pending(9, 1, 8, "bob")], busy, Elastic(1, min: 2, places: 2)), Worlds.Policy, Worlds.Now);
        plan.Reservations.ShouldHaveSingleItem();
        plan.Resizes.ShouldBeEmpty();
    }

    [Fact]
    public void Resizing_comes_to_rest_and_what_is_given_is_used() => Worlds.Random.Sample(world =>
    {
        var sizes = 0;
        for (var plan = Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now); plan.Gangs.Count + plan.Resizes.Count > 0; plan = Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now))
        {
            foreach (var resize in plan.Resizes)
            {
                var job = world.Snapshot.Running.Single(running => running.Standing.Id == resize.Job);
                foreach (var role in job.Roles) resize.Tasks.Count(task => task.Role == role.Role).ShouldBeInRange(role.Min, role.Max);
                if (resize.IsMove) resize.Tasks.Count.ShouldBe(job.Places.Count);
                else if (resize.For.Count == 0) resize.Tasks.Count.ShouldBeGreaterThan(job.Places.Count);
                else resize.Tasks.Count.ShouldBeLessThan(job.Places.Count);
            }

            world.Snapshot = Worlds.Applied(world.Snapshot, plan);
            sizes++.ShouldBeLessThan(4);
        }
    }, iter: 3_000);

    internal static RunningJob Elastic(int sequence, int min, int places, int max = 8, string node = "n0") =>
        new(Worlds.Standing(sequence), "local", [.. Enumerable.Range(0, places).Select(device => new HeldPlace(node, new(1000, 0, 1), [device]) { Role = "worker" })])
        {
            StartedAt = Worlds.Now - TimeSpan.FromHours(1), Accelerator = "A100-80G", Roles = [new RoleDemand("worker", min, max, new(1000, 0, 1), [])],
        };

    private static RunningJob Fixed(int sequence, string node, int[] devices) =>
        new(Worlds.Standing(sequence), "local", [new HeldPlace(node, new(1000, 0, devices.Length), devices)]) { StartedAt = Worlds.Now - TimeSpan.FromHours(1) };

    private static Plan Plan(PendingJob[] pending, RunningJob running) => Scheduler.Plan(Worlds.Snapshot(OneNodeOf8, pending, running), Worlds.Policy, Worlds.Now);
}
