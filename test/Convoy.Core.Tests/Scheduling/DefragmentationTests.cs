using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Eight devices are free for a gang of eight, but on two nodes: who goes on elsewhere, and who does not.</summary>
public sealed class DefragmentationTests
{
    private static readonly PendingJob Whole = Worlds.Pending(9, 1, 8, "bob");

    /// <summary>On half of n0, and may not be evicted, so not moved either.</summary>
    private static readonly RunningJob Fixed = Running(1, "n0", 4) with { Preemptible = false };

    /// <summary>On half of n1.</summary>
    private static readonly RunningJob Movable = Running(2, "n1", 4);

    [Fact]
    public void Who_is_in_the_way_goes_on_where_there_is_room_and_the_gang_waits_until_it_has_left()
    {
        var plan = Planned(Fixed, Movable);
        var move = plan.Resizes.ShouldHaveSingleItem();
        (move.IsMove, move.Job, move.For.Single(), move.Tasks.Single().Node).ShouldBe((true, Movable.Standing.Id, Whole.Standing.Id, "n0"));
        plan.Gangs.Single().Tasks.Single().Node.ShouldBe("n1");
        plan.MustWait(Whole.Standing.Id).ShouldBeTrue();
        plan.Waiting.ShouldBeEmpty();
    }

    [Fact]
    public void Of_two_that_would_do_the_one_moves_that_loses_less()
    {
        Planned(Running(1, "n0", 4, savedMinutes: 20), Running(2, "n1", 4, savedMinutes: 5)).Resizes.Single().Job.ShouldBe(Worlds.Standing(2).Id);
        Planned(Running(1, "n0", 4, savedMinutes: 5), Running(2, "n1", 4, savedMinutes: 20)).Resizes.Single().Job.ShouldBe(Worlds.Standing(1).Id);
    }

    [Fact]
    public void One_moves_rather_than_two_that_lose_less() =>
        Planned(Running(1, "n0", 4, savedMinutes: 20), Running(2, "n1", 2, savedMinutes: 1), Running(3, "n1", 2, savedMinutes: 1, first: 2)).Resizes.Single().Job.ShouldBe(Worlds.Standing(1).Id);

    [Fact]
    public void Two_move_where_one_is_not_enough() =>
        Planned(Fixed, Running(2, "n1", 2), Running(3, "n1", 2, first: 2)).Resizes.Select(move => move.Tasks.Single().Node).ShouldBe(["n0", "n0"]);

    [Fact]
    public void Nobody_is_moved_who_may_not_be_evicted() => Stays(Movable with { Preemptible = false });

    [Fact]
    public void Nobody_of_a_higher_level_is_moved_for_a_lower() => Stays(Movable with { Standing = Worlds.Standing(2, level: "senior") });

    [Fact]
    public void Nobody_is_moved_before_it_has_run_for_ten_minutes_nor_within_its_levels_minimum_run_time()
    {
        Stays(Since(Movable, minutes: 9));
        Planned(Fixed, Since(Movable, minutes: 10)).Resizes.ShouldHaveSingleItem();
        Stays(Since(Movable, minutes: 29), Worlds.Policy with { Levels = [new Level("engineer", 20) { MinRunTime = TimeSpan.FromMinutes(30) }] });
    }

    [Fact]
    public void Nobody_is_moved_twice_a_day()
    {
        Stays(Movable with { MovedAt = Worlds.Now - TimeSpan.FromHours(23) });
        Planned(Fixed, Movable with { MovedAt = Worlds.Now - TimeSpan.FromHours(24) }).Resizes.ShouldHaveSingleItem();
    }

    [Fact]
    public void Nobody_is_moved_who_would_lose_more_than_an_hour_of_work()
    {
        Stays(Since(Movable, minutes: 61) with { CheckpointedAt = null });
        Planned(Fixed, Since(Movable, minutes: 60) with { CheckpointedAt = null }).Resizes.ShouldHaveSingleItem();
    }

    [Fact]
    public void Nobody_is_moved_that_is_on_its_way_already()
    {
        Stays(Movable with { IsStopping = true });
        Stays(Movable with { IsResizing = true });
    }

    [Fact]
    public void Nobody_is_moved_whose_roles_or_type_are_not_told()
    {
        Stays(Movable with { Roles = [] });
        Stays(Movable with { Accelerator = null });
    }

    [Fact]
    public void Nobody_is_moved_where_moves_cannot_be_carried_out() => Stays(Movable, new SchedulingPolicy(Level.Defaults));

    [Fact]
    public void Nobody_is_moved_that_would_have_no_place()
    {
        // 5 and 5 are free, and it holds 6.
        Node[] nodes = [Worlds.Node("n0", 8), Worlds.Node("n1", 8), Worlds.Node("n2", 8)];
        Planned(nodes, Worlds.Policy, Whole, Running(1, "n0", 3) with { Preemptible = false }, Running(2, "n1", 6), Running(3, "n2", 3) with { Preemptible = false }).Resizes.ShouldBeEmpty();
    }

    [Fact]
    public void Nobody_is_moved_where_the_gang_would_not_fit_then() =>
        Planned(Fixed, Running(2, "n1", 2), Running(3, "n1", 2, first: 2) with { Preemptible = false }).Resizes.ShouldBeEmpty();

