using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

public sealed class WaitingNumbersProperties
{
    [Fact]
    public void The_numbers_of_every_reason_bear_it_out() => Worlds.Random.Sample(
        world =>
        {
            var plan = Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now);
            foreach (var ((id, reason), ahead) in plan.Waiting.Select((waiting, ahead) => (waiting, ahead)))
            {
                reason.JobsAhead.ShouldBe(ahead);
                reason.LargestFreeBlock.ShouldBeLessThanOrEqualTo(reason.Free);
                reason.EarliestStart.ShouldBe(plan.Reservations.FirstOrDefault(promise => promise.Gang.Job == id)?.From);
                switch (reason.Token)
                {
                    case WaitingToken.InsufficientResources or WaitingToken.ExceedsLevelCap or WaitingToken.WaitingForQuota or WaitingToken.ExceedsQueueQuota:
                        reason.Free.ShouldBeLessThan(reason.Needed);
                        break;
                    case WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied or WaitingToken.Reserved:
                        reason.Free.ShouldBeGreaterThanOrEqualTo(reason.Needed);
                        break;
                    case WaitingToken.Held:
                        reason.Until.ShouldNotBeNull().ShouldBeGreaterThan(Worlds.Now);
                        break;
                }
            }
        },
        iter: 3_000);
}
