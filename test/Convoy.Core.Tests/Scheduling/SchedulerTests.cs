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
        var busy = new RunningJob(Worlds.Standing(1), "local", [new HeldPlace("node-0", new(1000, 0, 8), [0, 1, 2, 3, 4, 5, 6, 7])]) { StartedAt = Worlds.Now - TimeSpan.FromHours(1) };
        var plan = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(2, 2, 8), Worlds.Pending(3, 1, 1)], busy));
        plan.Gangs.ShouldBeEmpty();
        plan.Waiting[1].Reason.Token.ShouldBe(WaitingToken.Reserved);
        plan.Waiting[1].Reason.BlockedBy.ShouldBe(Worlds.Standing(2).Id);
        plan.Waiting[0].Reason.EarliestStart.ShouldBe(busy.StartedAt + Worlds.Policy.UsualDuration);
    }

    [Fact]
    public void A_later_job_that_ends_before_the_promised_time_starts()
    {
        var busy = new RunningJob(Worlds.Standing(1), "local", [new HeldPlace("node-0", new(1000, 0, 8), [0, 1, 2, 3, 4, 5, 6, 7])]) { StartedAt = Worlds.Now, MaxDuration = TimeSpan.FromHours(3) };
        PendingJob Small(int sequence, int hours) => Worlds.Pending(sequence, 1, 1) with { MaxDuration = TimeSpan.FromHours(hours) };
        var plan = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(2, 2, 8), Small(3, 4), Small(4, 3)], busy));
        plan.Gangs.ShouldHaveSingleItem().Job.ShouldBe(Worlds.Standing(4).Id);
        plan.Waiting.Select(waiting => waiting.Reason.Token).ShouldBe([WaitingToken.InsufficientResources, WaitingToken.Reserved]);
    }

    [Fact]
    public void A_later_job_starts_beside_the_promised_places_whatever_its_duration()
    {
        Node[] nodes = [Worlds.Node("a", 8), Worlds.Node("b", 8), Worlds.Node("c", 8)];
        var busy = new RunningJob(Worlds.Standing(1), "local", [new HeldPlace("a", new(1000, 0, 8), [0, 1, 2, 3, 4, 5, 6, 7])]) { StartedAt = Worlds.Now - TimeSpan.FromHours(1) };
        var fuller = new RunningJob(Worlds.Standing(2), "local", [new HeldPlace("b", new(1000, 0, 1), [0])]) { StartedAt = Worlds.Now - TimeSpan.FromHours(1), MaxDuration = TimeSpan.FromDays(9) };
        var plan = Plan(Worlds.Snapshot(nodes, [Worlds.Pending(3, 2, 8), Worlds.Pending(4, 1, 1)], busy, fuller));
        plan.Gangs.ShouldHaveSingleItem().Tasks.ShouldHaveSingleItem().Node.ShouldBe("b");
    }

    [Fact]
    public void A_senior_evicts_the_intern_whose_going_loses_least()
    {
        var plan = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(9, 1, 8, level: "senior")], Running(1, "node-0", 8, "intern", 5), Running(2, "node-1", 8, "intern", 2)));
        plan.Evictions.ShouldHaveSingleItem().ShouldBe(new PlannedEviction(Worlds.Standing(2).Id, 0, Worlds.Standing(9).Id));
        plan.Gangs.ShouldHaveSingleItem().Tasks.ShouldHaveSingleItem().Node.ShouldBe("node-1");
    }

    [Fact]
    public void Two_interns_go_rather_than_one_engineer()
    {
        var plan = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(9, 1, 8, level: "senior")],
            Running(1, "node-0", 8, "engineer", 1), Running(2, "node-1", 4, "intern", 8), Running(3, "node-1", 4, "intern", 8, firstDevice: 4)));
        plan.Evictions.Select(eviction => eviction.Victim).ShouldBe([Worlds.Standing(2).Id, Worlds.Standing(3).Id], ignoreOrder: true);
    }

    [Fact]
    public void Nobody_is_evicted_where_the_fragments_cannot_be_joined()
    {
        var plan = Plan(Worlds.Snapshot(TwoNodesOf8, [Worlds.Pending(9, 1, 8, level: "senior")],
            Running(1, "node-0", 4, "intern", 1), Running(2, "node-1", 4, "intern", 1), Running(3, "node-0", 1, "senior", 1, firstDevice: 4), Running(4, "node-1", 1, "senior", 1, firstDevice: 4)));
        plan.Evictions.ShouldBeEmpty();
        plan.Gangs.ShouldBeEmpty();
    }

    [Fact]
    public void Equals_never_evict_equals_but_an_owners_higher_priority_does()
    {
        var low = new RunningJob(Worlds.Standing(1, priority: JobPriority.Low), "local", [new HeldPlace("node-0", new(1000, 0, 8), [0, 1, 2, 3, 4, 5, 6, 7])]) { StartedAt = Worlds.Now };
        Node[] node = [TwoNodesOf8[0]];
        Plan(Worlds.Snapshot(node, [Worlds.Pending(9, 1, 8, "bob", priority: JobPriority.High)], low)).Evictions.ShouldBeEmpty();
        Plan(Worlds.Snapshot(node, [Worlds.Pending(9, 1, 8, priority: JobPriority.High)], low)).Evictions.ShouldHaveSingleItem();
        Plan(Worlds.Snapshot(node, [Worlds.Pending(9, 1, 8, level: "senior")], low with { Preemptible = false })).Evictions.ShouldBeEmpty();
        var patient = new SchedulingPolicy([new Level("engineer", 20) { MinRunTime = TimeSpan.FromMinutes(5) }, new Level("senior", 30)]);
        Scheduler.Plan(Worlds.Snapshot(node, [Worlds.Pending(9, 1, 8, level: "senior")], low), patient, Worlds.Now).Evictions.ShouldBeEmpty();
        Scheduler.Plan(Worlds.Snapshot(node, [Worlds.Pending(9, 1, 8, level: "senior")], low), patient, Worlds.Now + TimeSpan.FromMinutes(5)).Evictions.ShouldHaveSingleItem();
    }

    [Fact]
    public void What_a_stopping_job_leaves_is_kept_for_who_evicted_it()
    {
        Node[] node = [TwoNodesOf8[0]];
        var plan = Plan(Worlds.Snapshot(node, [Worlds.Pending(9, 1, 8, level: "senior"), Worlds.Pending(10, 1, 1)], Running(1, "node-0", 7, "intern", 1) with { IsStopping = true }));
        plan.Evictions.ShouldBeEmpty();
        plan.Gangs.ShouldBeEmpty();
        plan.Waiting[0].Reason.Token.ShouldBe(WaitingToken.WaitingForPreemption);
    }

    [Fact]
    public void Out_of_many_candidates_only_those_needed_go()
    {
        var nodes = Enumerable.Range(0, 10).Select(i => Worlds.Node($"n{i}", 8)).ToArray();
        var running = Enumerable.Range(0, 40).Select(i => Running(i, $"n{i / 4}", 2, "intern", 1 + (i % 3), firstDevice: 2 * (i % 4))).ToArray();
        var plan = Plan(Worlds.Snapshot(nodes, [Worlds.Pending(99, 2, 8, level: "senior")], running));
        plan.Evictions.Count.ShouldBe(8);
        plan.Evictions.ShouldAllBe(eviction => !eviction.IsProvenBest);
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
        plan.Gangs.Select(gang => gang.Job).ShouldBe([Worlds.Standing(1).Id, Worlds.Standing(5, "bob").Id, Worlds.Standing(3).Id]);
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

    [Fact]
    public void A_gang_goes_to_the_fullest_rack_that_holds_it_whole()
    {
        var plan = Plan(Worlds.Snapshot(Racks(4, 3, 4), [Worlds.Pending(9, 3, 8)], Running(1, "n0", 8, "engineer", 1)));
        plan.Gangs.ShouldHaveSingleItem().Tasks.Select(task => task.Node).ShouldBe(["n1", "n2", "n3"]);
    }

    [Fact]
    public void A_gang_that_requires_one_rack_waits_for_it_and_one_that_prefers_it_does_not()
    {
        RunningJob[] running = [Running(1, "n0", 8, "engineer", 1), Running(2, "n2", 8, "engineer", 1)];
        PendingJob Gang(bool required) => Worlds.Pending(9, 2, 8) with { Topology = new TopologyWish(TopologyLevel.Rack, required) };
        Plan(Worlds.Snapshot(Racks(2, 2), [Gang(required: false)], running)).Gangs.ShouldHaveSingleItem();
        var reason = Plan(Worlds.Snapshot(Racks(2, 2), [Gang(required: true)], running)).Waiting.ShouldHaveSingleItem().Reason;
        (reason.Token, reason.EarliestStart).ShouldBe((WaitingToken.TopologyUnsatisfied, running[0].StartedAt + Worlds.Policy.UsualDuration));
    }

    [Fact]
    public void Preemption_takes_one_rack_and_no_scraps_of_others()
    {
        var running = Enumerable.Range(0, 16).Select(i => Running(i, $"n{i}", 8, "intern", 1 + (i * 7 % 5))).ToArray();
        var plan = Plan(Worlds.Snapshot(Racks(4, 4, 4, 4), [Worlds.Pending(99, 4, 8, level: "senior") with { Topology = new TopologyWish(TopologyLevel.Rack, true) }], running));
        var nodes = plan.Gangs.ShouldHaveSingleItem().Tasks.Select(task => int.Parse(task.Node[1..], System.Globalization.CultureInfo.InvariantCulture) / 4).Distinct();
        nodes.ShouldHaveSingleItem();
        plan.Evictions.Count.ShouldBe(4);
    }

    [Fact]
    public void Jobs_that_share_a_device_fill_it_before_another_is_begun_and_one_that_wants_a_whole_one_gets_the_other()
    {
        PendingJob Share(int sequence)
        {
            var job = Worlds.Pending(sequence, 1, 0);
            return job with { Roles = [job.Roles[0] with { Each = job.Roles[0].Each with { Milli = 500 } }] };
        }

        var plan = Plan(Worlds.Snapshot([Worlds.Node("n", 2)], [Share(1), Share(2), Worlds.Pending(3, 1, 1), Share(4)]));
        plan.Gangs.Select(gang => gang.Tasks.Single().Devices.Single()).ShouldBe([0, 0, 1]);
        var waits = plan.Waiting.ShouldHaveSingleItem().Reason;
        (waits.Unit, waits.Needed, waits.Free).ShouldBe((WaitingUnit.MilliDevices, 500, 0));
    }

    /// <summary>Nodes n0, n1… of 8 devices, so many in each rack.</summary>
    private static Node[] Racks(params int[] sizes) =>
        [.. sizes.SelectMany((size, rack) => Enumerable.Repeat(rack, size)).Select((rack, i) => Worlds.Node($"n{i}", 8) with { Topology = ["region", "zone", "block", $"rack-{rack}"] })];

    private static RunningJob Running(int sequence, string node, int gpus, string level, int hoursAgo, int firstDevice = 0) =>
        new(Worlds.Standing(sequence, level: level), "local", [new HeldPlace(node, new(1000, 0, gpus), [.. Enumerable.Range(firstDevice, gpus)])]) { StartedAt = Worlds.Now - TimeSpan.FromHours(hoursAgo) };

    private static Plan Plan(ClusterSnapshot snapshot) => Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now);
}