    [Fact]
    public void Nobody_is_moved_for_a_gang_that_may_have_what_others_leave_or_fits()
    {
        Planned(Fixed, Movable with { IsStopping = true }).Claims.ShouldHaveSingleItem();
        Planned([Worlds.Node("n0", 8), Worlds.Node("n1", 8), Worlds.Node("n2", 8)], Worlds.Policy, Whole, Fixed, Movable).Resizes.ShouldBeEmpty();
    }

    [Fact]
    public void Nobody_moves_to_machines_that_are_promised()
    {
        // All is promised to the first from in nine hours on; the second would have gone by then, the mover not.
        var first = Worlds.Pending(8, 2, 8, "eve");
        var snapshot = Worlds.Snapshot(TwoNodes, [first, Whole with { MaxDuration = TimeSpan.FromHours(1) }], Long(Fixed), Long(Movable));
        var plan = Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now);
        plan.Reservations.ShouldContain(promise => promise.Gang.Job == first.Standing.Id);
        plan.Resizes.ShouldBeEmpty();

        static RunningJob Long(RunningJob job) => job with { MaxDuration = TimeSpan.FromHours(10) };
    }

    [Fact]
    public void A_mover_stays_as_close_together_as_it_must()
    {
        Node[] nodes = [Worlds.Node("n0", 2), Worlds.Node("n1", 8), Worlds.Node("n2", 2)];
        var mover = Movable with
        {
            Places = [.. Movable.Places.Select(place => place with { Taken = new(1000, 0, 2), Devices = [0, 1] }), .. Movable.Places.Select(place => place with { Taken = new(1000, 0, 2), Devices = [2, 3] })],
            Roles = [new RoleDemand("worker", 2, 2, new(1000, 0, 2), [])],
        };
        Planned(nodes, Worlds.Policy, Whole, mover).Resizes.Single().Tasks.Select(task => task.Node).ShouldBe(["n0", "n2"], ignoreOrder: true);
        Planned(nodes, Worlds.Policy, Whole, mover with { Topology = new TopologyWish(TopologyLevel.Node, IsRequired: true) }).Resizes.ShouldBeEmpty();
    }

    [Fact]
    public void An_elastic_job_moves_at_the_size_that_it_has()
    {
        Node[] nodes = [Worlds.Node("n0", 8), Worlds.Node("n1", 8)];
        var elastic = Movable with
        {
            Places = [.. Enumerable.Range(0, 4).Select(device => new HeldPlace("n1", new(1000, 0, 1), [device]) { Role = "worker" })],
            Roles = [new RoleDemand("worker", 4, 8, new(1000, 0, 1), [])],
        };
        Planned(nodes, Worlds.Policy, Whole, Fixed, elastic).Resizes.Single().Tasks.Count.ShouldBe(4);
    }

    [Fact]
    public void A_gang_that_must_lie_in_one_rack_has_its_rack_emptied()
    {
        Node[] nodes = [.. Enumerable.Range(0, 4).Select(i => Worlds.Node($"n{i}", 8) with { Topology = ["region", "zone", "block", $"rack-{i / 2}"] })];
        var gang = Worlds.Pending(9, 2, 8, "bob") with { Topology = new TopologyWish(TopologyLevel.Rack, IsRequired: true) };
        var plan = Planned(nodes, Worlds.Policy, gang, Running(1, "n0", 8) with { Preemptible = false }, Running(2, "n2", 8));
        plan.Resizes.Single().Tasks.Single().Node.ShouldBe("n1");
        plan.Gangs.Single().Tasks.Select(task => task.Node).ShouldBe(["n2", "n3"], ignoreOrder: true);
    }

    private static Node[] TwoNodes { get; } = [Worlds.Node("n0", 8), Worlds.Node("n1", 8)];

    private static RunningJob Running(int sequence, string node, int devices, int savedMinutes = 0, int first = 0)
    {
        var each = new ResourceVector(1000, 0, devices);
        return new RunningJob(Worlds.Standing(sequence), "local", [new HeldPlace(node, each, [.. Enumerable.Range(first, devices)]) { Role = "worker" }])
        {
            StartedAt = Worlds.Now - TimeSpan.FromHours(1),
            CheckpointedAt = Worlds.Now - TimeSpan.FromMinutes(savedMinutes),
            Roles = [new RoleDemand("worker", 1, 1, each, [])],
            Accelerator = "A100-80G",
        };
    }

    private static RunningJob Since(RunningJob job, int minutes) => job with { StartedAt = Worlds.Now - TimeSpan.FromMinutes(minutes) };

    private static void Stays(RunningJob job, SchedulingPolicy? policy = null) => Planned(TwoNodes, policy ?? Worlds.Policy, Whole, Fixed, job).Resizes.ShouldBeEmpty();

    private static Plan Planned(params RunningJob[] running) => Planned(TwoNodes, Worlds.Policy, Whole, running);

    private static Plan Planned(Node[] nodes, SchedulingPolicy policy, PendingJob gang, params RunningJob[] running)
    {
        var snapshot = Worlds.Snapshot(nodes, [gang], running);
        var plan = Scheduler.Plan(snapshot, policy, Worlds.Now);
        PlanChecker.Violations(snapshot, policy, plan, Worlds.Now).ShouldBeEmpty();
        return plan;
    }
}
