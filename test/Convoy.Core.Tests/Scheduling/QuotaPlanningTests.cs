using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Guarantees 3, 4 and 5 between queues: two teams of 8 devices each on two nodes of 8.</summary>
public sealed class QuotaPlanningTests
{
    private static readonly Node[] TwoNodesOf8 = [Worlds.Node("n1", 8), Worlds.Node("n2", 8)];
    private static readonly SchedulingPolicy TwoTeams = Teams(new Quota(8), new Quota(8));

    [Fact]
    public void A_queue_borrows_what_another_leaves_idle()
    {
        var plan = Plan(TwoTeams, [Job(1, "red", 2, 8)]);
        plan.Gangs.ShouldHaveSingleItem().Tasks.Count.ShouldBe(2);
    }

    [Fact]
    public void A_queue_gets_its_nominal_back_from_a_borrower_of_any_level_and_at_once()
    {
        var senior = Running(Job(1, "red", 1, 8, "senior"), "n1");
        var borrower = Running(Job(2, "red", 1, 8, "senior"), "n2");
        var plan = Plan(TwoTeams, [Job(3, "blue", 1, 8, "intern")], senior, borrower);
        plan.Evictions.ShouldHaveSingleItem().Victim.ShouldBe(borrower.Standing.Id);
        plan.Evictions[0].Cause.ShouldBe(EvictionCause.Reclaim);
        plan.Evictions[0].For.ShouldBe(plan.Gangs.ShouldHaveSingleItem().Job);
    }

    [Fact]
    public void Only_as_much_is_reclaimed_as_is_wanted()
    {
        var own = Running(Job(1, "red", 1, 8), "n1");
        RunningJob[] borrowers = [Running(Job(2, "red", 1, 4), "n2", 0, 1, 2, 3), Running(Job(3, "red", 1, 2), "n2", 4, 5), Running(Job(4, "red", 1, 2), "n2", 6, 7)];
        var plan = Plan(TwoTeams, [Job(5, "blue", 1, 4, "intern")], [own, .. borrowers]);
        plan.Evictions.ShouldHaveSingleItem().Victim.ShouldBe(borrowers[0].Standing.Id);
    }

    [Fact]
    public void Who_is_inside_nominal_is_not_evicted_by_another_queue_whatever_its_level()
    {
        var plan = Plan(TwoTeams, [Job(3, "blue", 2, 8, "senior")], Running(Job(1, "red", 1, 8, "intern"), "n1"), Running(Job(2, "blue", 1, 8, "intern"), "n2"));
        plan.Evictions.ShouldBeEmpty();
        plan.Waiting.ShouldHaveSingleItem();
    }

    [Fact]
    public void Within_one_queues_nominal_a_higher_level_evicts_a_lower_one_and_equals_do_not()
    {
        RunningJob[] running = [Running(Job(1, "red", 1, 8, "engineer"), "n1"), Running(Job(2, "blue", 1, 8, "engineer"), "n2")];
        Plan(TwoTeams, [Job(3, "red", 1, 8, "engineer")], running).Evictions.ShouldBeEmpty();
        var plan = Plan(TwoTeams, [Job(3, "red", 1, 8, "senior")], running);
        plan.Evictions.ShouldHaveSingleItem().Victim.ShouldBe(running[0].Standing.Id);
        plan.Evictions[0].Cause.ShouldBe(EvictionCause.Level);
    }

    [Fact]
    public void Among_borrowers_a_higher_level_evicts_a_lower_one()
    {
        var policy = Teams(new Quota(0), new Quota(0));
        RunningJob[] running = [Running(Job(1, "red", 1, 8, "intern"), "n1"), Running(Job(2, "blue", 1, 8, "engineer"), "n2")];
        Plan(policy, [Job(3, "blue", 1, 8, "senior")], running).Evictions.ShouldHaveSingleItem().Victim.ShouldBe(running[0].Standing.Id);
    }

    [Fact]
    public void A_job_that_may_not_be_preempted_never_borrows()
    {
        var pinned = Job(1, "red", 2, 8) with { Preemptible = false };
        var reason = Plan(TwoTeams, [pinned]).Waiting.ShouldHaveSingleItem().Reason;
        (reason.Token, reason.Needed, reason.Free, reason.Queue).ShouldBe((WaitingToken.ExceedsQueueQuota, 16, 8, "red"));
    }

