using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>A checker that finds nothing proves nothing: each guarantee is broken here once, by hand.</summary>
public sealed class PlanCheckerTests
{
    private static readonly ClusterSnapshot Snapshot = Worlds.Snapshot(
        [Worlds.Node("n0", 4), Worlds.Node("n1", 4), Worlds.Node("sick", 4, health: NodeHealth.Draining), Worlds.Node("v", 4, "V100-32G")],
        [Worlds.Pending(1, 2, 2, types: ["A100-80G"]), Worlds.Pending(2, 1, 4, "bob", types: ["A100-80G"])]);

    private static readonly Plan Good = Scheduler.Plan(Snapshot, Worlds.Policy, Worlds.Now);

    [Fact]
    public void A_good_plan_passes_whole()
    {
        var passed = PlanChecker.Check(Snapshot, Worlds.Policy, Good, Worlds.Now);
        passed.Violations.ShouldBeEmpty();
        passed.Plan.Gangs.Count.ShouldBe(2);
    }

    [Fact]
    public void A_gang_with_a_task_missing_is_dropped_and_the_other_stays() =>
        Broken(gang => gang with { Tasks = [gang.Tasks[0]] }).ShouldBe([1]);

    [Fact]
    public void A_gang_with_a_task_too_many_is_dropped() =>
        Broken(gang => gang with { Tasks = [.. gang.Tasks, new TaskPlacement("worker", 2, 2, gang.Tasks[0].Node, [0, 1])] }).ShouldContain(1);

    [Fact]
    public void A_gang_on_two_accelerator_types_is_dropped() =>
        Broken(gang => gang with { Tasks = [gang.Tasks[0], gang.Tasks[1] with { Node = "v" }] }).ShouldContain(1);

    [Fact]
    public void A_device_given_twice_is_dropped() =>
        Broken(gang => gang with { Tasks = [gang.Tasks[0], gang.Tasks[1] with { Devices = gang.Tasks[0].Devices }] }).ShouldContain(2);

    [Fact]
    public void A_device_that_is_not_there_is_dropped() =>
        Broken(gang => gang with { Tasks = [gang.Tasks[0], gang.Tasks[1] with { Devices = [2, 9] }] }).ShouldContain(2);

    [Fact]
    public void A_node_that_is_not_there_is_dropped() =>
        Broken(gang => gang with { Tasks = [gang.Tasks[0], gang.Tasks[1] with { Node = "nowhere" }] }).ShouldContain(2);

    [Fact]
    public void An_unwell_node_is_dropped() =>
        Broken(gang => gang with { Tasks = [gang.Tasks[0], gang.Tasks[1] with { Node = "sick" }] }).ShouldContain(12);

    [Fact]
    public void A_gang_over_its_owners_cap_is_dropped()
    {
        var capped = new SchedulingPolicy([new Level("engineer", 20, MaxGpus: 3)]);
        PlanChecker.Check(Snapshot, capped, Good, Worlds.Now).Violations.Select(violation => violation.Guarantee).Distinct().ShouldBe([3]);
    }

    [Fact]
    public void A_job_that_waits_though_there_is_room_is_noticed()
    {
        var lazy = Good with { Gangs = [Good.Gangs[0]], Waiting = [new WaitingJob(Good.Gangs[1].Job, new WaitingReason(WaitingToken.InsufficientResources, WaitingUnit.Devices, 4, 0, 0, 0))] };
        PlanChecker.Violations(Snapshot, Worlds.Policy, lazy, Worlds.Now).ShouldHaveSingleItem().Guarantee.ShouldBe(10);
    }

    [Theory]
    [InlineData(WaitingToken.Held)]
    [InlineData(WaitingToken.Reserved)]
    [InlineData(WaitingToken.ExceedsLevelCap)]
    [InlineData(WaitingToken.NoSuchAccelerator)]
    [InlineData(WaitingToken.ClusterUnreachable)]
    [InlineData(WaitingToken.ImagePull)]
    public void A_job_that_waits_for_an_untrue_reason_is_noticed(WaitingToken token)
    {
        var lazy = Good with { Gangs = [Good.Gangs[0]], Waiting = [new WaitingJob(Good.Gangs[1].Job, new WaitingReason(token, WaitingUnit.Devices, 4, 0, 0, 0, Good.Gangs[0].Job))] };
        PlanChecker.Violations(Snapshot, Worlds.Policy, lazy, Worlds.Now).ShouldHaveSingleItem().Guarantee.ShouldBe(10);
    }

