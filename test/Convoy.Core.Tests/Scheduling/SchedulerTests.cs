using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

public sealed class SchedulerTests
{
    private static readonly Node[] TwoNodesOf8 = [Worlds.Node("node-0", 8), Worlds.Node("node-1", 8)];

    [Fact]
    public void Of_two_gangs_that_each_need_everything_one_runs_whole_and_the_other_holds_nothing()
    {
        var plan = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(1, 2, 8), Worlds.Pending(2, 2, 8)]));
        plan.Gangs.ShouldHaveSingleItem().Tasks.Select(task => (task.Node, task.Devices.Count)).ShouldBe([("node-0", 8), ("node-1", 8)]);
        var waits = plan.Waiting.ShouldHaveSingleItem();
        waits.Job.ShouldBe(Worlds.Standing(2).Id);
        (waits.Reason.Token, waits.Reason.Needed, waits.Reason.Free).ShouldBe((WaitingToken.InsufficientResources, 16, 0));
    }

    [Fact]
    public void A_job_larger_than_the_cluster_is_infeasible_with_numbers()
    {
        var reason = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(1, 3, 8)])).Waiting.ShouldHaveSingleItem().Reason;
        (reason.Token, reason.Needed, reason.Free).ShouldBe((WaitingToken.Infeasible, 24, 16));
    }

    [Fact]
    public void An_elastic_job_grows_no_further_than_the_cap_per_job()
    {
        var capped = new SchedulingPolicy([new Level("engineer", 20, MaxGpusPerJob: 5)]);
        Scheduler.Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(1, 1, 2, most: 8)]), capped, Worlds.Now).Gangs.ShouldHaveSingleItem().Tasks.Count.ShouldBe(2);
    }

    [Fact]
    public void A_job_that_a_lowered_cap_per_job_forbids_waits_with_numbers()
    {
        var capped = new SchedulingPolicy([new Level("engineer", 20, MaxGpusPerJob: 3)]);
        var reason = Scheduler.Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(1, 1, 4)]), capped, Worlds.Now).Waiting.ShouldHaveSingleItem().Reason;
        (reason.Token, reason.Needed, reason.Free).ShouldBe((WaitingToken.ExceedsLevelCap, 4, 3));
    }

    [Fact]
    public void Level_goes_before_priority_and_priority_before_arrival()
    {
        var plan = Plan(Worlds.Snapshot([], [
            Worlds.Pending(1, 1, 1, level: "intern", priority: JobPriority.High),
            Worlds.Pending(2, 1, 1),
            Worlds.Pending(3, 1, 1, priority: JobPriority.High),
            Worlds.Pending(4, 1, 1, level: "senior", priority: JobPriority.Low),
            Worlds.Pending(5, 1, 1),
        ]));
        plan.Waiting.Select(waiting => waiting.Job).ShouldBe(new[] { 4, 3, 2, 5, 1 }.Select(i => Worlds.Standing(i).Id));
    }

    [Fact]
    public void A_small_job_starts_on_the_fullest_node_that_still_has_room()
    {
        var busy = new RunningJob(Worlds.Standing(1), "local", [new HeldPlace("node-1", new(1000, 0, 6), [0, 1, 2, 3, 4, 5])]);
        var task = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(2, 1, 2)], busy)).Gangs.ShouldHaveSingleItem().Tasks.ShouldHaveSingleItem();
        task.Node.ShouldBe("node-1");
        task.Devices.ShouldBe([6, 7]);
    }

    [Fact]
    public void Free_devices_scattered_over_nodes_are_called_fragmented()
    {
        RunningJob Half(int i, string node) => new(Worlds.Standing(i), "local", [new HeldPlace(node, new(1000, 0, 4), [0, 1, 2, 3])]);
        var reason = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(3, 1, 8)], Half(1, "node-0"), Half(2, "node-1"))).Waiting.ShouldHaveSingleItem().Reason;
        (reason.Token, reason.Needed, reason.Free, reason.LargestFreeBlock).ShouldBe((WaitingToken.Fragmented, 8, 8, 4));
    }

    [Fact]
    public void A_later_job_that_would_be_in_the_way_of_the_first_in_line_waits_and_names_it()
    {
        var busy = new RunningJob(Worlds.Standing(1), "local", [new HeldPlace("node-0", new(1000, 0, 8), [0, 1, 2, 3, 4, 5, 6, 7])]);
        var plan = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(2, 2, 8), Worlds.Pending(3, 1, 1)], busy));
        plan.Gangs.ShouldBeEmpty();
        plan.Waiting[1].Reason.Token.ShouldBe(WaitingToken.Reserved);
        plan.Waiting[1].Reason.BlockedBy.ShouldBe(Worlds.Standing(2).Id);
    }

    [Fact]
    public void An_infeasible_job_in_front_stops_nobody()
    {
        var pending = Enumerable.Range(1, 200).Select(i => Worlds.Pending(i, 3, 8)).Append(Worlds.Pending(201, 1, 1)).ToArray();
        Plan(Worlds.Snapshot(TwoNodesOf8, pending)).Gangs.ShouldHaveSingleItem().Job.ShouldBe(Worlds.Standing(201).Id);
    }

    [Fact]
    public void A_levels_caps_count_running_jobs_and_devices_of_the_person()
    {
        var policy = new SchedulingPolicy([new Level("engineer", 20, MaxGpus: 4, MaxRunning: 2)]);
        var plan = Scheduler.Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(1, 1, 3), Worlds.Pending(2, 1, 2), Worlds.Pending(3, 1, 1), Worlds.Pending(4, 1, 0), Worlds.Pending(5, 1, 4, "bob")]), policy, Worlds.Now);
        plan.Gangs.Select(gang => gang.Job).ShouldBe([Worlds.Standing(1).Id, Worlds.Standing(3).Id, Worlds.Standing(5, "bob").Id]);
        plan.Waiting.Select(waiting => (waiting.Reason.Token, waiting.Reason.Unit)).ShouldBe([(WaitingToken.ExceedsLevelCap, WaitingUnit.Devices), (WaitingToken.ExceedsLevelCap, WaitingUnit.Jobs)]);
    }

    [Fact]
    public void A_gang_takes_one_accelerator_type_in_its_order_of_preference()
    {
        Node[] nodes = [Worlds.Node("a", 4, "A100-80G"), Worlds.Node("h", 4, "H100-80G"), Worlds.Node("v", 8, "V100-32G")];
        Plan(Worlds.Snapshot(nodes, [Worlds.Pending(1, 2, 2, types: ["H100-80G", "A100-80G"])])).Gangs.ShouldHaveSingleItem().Accelerator.ShouldBe("H100-80G");
        Plan(Worlds.Snapshot(nodes, [Worlds.Pending(1, 4, 2, types: ["H100-80G", "V100-32G"])])).Gangs.ShouldHaveSingleItem().Accelerator.ShouldBe("V100-32G");
        Plan(Worlds.Snapshot(nodes, [Worlds.Pending(1, 1, 2, types: ["B200"])])).Waiting.ShouldHaveSingleItem().Reason.Token.ShouldBe(WaitingToken.NoSuchAccelerator);
    }

    [Fact]
    public void An_elastic_job_starts_with_its_minimum_and_takes_surplus_that_nobody_waits_for()
    {
        Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(1, 1, 4, most: 8)])).Gangs.ShouldHaveSingleItem().Tasks.Count.ShouldBe(4);
        var shared = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(1, 1, 4, most: 8), Worlds.Pending(2, 3, 4)]));
        shared.Gangs.Select(gang => gang.Tasks.Count).ShouldBe([1, 3]);
    }

    [Fact]
    public void Nothing_lands_on_a_node_that_is_unwell()
    {
        Node[] nodes = [Worlds.Node("sick", 8, health: NodeHealth.Suspect), Worlds.Node("well", 4)];
        Plan(Worlds.Snapshot(nodes, [Worlds.Pending(1, 1, 4), Worlds.Pending(2, 1, 4)])).Gangs.ShouldHaveSingleItem().Tasks[0].Node.ShouldBe("well");
    }

    [Fact]
    public void A_job_that_backs_off_is_held_until_its_time()
    {
        var held = Worlds.Pending(1, 1, 1) with { NotBefore = Worlds.Now + TimeSpan.FromSeconds(5) };
        var reason = Plan(Worlds.Snapshot(TwoNodesOf8, [held])).Waiting.ShouldHaveSingleItem().Reason;
        (reason.Token, reason.Until).ShouldBe((WaitingToken.Held, held.NotBefore));
        Scheduler.Plan(Worlds.Snapshot(TwoNodesOf8, [held]), Worlds.Policy, held.NotBefore.Value).Gangs.ShouldHaveSingleItem();
    }

    private static Plan Plan(ClusterSnapshot snapshot) => Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now);
}