    [Fact]
    public void Quota_for_a_share_of_a_device_is_told_in_thousandths()
    {
        var shared = Sharing(Job(1, "red", 1, 0), 300);
        var reason = Plan(Teams(new Quota(0, BorrowLimit: 0), new Quota(8)), [shared]).Waiting.ShouldHaveSingleItem().Reason;
        (reason.Token, reason.Unit, reason.Needed, reason.Free).ShouldBe((WaitingToken.ExceedsQueueQuota, WaitingUnit.MilliDevices, 300, 0));
    }

    [Fact]
    public void Nominal_is_won_back_from_a_borrower_in_another_cluster()
    {
        // All of the quota is in use, and machines are idle only in the west.
        Node[] nodes = [Worlds.Node("n1", 8), Worlds.Node("n2", 8), Worlds.Node("w1", 8, cluster: "west")];
        var policy = Teams(new Quota(8), new Quota(8)) with { Levels = Level.Defaults };
        policy = policy with { Queues = [new QueueSpec("default") { Quotas = new Dictionary<string, Quota> { ["A100-80G"] = new(16) } }, .. policy.Queues] };
        RunningJob[] running = [Running(Job(1, "red", 1, 8), "n1"), Running(Job(2, "red", 1, 8), "n2")];
        var inTheWest = Job(3, "blue", 1, 8) with { Clusters = ["west"] };
        var plan = Scheduler.Plan(Worlds.Snapshot(nodes, [inTheWest], running), policy, Worlds.Now);
        plan.Gangs.ShouldHaveSingleItem().Cluster.ShouldBe("west");
        plan.Evictions.ShouldHaveSingleItem().Victim.ShouldBe(running[1].Standing.Id);
        PlanChecker.Violations(Worlds.Snapshot(nodes, [inTheWest], running), policy, plan, Worlds.Now).ShouldBeEmpty();
    }

    [Fact]
    public void Nobody_goes_for_a_job_that_may_borrow_what_is_free()
    {
        // Its right is to A100, of which others have borrowed all; it takes V100 too, to which it has none.
        Node[] nodes = [Worlds.Node("n1", 8), Worlds.Node("n2", 8, "V100-32G")];
        var plan = Scheduler.Plan(Worlds.Snapshot(nodes, [Job(2, "red", 1, 8)], Running(Job(1, "blue", 1, 8), "n1")), Rights(a100: 8, v100: 0), Worlds.Now);
        plan.Evictions.ShouldBeEmpty();
        plan.Gangs.ShouldHaveSingleItem().Accelerator.ShouldBe("V100-32G");
    }

    [Fact]
    public void Who_is_kept_from_borrowing_by_a_promise_is_told_whose()
    {
        Node[] nodes = [Worlds.Node("n1", 8), Worlds.Node("n2", 8, "V100-32G"), Worlds.Node("n3", 8, "V100-32G")];
        RunningJob[] running = [Running(Job(1, "red", 1, 8), "n1"), Running(Job(2, "blue", 1, 8), "n2") with { Accelerator = "V100-32G" }];
        var promised = Worlds.Promised(Job(3, "blue", 2, 8) with { Roles = [Job(3, "blue", 2, 8).Roles[0] with { Accelerators = ["V100-32G"] }] }, Worlds.Now + TimeSpan.FromHours(23));
        var plan = Scheduler.Plan(Worlds.Snapshot(nodes, [promised, Job(4, "red", 1, 8)], running), Rights(a100: 8, v100: 0), Worlds.Now);
        plan.Waiting.Single(waiting => waiting.Job == Job(4, "red", 1, 8).Standing.Id).Reason.BlockedBy.ShouldBe(promised.Standing.Id);
    }

    [Fact]
    public void A_borrow_limit_holds_though_machines_are_idle()
    {
        var policy = Teams(new Quota(8, BorrowLimit: 4), new Quota(8));
        var plan = Plan(policy, [Job(1, "red", 1, 8), Job(2, "red", 1, 4), Job(3, "red", 1, 4)]);
        plan.Gangs.Count.ShouldBe(2);
        plan.Waiting.ShouldHaveSingleItem().Reason.Token.ShouldBe(WaitingToken.WaitingForQuota);
    }

