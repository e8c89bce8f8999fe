using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>What would have a waiting job start: one example of each kind on two nodes of 8, and what holds of all.</summary>
public sealed class RemedySearchTests
{
    private static readonly Node[] TwoNodesOf8 = [Worlds.Node("node-0", 8), Worlds.Node("node-1", 8)];
    private static readonly RunningJob Node0Busy = Running(1, "node-0", 8);

    [Fact]
    public void The_change_that_is_found_starts_the_job_in_the_next_plan() => Worlds.Random.Sample(
        world =>
        {
            foreach (var waiting in Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now).Waiting.Take(3))
            {
                var (before, plans) = (new PlanningCase(world.Snapshot, world.Policy, Worlds.Now), 0);
                var remedy = RemedySearch.Find(before, waiting.Job, ["default", "ann"], Counted);
                plans.ShouldBeLessThanOrEqualTo(RemedySearch.MostPlans);
                if (remedy is null or Remedy.Wait) continue;
                var after = remedy.In(before, waiting.Job);
                var plan = Scheduler.Plan(after.Snapshot, after.Policy, after.Now);
                plan.Gangs.ShouldContain(gang => gang.Job == waiting.Job);
                plan.Evictions.Count(eviction => eviction.For == waiting.Job).ShouldBe(remedy.Evicts);

                Plan Counted(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now)
                {
                    plans++;
                    return Scheduler.Plan(snapshot, policy, now);
                }
            }
        },
        iter: 300);

    [Fact]
    public void A_job_that_starts_by_itself_only_waits()
    {
        var held = Worlds.Pending(2, 1, 1) with { NotBefore = Worlds.Now + TimeSpan.FromSeconds(5) };
        Find(held).ShouldBe(new Remedy.Wait(held.NotBefore));
        Find(Worlds.Pending(2, 2, 8), Node0Busy with { IsStopping = true }).ShouldBe(new Remedy.Wait(null));
        Find(Worlds.Pending(2, 2, 8, level: "senior"), Node0Busy).ShouldBe(new Remedy.Wait(null));
    }

    [Fact]
    public void A_type_that_is_free_is_named_before_anything_is_given_up()
    {
        Node[] nodes = [TwoNodesOf8[0], Worlds.Node("node-1", 8, "V100-32G")];
        Find(nodes, Worlds.Pending(2, 1, 8, types: ["A100-80G"]), Node0Busy).ShouldBe(new Remedy.Accelerator("V100-32G"));
        Find(nodes, Worlds.Pending(2, 1, 8, types: ["H100-80G"])).ShouldBe(new Remedy.Accelerator("A100-80G"));
    }

    [Fact]
    public void A_cluster_with_room_is_named()
    {
        Node[] nodes = [TwoNodesOf8[0], Worlds.Node("node-0", 8, cluster: "west")];
        Find(nodes, Worlds.Pending(2, 1, 8) with { Clusters = ["local"] }, Node0Busy).ShouldBe(new Remedy.Cluster("west"));
        Find(nodes, Worlds.Pending(2, 1, 8) with { Clusters = ["gone"] }).ShouldBe(new Remedy.Cluster("local"));
    }

    [Fact]
    public void A_topology_that_is_only_preferred_needs_no_free_rack()
    {
        var nodes = Enumerable.Range(0, 4).Select(i => Worlds.Node($"n{i}", 8) with { Topology = ["region", "zone", "block", $"rack-{i / 2}"] }).ToArray();
        var gang = Worlds.Pending(9, 2, 8) with { Topology = new TopologyWish(TopologyLevel.Rack, IsRequired: true) };
        Find(nodes, gang, Running(1, "n0", 8), Running(2, "n2", 8)).ShouldBe(new Remedy.PreferredTopology(TopologyLevel.Rack));
    }

    [Fact]
    public void As_many_tasks_stay_as_have_room()
    {
        Find(Worlds.Pending(2, 5, 4), Node0Busy).ShouldBe(new Remedy.Tasks("worker", 2, 2));
        Find(Worlds.Pending(2, 3, 4, most: 6), Node0Busy).ShouldBe(new Remedy.Tasks("worker", 2, 6));
    }

    [Fact]
    public void A_task_keeps_as_many_devices_as_one_node_has_free() =>
        Find(Worlds.Pending(3, 1, 8), Running(1, "node-0", 3), Running(2, "node-1", 6)).ShouldBe(new Remedy.DevicesPerTask("worker", 5));

    [Fact]
    public void A_task_keeps_as_much_cpu_and_memory_as_one_node_has_free()
    {
        Find(Worlds.Pending(2, 1, 0, cores: 100)).ShouldBe(new Remedy.CpuPerTask("worker", 64_000));
        var large = Worlds.Pending(2, 1, 1) with { Roles = [new RoleDemand("worker", 1, 1, new ResourceVector(1000, 1L << 40, 1), [])] };
        Find(large).ShouldBe(new Remedy.MemoryPerTask("worker", 512L << 30));
    }

    [Fact]
    public void The_longest_common_duration_that_delays_no_promise_is_named()
    {
        // Node 0 is free in 5 hours, and then both nodes are promised to the job ahead.
        var busy = Node0Busy with { MaxDuration = TimeSpan.FromHours(5) };
        Find([Worlds.Pending(2, 2, 8), Worlds.Pending(3, 1, 1)], 3, busy).ShouldBe(new Remedy.MaxDuration(TimeSpan.FromHours(4)));
    }

    [Fact]
    public void A_higher_priority_goes_before_the_owners_own_jobs_and_says_whom_it_stops()
    {
        var full = new[] { Running(1, "node-0", 8) with { Preemptible = false }, Running(2, "node-1", 8) };
        Find(Worlds.Pending(3, 1, 1), full).ShouldBe(new Remedy.Priority(JobPriority.High) { Evicts = 1 });
    }

    [Fact]
    public void A_job_that_may_be_evicted_may_borrow()
    {
        var pinned = In("red", Worlds.Pending(2, 1, 1)) with { Preemptible = false };
        Find(Teams(new Quota(0), new Quota(16)), [], pinned).ShouldBe(new Remedy.Preemptible());
    }

    [Fact]
    public void Another_queue_of_the_persons_with_room_is_named() =>
        Find(Teams(new Quota(8, BorrowLimit: 0), new Quota(8)), ["red", "blue"], In("red", Worlds.Pending(2, 1, 1)), Charged("red", Node0Busy)).ShouldBe(new Remedy.Queue("blue"));

    [Fact]
    public void A_cap_is_raised_by_what_the_job_and_the_owners_jobs_ahead_take()
    {
        var capped = new Level("engineer", 20, MaxGpus: 8, MaxRunning: 1);
        var world = Case(new SchedulingPolicy([capped]), TwoNodesOf8, [Worlds.Pending(2, 1, 2), Worlds.Pending(3, 1, 4)], Running(1, "node-0", 4, "bob"), Node0Busy with { Places = [new HeldPlace("node-1", new(1000, 0, 4), [0, 1, 2, 3])] });
        RemedySearch.Find(world, Worlds.Standing(3).Id, [], Scheduler.Plan).ShouldBe(new Remedy.LevelCap(capped, capped with { MaxGpus = 10, MaxRunning = 3 }));
    }

    [Fact]
    public void A_quota_is_raised_by_what_is_missing()
    {
        RunningJob[] running = [Charged("red", Running(1, "node-0", 8, "bob")), Charged("red", Running(2, "node-1", 2, "bob"))];
        Find(Teams(new Quota(8, BorrowLimit: 2), new Quota(8)), [], In("red", Worlds.Pending(3, 1, 1)), running).ShouldBe(new Remedy.QueueQuota("red", "A100-80G", new Quota(8, BorrowLimit: 2), new Quota(8, BorrowLimit: 3)));
    }

    [Fact]
    public void Where_nothing_else_helps_as_many_nodes_are_asked_for_as_it_takes_behind_those_ahead()
    {
        RunningJob[] full = [Running(1, "node-0", 8, "eve"), Running(2, "node-1", 8, "eve")];
        Find(Worlds.Pending(3, 1, 1), full).ShouldBe(new Remedy.MoreNodes(TwoNodesOf8[0], 1));
        Find([Worlds.Pending(3, 1, 8), Worlds.Pending(4, 1, 8), Worlds.Pending(5, 1, 1)], 5, full).ShouldBe(new Remedy.MoreNodes(TwoNodesOf8[0], 3));
    }

    [Fact]
    public void Where_one_change_is_not_enough_as_few_and_as_small_ones_are_named_together() =>
        Find(Worlds.Pending(2, 3, 8) with { Clusters = ["gone"] }, Node0Busy).ShouldBeOfType<Remedy.Several>().Changes.ShouldBe([new Remedy.Cluster("any"), new Remedy.Tasks("worker", 1, 1)]);

    [Fact]
    public void What_helped_a_job_of_the_same_shape_is_looked_at_first()
    {
        var (plans, world) = (0, Case(Worlds.Policy, TwoNodesOf8, [Worlds.Pending(2, 16, 1)], Node0Busy));
        RemedySearch.Find(world, Worlds.Standing(2).Id, [], Counted, new Remedy.Tasks("worker", 8, 8)).ShouldBe(new Remedy.Tasks("worker", 8, 8));
        plans.ShouldBe(4);
        RemedySearch.Find(world, Worlds.Standing(2).Id, [], Counted, new Remedy.Tasks("worker", 9, 9)).ShouldBe(new Remedy.Tasks("worker", 8, 8));

        Plan Counted(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now)
        {
            plans++;
            return Scheduler.Plan(snapshot, policy, now);
        }
    }

    private static SchedulingPolicy Teams(Quota red, Quota blue) => new(Level.Defaults)
    {
        Queues = [new QueueSpec("red") { Quotas = new Dictionary<string, Quota> { ["A100-80G"] = red } }, new QueueSpec("blue") { Quotas = new Dictionary<string, Quota> { ["A100-80G"] = blue } }],
    };

    private static PendingJob In(string queue, PendingJob job) => job with { Standing = job.Standing with { Queue = queue } };

    private static RunningJob Charged(string queue, RunningJob job) => job with { Standing = job.Standing with { Queue = queue } };

    private static RunningJob Running(int sequence, string node, int gpus, string owner = "ann") =>
        new(Worlds.Standing(sequence, owner), "local", [new HeldPlace(node, new(1000, 0, gpus), [.. Enumerable.Range(0, gpus)])]) { StartedAt = Worlds.Now, Accelerator = "A100-80G" };

    private static PlanningCase Case(SchedulingPolicy policy, Node[] nodes, PendingJob[] pending, params RunningJob[] running) => new(Worlds.Snapshot(nodes, pending, running), policy, Worlds.Now);

    private static Remedy? Find(PendingJob job, params RunningJob[] running) => Find(TwoNodesOf8, job, running);

    private static Remedy? Find(Node[] nodes, PendingJob job, params RunningJob[] running) => RemedySearch.Find(Case(Worlds.Policy, nodes, [job], running), job.Standing.Id, [], Scheduler.Plan);

    private static Remedy? Find(SchedulingPolicy policy, string[] queues, PendingJob job, params RunningJob[] running) =>
        RemedySearch.Find(Case(policy, TwoNodesOf8, [job], running), job.Standing.Id, queues, Scheduler.Plan);

    private static Remedy? Find(PendingJob[] pending, int sequence, params RunningJob[] running) =>
        RemedySearch.Find(Case(Worlds.Policy, TwoNodesOf8, pending, running), Worlds.Standing(sequence).Id, [], Scheduler.Plan);
}
