using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Every rule of changing a job's size is broken here once, by hand.</summary>
public sealed class PlanCheckerResizeTests
{
    private static readonly RunningJob Job = ElasticityTests.Elastic(1, min: 2, places: 8);
    private static readonly ClusterSnapshot Full = Worlds.Snapshot([Worlds.Node("n0", 8)], [Worlds.Pending(9, 1, 3, "bob")], Job);
    private static readonly ClusterSnapshot Idle = Worlds.Snapshot([Worlds.Node("n0", 8)], [], ElasticityTests.Elastic(1, min: 2, places: 2));
    private static readonly Plan Shrinks = Scheduler.Plan(Full, Worlds.Policy, Worlds.Now);
    private static readonly Plan Grows = Scheduler.Plan(Idle, Worlds.Policy, Worlds.Now);

    [Fact]
    public void A_shrink_that_lets_a_gang_in_and_a_growth_into_idle_machines_pass()
    {
        Found(Full, Shrinks).ShouldBeEmpty();
        Found(Idle, Grows).ShouldBeEmpty();
    }

    [Fact]
    public void Nobody_is_shrunk_below_the_minimum_nor_grown_beyond_the_maximum()
    {
        Found(Full, Resized(Shrinks, resize => resize with { Tasks = [resize.Tasks[0]] })).ShouldContain(7);
        Found(Idle with { Running = [Idle.Running[0] with { Roles = [Idle.Running[0].Roles[0] with { Max = 7 }] }] }, Grows).ShouldContain(7);
    }

    [Fact]
    public void A_place_given_up_for_nothing_is_noticed() => Found(Full, Resized(Shrinks, resize => resize with { Tasks = [.. resize.Tasks.SkipLast(1)] })).ShouldBe([7]);

    [Fact]
    public void A_shrink_for_a_gang_that_does_not_start_is_useless() => Found(Full, Shrinks with { Gangs = [] }).ShouldContain(6);

    [Fact]
    public void A_shrink_for_nobody_is_useless() => Found(Full, Resized(Shrinks, resize => resize with { For = [] })).ShouldContain(6);

    [Fact]
    public void A_job_is_not_moved() => Found(Idle, Resized(Grows, resize => resize with { Tasks = [.. resize.Tasks.Skip(1).Select((task, rank) => task with { Rank = rank, RoleIndex = rank })] })).ShouldContain(7);

    [Fact]
    public void Ranks_are_counted_from_0() => Found(Idle, Resized(Grows, resize => resize with { Tasks = [.. resize.Tasks.Reverse()] })).ShouldContain(1);

    [Fact]
    public void A_job_that_moved_on_or_is_on_its_way_is_left_alone()
    {
        Found(Full, Resized(Shrinks, resize => resize with { JobRevision = 7 })).ShouldContain(13);
        Found(Full with { Running = [Job with { IsStopping = true }] }, Shrinks).ShouldContain(7);
        Found(Full with { Running = [Job with { IsResizing = true }] }, Shrinks).ShouldContain(7);
        Found(Full, Shrinks with { Resizes = [Shrinks.Resizes[0], Shrinks.Resizes[0]] }).ShouldContain(7);
    }

    [Fact]
    public void A_gang_on_places_that_nobody_gives_up_is_dropped() => Found(Full, Shrinks with { Resizes = [] }).ShouldContain(2);

    [Fact]
    public void Nobody_grows_too_early_nor_beyond_a_cap_nor_onto_what_is_taken_or_unwell()
    {
        Found(Idle with { Running = [Idle.Running[0] with { StartedAt = Worlds.Now - TimeSpan.FromMinutes(9) }] }, Grows).ShouldBe([8]);
        Found(Idle, Grows, new Level("engineer", 20) { MinRunTime = TimeSpan.FromHours(2) }).ShouldBe([8]);
        Found(Idle, Grows, new Level("engineer", 20, MaxGpus: 7)).ShouldBe([3]);
        Found(Idle, Grows, new Level("engineer", 20, MaxGpusPerJob: 7)).ShouldBe([3]);
        Found(Idle with { Nodes = [Worlds.Node("n0", 8, health: NodeHealth.Draining)] }, Grows).ShouldContain(12);
        Found(Idle with { Nodes = [Worlds.Node("n0", 7)] }, Grows).ShouldContain(2);
        Found(Idle with { Running = [.. Idle.Running, new RunningJob(Worlds.Standing(3, "eve"), "local", [new HeldPlace("n0", new(0, 0, 1), [7])])] }, Grows).ShouldContain(2);
    }

    [Fact]
    public void Nobody_dies_for_what_elastic_jobs_can_spare()
    {
        var lower = new RunningJob(Worlds.Standing(2, "eve", "intern"), "local", [new HeldPlace("n1", new(1000, 0, 4), [0, 1, 2, 3])]) { StartedAt = Worlds.Now - TimeSpan.FromHours(1) };
        var snapshot = Full with { Nodes = [Worlds.Node("n0", 8), Worlds.Node("n1", 4)], Running = [Job, lower] };
        var gang = Shrinks.Gangs[0] with { Tasks = [Shrinks.Gangs[0].Tasks[0] with { Node = "n1", Devices = [0, 1, 2] }] };
        Found(snapshot, Shrinks with { Gangs = [gang], Resizes = [], Evictions = [new PlannedEviction(lower.Standing.Id, 0, gang.Job)] }).ShouldBe([7]);
    }

    [Fact]
    public void What_is_wrong_is_dropped_with_its_gang_and_nothing_else()
    {
        var passed = PlanChecker.Check(Full, Worlds.Policy, Resized(Shrinks, resize => resize with { JobRevision = 7 }), Worlds.Now).Plan;
        (passed.Gangs.Count, passed.Resizes.Count).ShouldBe((0, 0));
    }

    private static Plan Resized(Plan plan, Func<PlannedResize, PlannedResize> change) => plan with { Resizes = [change(plan.Resizes.Single())] };

    private static int[] Found(ClusterSnapshot snapshot, Plan plan, Level? engineer = null)
    {
        var policy = new SchedulingPolicy([new Level("intern", 10), engineer ?? new Level("engineer", 20)]);
        return [.. PlanChecker.Violations(snapshot, policy, plan, Worlds.Now).Select(violation => violation.Guarantee).Distinct()];
    }
}