    [Fact]
    public void What_a_queue_does_not_lend_stays_idle_for_it()
    {
        var policy = Teams(new Quota(8), new Quota(8, LendLimit: 4));
        var plan = Plan(policy, [Job(1, "red", 1, 8), Job(2, "red", 1, 4), Job(3, "red", 1, 4)]);
        plan.Gangs.Count.ShouldBe(2);
        plan.Waiting.ShouldHaveSingleItem().Reason.Token.ShouldBe(WaitingToken.WaitingForQuota);
    }

    [Fact]
    public void Jobs_inside_nominal_come_before_borrowers_of_any_level()
    {
        var plan = Plan(TwoTeams, [Job(1, "red", 1, 8, "senior"), Job(2, "red", 1, 8, "senior"), Job(3, "blue", 1, 8, "intern")]);
        plan.Gangs.Select(gang => gang.Job).ShouldBe([Job(1, "red", 1, 8).Standing.Id, Job(3, "blue", 1, 8).Standing.Id], ignoreOrder: true);
        plan.Evictions.ShouldBeEmpty();
    }

    [Fact]
    public void In_a_fair_queue_who_used_least_of_late_goes_first()
    {
        var snapshot = Worlds.Snapshot([Worlds.Node("n1", 8)], [Job(1, "default", 1, 8, owner: "ann"), Job(2, "default", 1, 8, owner: "bob")]) with { UserShares = new Dictionary<string, long> { ["ann"] = 1L << 30 } };
        Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now).Gangs.ShouldHaveSingleItem().Job.ShouldBe(Job(2, "default", 1, 8, owner: "bob").Standing.Id);
    }

    [Fact]
    public void A_queue_of_twice_the_weight_gets_twice_as_much_of_one_burst()
    {
        var policy = new SchedulingPolicy(Level.Defaults) { Queues = [new QueueSpec("red", Weight: 2), new QueueSpec("blue")] };
        var jobs = Enumerable.Range(0, 24).Select(i => Job(i, i < 12 ? "blue" : "red", 1, 1)).ToArray();
        var started = Plan(policy, jobs, Running(Job(99, "default", 1, 4, owner: "eve"), "n2", 0, 1, 2, 3)).Gangs.Select(gang => jobs.Single(job => job.Standing.Id == gang.Job).Standing.Queue);
        started.CountBy(queue => queue).ToDictionary().ShouldBe(new Dictionary<string, int> { ["red"] = 8, ["blue"] = 4 }, ignoreOrder: true);
    }

    [Fact]
    public void Two_people_who_come_with_many_jobs_at_once_share_from_the_first_cycle_on()
    {
        var jobs = Enumerable.Range(0, 32).Select(i => Job(i, "default", 1, 1, owner: i < 16 ? "ann" : "bob")).ToArray();
        Plan(Worlds.Policy, jobs).Gangs.CountBy(gang => jobs.Single(job => job.Standing.Id == gang.Job).Standing.Owner).ToDictionary()
            .ShouldBe(new Dictionary<string, int> { ["ann"] = 8, ["bob"] = 8 }, ignoreOrder: true);
    }

    [Fact]
    public void A_promise_is_kept_against_equals_that_come_before_it_in_the_line_and_not_against_a_higher_level()
    {
        // Everything is held until tomorrow; what was promised to ann's job stays hers though bob has used less.
        var holder = Running(Job(1, "default", 2, 8, owner: "eve") with { MaxDuration = TimeSpan.FromHours(20) }, "n1", "n2");
        var promised = Worlds.Promised(Job(2, "default", 2, 8, owner: "ann"), holder.StartedAt + TimeSpan.FromHours(20));
        var rival = Job(3, "default", 2, 8, "engineer", owner: "bob");
        var shares = new Dictionary<string, long> { ["ann"] = 1L << 30 };
        DateTimeOffset? From(Plan plan, PendingJob job) => plan.Reservations.FirstOrDefault(promise => promise.Gang.Job == job.Standing.Id)?.From;
        var snapshot = Worlds.Snapshot(TwoNodesOf8, [promised, rival], holder) with { UserShares = shares };
        From(Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now), promised).ShouldBe(promised.PromisedFrom);

        var senior = Job(4, "default", 2, 8, "senior", owner: "bob") with { MaxDuration = TimeSpan.FromHours(1) };
        var policy = new SchedulingPolicy([new Level("engineer", 20), new Level("senior", 30) { MayPreempt = false }]);
        var plan = Scheduler.Plan(snapshot with { Pending = [promised, senior] }, policy, Worlds.Now);
        From(plan, senior).ShouldBe(promised.PromisedFrom);
        From(plan, promised)!.Value.ShouldBeGreaterThan(promised.PromisedFrom!.Value);
    }

    [Fact]
    public void Who_outstays_what_was_expected_makes_way_for_the_promise_that_it_delays()
    {
        var backfiller = Running(Job(5, "default", 1, 8, owner: "eve"), "n1") with { StartedAt = Worlds.Now - TimeSpan.FromHours(25) };
        var promised = Job(2, "default", 2, 8, owner: "ann");
        Plan(Worlds.Policy, [promised], backfiller).Evictions.ShouldBeEmpty();
        var eviction = Plan(Worlds.Policy, [Worlds.Promised(promised, Worlds.Now - TimeSpan.FromHours(1))], backfiller).Evictions.ShouldHaveSingleItem();
        (eviction.Victim, eviction.Cause).ShouldBe((backfiller.Standing.Id, EvictionCause.Overrun));
    }

    [Fact]
    public void Who_is_stopping_has_gone_before_all_others_for_a_promise()
    {
        // Both are expected to end tomorrow; the one that is stopping leaves now, whatever its name.
        foreach (var stopping in new[] { "n1", "n2" })
        {
            RunningJob[] running = [.. new[] { "n1", "n2" }.Select((node, i) => Running(Job(i + 1, "default", 1, 8, owner: "eve"), node) with { IsStopping = node == stopping })];
            var claimant = Worlds.Promised(Job(5, "default", 1, 8), Worlds.Now);
            var rival = Worlds.Promised(Job(6, "default", 1, 8), Worlds.Now + TimeSpan.FromHours(24));
            Plan(Worlds.Policy, [claimant, rival], running).Claims.ShouldHaveSingleItem().Job.ShouldBe(claimant.Standing.Id);
        }
    }

    [Fact]
    public void A_gang_that_lost_a_node_goes_before_its_equals()
    {
        var plan = Plan(Worlds.Policy, [Job(1, "default", 2, 8, owner: "ann"), Job(2, "default", 2, 8, owner: "bob") with { IsRepair = true }]);
        plan.Gangs.ShouldHaveSingleItem().Job.ShouldBe(Job(2, "default", 2, 8, owner: "bob").Standing.Id);
    }

    /// <summary>What red has a right to; all else is anybody's.</summary>
    private static SchedulingPolicy Rights(int a100, int v100) => new(Level.Defaults)
    {
        Queues = [new QueueSpec("red") { Quotas = new Dictionary<string, Quota> { ["A100-80G"] = new(a100), ["V100-32G"] = new(v100) } }],
    };

    private static PendingJob Sharing(PendingJob job, int milli) => job with { Roles = [job.Roles[0] with { Each = job.Roles[0].Each with { Milli = milli } }] };

    private static SchedulingPolicy Teams(Quota red, Quota blue) => new(Level.Defaults)
    {
        Queues = [new QueueSpec("red") { Quotas = new Dictionary<string, Quota> { ["A100-80G"] = red } }, new QueueSpec("blue") { Quotas = new Dictionary<string, Quota> { ["A100-80G"] = blue } }],
    };

    private static PendingJob Job(int sequence, string queue, int tasks, int gpus, string level = "engineer", string owner = "ann")
    {
        var job = Worlds.Pending(sequence, tasks, gpus, owner, level);
        return job with { Standing = job.Standing with { Queue = queue } };
    }

    private static RunningJob Running(PendingJob job, string node, params int[] devices) =>
        Running(job, devices.Length > 0 ? [(node, devices)] : [(node, [.. Enumerable.Range(0, job.MinDevices)])]);

    private static RunningJob Running(PendingJob job, params string[] nodes) => Running(job, [.. nodes.Select(node => (node, Enumerable.Range(0, 8).ToArray()))]);

    private static RunningJob Running(PendingJob job, (string Node, int[] Devices)[] places) =>
        new(job.Standing, "local", [.. places.Select(place => new HeldPlace(place.Node, job.Roles[0].Each, place.Devices) { Role = "worker" })])
        {
            StartedAt = Worlds.Now - TimeSpan.FromMinutes(1), Accelerator = "A100-80G", MaxDuration = job.MaxDuration,
        };

    private static Plan Plan(SchedulingPolicy policy, PendingJob[] pending, params RunningJob[] running) => Scheduler.Plan(Worlds.Snapshot(TwoNodesOf8, pending, running), policy, Worlds.Now);
}
