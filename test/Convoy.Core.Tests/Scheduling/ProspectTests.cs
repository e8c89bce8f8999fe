using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

public sealed class ProspectTests
{
    private static readonly Node[] OneNodeOf8 = [Worlds.Node("node-0", 8)];

    [Fact]
    public void Who_is_promised_nothing_yet_is_told_when_machines_are_free_behind_all_promises()
    {
        // Each wants the whole node for an hour; whoever runs is gone in an hour as well.
        var (hour, policy) = (TimeSpan.FromHours(1), Worlds.Policy with { ReservationsPerType = 2 });
        var running = new RunningJob(Worlds.Standing(1), "local", [new HeldPlace("node-0", new(1000, 0, 8), [0, 1, 2, 3, 4, 5, 6, 7])]) { StartedAt = Worlds.Now, MaxDuration = hour };
        var world = new PlanningCase(Worlds.Snapshot(OneNodeOf8, [.. Enumerable.Range(2, 4).Select(i => Worlds.Pending(i, 1, 8) with { MaxDuration = hour })], running), policy, Worlds.Now);
        Scheduler.Plan(world.Snapshot, policy, Worlds.Now).Waiting.Select(waiting => waiting.Reason.EarliestStart).ShouldBe([Worlds.Now + hour, Worlds.Now + (2 * hour), null, null]);
        Of(world, 3).EarliestStart.ShouldBe(Worlds.Now + (2 * hour));
        Of(world, 5).EarliestStart.ShouldBe(Worlds.Now + (3 * hour));
    }

    [Fact]
    public void A_job_that_does_not_wait_has_no_prospect() =>
        Of(new PlanningCase(Worlds.Snapshot(OneNodeOf8, []), Worlds.Policy, Worlds.Now), 1).ShouldBe(Prospect.None);

    private static Prospect Of(PlanningCase world, int sequence) => Prospect.Of(world, Worlds.Standing(sequence).Id, [], Scheduler.Plan);
}
