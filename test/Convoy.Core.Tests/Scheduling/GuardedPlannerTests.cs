using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>The planner is made to err; what is applied stays sound, and something is applied.</summary>
public sealed class GuardedPlannerTests
{
    private static readonly ClusterSnapshot TwoJobs = Worlds.Snapshot([Worlds.Node("a", 8)], [Worlds.Pending(1, 1, 2), Worlds.Pending(2, 1, 2)]);

    [Fact]
    public void Whatever_the_planner_does_to_its_plan_nothing_that_violates_is_left_in_it() => Gen.Select(Worlds.Random, Gen.Int[0, 5], Gen.Int[0, 20]).Sample((world, bug, victim) =>
    {
        var (snapshot, policy) = world;
        var guarded = Guard((now, at, time) => Spoilt(Scheduler.Plan(now, at, time), bug, victim)).Plan(snapshot, policy, Worlds.Now);
        var started = guarded.Plan.Gangs.Select(gang => gang.Job).ToHashSet();
        PlanChecker.Violations(snapshot, policy, guarded.Plan, Worlds.Now).ShouldAllBe(violation => !started.Contains(violation.Job));
    });

    [Fact]
    public void A_gang_that_violates_is_dropped_with_its_evictions_and_the_rest_is_applied()
    {
        var guarded = Guard((snapshot, policy, now) =>
        {
            var plan = Scheduler.Plan(snapshot, policy, now);
            var bad = plan.Gangs[0] with { Tasks = [plan.Gangs[0].Tasks[0] with { Node = "nowhere" }] };
            return plan with { Gangs = [bad, plan.Gangs[1]], Evictions = [new PlannedEviction(JobId.Parse("jvictim00"), 1, bad.Job)] };
        }).Plan(TwoJobs, Worlds.Policy, Worlds.Now);
        guarded.Plan.Gangs.Select(gang => gang.Job).ShouldBe([TwoJobs.Pending[1].Standing.Id]);
        guarded.Plan.Evictions.ShouldBeEmpty();
        guarded.Violations.ShouldAllBe(violation => violation.Job == TwoJobs.Pending[0].Standing.Id);
        guarded.Violations.ShouldNotBeEmpty();
    }

    [Fact]
    public void Where_nothing_of_a_plan_is_sound_one_without_evictions_is_made()
    {
        var running = new RunningJob(Worlds.Standing(9), "local", [new HeldPlace("a", new(1000, 0, 1), [7])]);
        var guarded = Guard((snapshot, policy, now) =>
        {
            var plan = Scheduler.Plan(snapshot, policy, now);
            return snapshot.Running.Any(job => job.Preemptible) ? plan with { Gangs = [.. plan.Gangs.Select(gang => gang with { Cluster = "nowhere" })] } : plan;
        }).Plan(TwoJobs with { Running = [running] }, Worlds.Policy, Worlds.Now);
        guarded.Plan.Gangs.Count.ShouldBe(2);
        guarded.Plan.Evictions.ShouldBeEmpty();
        guarded.Violations.ShouldNotBeEmpty();
    }

    [Fact]
    public void A_planner_that_throws_over_evictions_plans_without_them()
    {
        var running = new RunningJob(Worlds.Standing(9), "local", [new HeldPlace("a", new(1000, 0, 1), [7])]);
        var guarded = Guard((snapshot, policy, now) => snapshot.Running.Any(job => job.Preemptible) ? throw new InvalidOperationException("simulated") : Scheduler.Plan(snapshot, policy, now))
            .Plan(TwoJobs with { Running = [running] }, Worlds.Policy, Worlds.Now);
        guarded.Plan.Gangs.Count.ShouldBe(2);
        guarded.Failures.ShouldHaveSingleItem().Message.ShouldBe("simulated");
    }

    [Fact]
    public void Jobs_that_the_planner_cannot_bear_keep_nobody_else_from_starting() => Gen.Int[0, 9].HashSet[1, 4].Sample(poisonous =>
    {
        var jobs = Enumerable.Range(0, 10).Select(i => Worlds.Pending(i, 1, 1)).ToArray();
        var poison = poisonous.Select(i => jobs[i].Standing.Id).ToHashSet();
        var guarded = Guard((snapshot, policy, now) => snapshot.Pending.Any(job => poison.Contains(job.Standing.Id)) ? throw new OverflowException() : Scheduler.Plan(snapshot, policy, now))
            .Plan(Worlds.Snapshot([Worlds.Node("a", 8), Worlds.Node("b", 8)], jobs), Worlds.Policy, Worlds.Now);
        guarded.Plan.Gangs.Select(gang => gang.Job).ShouldBe(jobs.Select(job => job.Standing.Id).Where(id => !poison.Contains(id)), ignoreOrder: true);
    });

    [Fact]
    public void A_plan_that_its_check_cannot_read_is_not_applied()
    {
        var guarded = new GuardedPlanner(Scheduler.Plan, (_, _, _, _) => throw new OverflowException()).Plan(TwoJobs, Worlds.Policy, Worlds.Now);
        guarded.Plan.Gangs.ShouldBeEmpty();
        guarded.Failures.ShouldNotBeEmpty();
    }

    [Fact]
    public void A_sound_plan_is_left_as_it_is() => Worlds.Random.Sample(world =>
    {
        var plan = Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now);
        var guarded = Guard((_, _, _) => plan).Plan(world.Snapshot, world.Policy, Worlds.Now);
        guarded.Plan.ShouldBeSameAs(plan);
        (guarded.Violations.Count, guarded.Failures.Count).ShouldBe((0, 0));
    });

    private static GuardedPlanner Guard(Planner planner) => new(planner);

    private static Plan Spoilt(Plan plan, int bug, int at)
    {
        if (plan.Gangs.Count == 0) return plan;
        var gang = plan.Gangs[at % plan.Gangs.Count];
        PlannedGang[] others = [.. plan.Gangs.Where(other => other != gang)];
        return bug switch
        {
            0 => plan with { Gangs = [.. others, gang with { Tasks = [.. gang.Tasks.Skip(1)] }] },
            1 => plan with { Gangs = [.. others, gang with { Tasks = [.. gang.Tasks.Select(task => task with { Devices = [0, 0, 99] })] }] },
            2 => plan with { Gangs = [.. plan.Gangs, gang] },
            3 => plan with { Gangs = [.. others, gang with { Cluster = "nowhere" }] },
            4 => plan with { Evictions = [new PlannedEviction(JobId.Parse("jvictim00"), 1, gang.Job)] },
            _ => plan with { Gangs = [.. others, gang with { JobRevision = gang.JobRevision + 1 }] },
        };
    }
}