    [Fact]
    public void A_gang_that_took_the_place_of_one_ahead_is_noticed()
    {
        var snapshot = Worlds.Snapshot([Worlds.Node("n0", 4)], [Worlds.Pending(1, 1, 4), Worlds.Pending(2, 1, 4)]);
        var good = Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now);
        var (ahead, behind) = (good.Gangs[0].Job, good.Waiting[0].Job);
        var jumped = good with { Gangs = [good.Gangs[0] with { Job = behind, JobRevision = 2 }], Waiting = [good.Waiting[0] with { Job = ahead }] };
        PlanChecker.Violations(snapshot, Worlds.Policy, jumped, Worlds.Now).Select(found => (found.Guarantee, found.Job)).Distinct().ShouldBe([(9, ahead)]);
    }

    [Fact]
    public void A_gang_planned_at_another_revision_is_dropped() => Broken(gang => gang with { JobRevision = 99 }).ShouldBe([13]);

    [Fact]
    public void A_gang_whose_role_indexes_repeat_is_dropped() =>
        Broken(gang => gang with { Tasks = [gang.Tasks[0], gang.Tasks[1] with { RoleIndex = 0 }] }).ShouldBe([1]);

    [Fact]
    public void A_gang_over_the_cap_per_job_is_dropped()
    {
        var capped = new SchedulingPolicy([new Level("engineer", 20, MaxGpusPerJob: 3)]);
        PlanChecker.Check(Snapshot, capped, Good, Worlds.Now).Violations.Select(violation => violation.Guarantee).Distinct().ShouldBe([3]);
    }

    [Fact]
    public void A_job_that_is_not_mentioned_is_noticed() =>
        PlanChecker.Violations(Snapshot, Worlds.Policy, Good with { Gangs = [Good.Gangs[0]] }, Worlds.Now).ShouldHaveSingleItem().Guarantee.ShouldBe(10);

    [Fact]
    public void A_job_started_twice_is_noticed() =>
        PlanChecker.Violations(Snapshot, Worlds.Policy, Good with { Gangs = [.. Good.Gangs, Good.Gangs[0]] }, Worlds.Now).Select(violation => violation.Guarantee).ShouldContain(1);

    [Fact]
    public void What_was_overdrawn_before_halts_nobody_elsewhere()
    {
        var overdrawn = new RunningJob(Worlds.Standing(9), "local", [new HeldPlace("n0", new(1000, 0, 6), [0, 1, 2, 3, 4, 5])]);
        var snapshot = Snapshot with { Running = [overdrawn] };
        var plan = Scheduler.Plan(snapshot, Worlds.Policy, Worlds.Now);
        plan.Gangs.Count.ShouldBe(1);
        PlanChecker.Violations(snapshot, Worlds.Policy, plan, Worlds.Now).ShouldBeEmpty();
    }

    [Fact]
    public void An_eviction_for_a_gang_that_is_not_in_the_plan_is_dropped()
    {
        var lower = new RunningJob(Worlds.Standing(9, "eve", "intern"), "local", [new HeldPlace("v", new(1000, 0, 4), [0, 1, 2, 3])]);
        var snapshot = Snapshot with { Running = [lower] };
        var plan = Good with { Evictions = [new PlannedEviction(lower.Standing.Id, 0, Worlds.Standing(7).Id)] };
        var passed = PlanChecker.Check(snapshot, Worlds.Policy, plan, Worlds.Now);
        passed.Plan.Evictions.ShouldBeEmpty();
        passed.Plan.Gangs.Count.ShouldBe(2);
        passed.Violations.Select(violation => violation.Guarantee).ShouldContain(6);
    }

    /// <summary>Breaks the first gang; says which guarantees were found broken, and proves that only that gang was dropped.</summary>
    private static int[] Broken(Func<PlannedGang, PlannedGang> change)
    {
        var first = Good.Gangs.Single(gang => gang.Tasks.Count == 2);
        var other = Good.Gangs.Single(gang => gang != first);
        var passed = PlanChecker.Check(Snapshot, Worlds.Policy, Good with { Gangs = [change(first), other] }, Worlds.Now);
        passed.Plan.Gangs.ShouldBe([other]);
        return [.. passed.Violations.Where(violation => violation.Job == first.Job).Select(violation => violation.Guarantee).Distinct()];
    }
}
