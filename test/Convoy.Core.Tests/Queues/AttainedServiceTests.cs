using Convoy.Core.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Queues;

public sealed class AttainedServiceTests
{
    [Fact]
    public void The_first_band_ends_after_a_hundred_hours_of_one_device()
    {
        AttainedService.Band(TimeSpan.FromHours(99), 1).ShouldBe(0);
        AttainedService.Band(TimeSpan.FromHours(100), 1).ShouldBe(1);
        AttainedService.Band(TimeSpan.FromHours(400), 1).ShouldBe(2);
        AttainedService.Band(TimeSpan.FromHours(2), 8).ShouldBe(1);
    }

    [Fact]
    public void A_job_is_in_its_band_until_exactly_the_time_that_is_told() => Gen.Select(Gen.Long[0, TimeSpan.TicksPerDay * 300], Gen.Int[0, 4096]).Sample((ticks, devices) =>
    {
        var served = TimeSpan.FromTicks(ticks);
        var band = AttainedService.Band(served, devices);
        var left = AttainedService.UntilNextBand(served, devices);
        left.ShouldBeGreaterThan(TimeSpan.Zero);
        AttainedService.Band(served + left, devices).ShouldBe(band + 1);
        AttainedService.Band(served + left - TimeSpan.FromTicks(1), devices).ShouldBe(band);
    });
}
