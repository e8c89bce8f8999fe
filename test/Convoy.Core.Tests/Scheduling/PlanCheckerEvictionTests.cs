using Convoy.Core.People;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Every rule of eviction is broken here once, by hand.</summary>
public sealed class PlanCheckerEvictionTests
{
    private static readonly RunningJob Victim = Running(1, "n0", [0, 1, 2, 3], "intern");
    private static readonly RunningJob Bystander = Running(2, "n1", [0, 1, 2, 3], "intern");
    private static readonly ClusterSnapshot Snapshot = Worlds.Snapshot([Worlds.Node("n0", 4), Worlds.Node("n1", 4)], [Worlds.Pending(9, 1, 4, level: "senior")], Victim, Bystander);
    private static readonly Plan Good = Scheduler.Plan(Snapshot, Worlds.Policy, Worlds.Now);

    [Fact]
    public void A_needed_and_legal_eviction_passes()
    {
        Good.Evictions.ShouldHaveSingleItem();
        Found(Snapshot, Good).ShouldBeEmpty();
    }

    [Fact]
    public void An_eviction_without_a_gang_is_useless() => Found(Snapshot, Good with { Gangs = [] }).ShouldContain(6);

    [Fact]
    public void A_victim_that_is_not_in_the_way_is_spared() => Found(Snapshot, With(Bystander)).ShouldBe([7]);

    [Fact]
    public void A_victim_is_named_once() => Found(Snapshot, Good with { Evictions = [Good.Evictions[0], Good.Evictions[0]] }).ShouldContain(6);

    [Fact]
    public void A_gang_on_places_that_nobody_leaves_is_dropped() => Found(Snapshot, Good with { Evictions = [] }).ShouldContain(2);

    [Fact]
    public void A_victim_that_moved_on_is_stale() => Found(Snapshot, Good with { Evictions = [Good.Evictions[0] with { VictimRevision = 7 }] }).ShouldContain(13);

    [Fact]
    public void Neither_equals_nor_the_protected_are_evicted()
    {
        Found(Snapshot with { Running = [Running(1, "n0", [0, 1, 2, 3], "senior"), Bystander] }, Good).ShouldContain(5);
        Found(Snapshot with { Running = [Victim with { Preemptible = false }, Bystander] }, Good).ShouldContain(5);
        Found(Snapshot with { Running = [Victim with { IsStopping = true }, Bystander] }, Good).ShouldContain(5);
        Found(Snapshot, Good, new Level("intern", 10) { Preemptible = false }).ShouldContain(5);
        Found(Snapshot, Good, new Level("intern", 10) { MinRunTime = TimeSpan.FromHours(2) }).ShouldContain(5);
        Found(Snapshot, Good, new Level("intern", 10), mayPreempt: false).ShouldContain(5);
    }

    private static Plan With(RunningJob victim) => Good with { Evictions = [.. Good.Evictions, new PlannedEviction(victim.Standing.Id, victim.Revision, Good.Gangs[0].Job)] };

    private static int[] Found(ClusterSnapshot snapshot, Plan plan, Level? intern = null, bool mayPreempt = true)
    {
        var policy = new SchedulingPolicy([intern ?? new Level("intern", 10), new Level("engineer", 20), new Level("senior", 30) { MayPreempt = mayPreempt }]);
        return [.. PlanChecker.Violations(snapshot, policy, plan, Worlds.Now).Select(violation => violation.Guarantee)];
    }

    private static RunningJob Running(int sequence, string node, int[] devices, string level) =>
        new(Worlds.Standing(sequence, level: level), "local", [new HeldPlace(node, new(1000, 0, devices.Length), devices)]) { StartedAt = Worlds.Now - TimeSpan.FromHours(sequence == 1 ? 1 : 5) };
}
