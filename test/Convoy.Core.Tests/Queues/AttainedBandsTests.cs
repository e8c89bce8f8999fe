using Convoy.Core.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Queues;

public sealed class AttainedBandsTests
{
    [Fact]
    public void The_first_band_ends_after_six_minutes_of_one_device()
    {
        AttainedBands.Band(TimeSpan.FromMinutes(5), 1).ShouldBe(0);
        AttainedBands.Band(TimeSpan.FromMinutes(6), 1).ShouldBe(1);
        AttainedBands.Band(TimeSpan.FromMinutes(24), 1).ShouldBe(2);
        AttainedBands.Band(TimeSpan.FromSeconds(6), 8).ShouldBe(1);
    }

    [Fact]
    public void Who_has_just_come_into_a_band_is_in_it_for_its_whole_length()
    {
        AttainedBands.UntilNextBand(TimeSpan.Zero, 1).ShouldBe(TimeSpan.FromMinutes(6));
        AttainedBands.UntilNextBand(TimeSpan.FromMinutes(6), 1).ShouldBe(TimeSpan.FromMinutes(18));
        AttainedBands.UntilNextBand(TimeSpan.FromMinutes(6), 2).ShouldBe(TimeSpan.FromMinutes(18));
    }

    [Fact]
    public void A_job_is_in_its_band_until_exactly_the_time_that_is_told() => Gen.Select(Gen.Long[0, TimeSpan.TicksPerDay * 300], Gen.Int[0, 4096]).Sample((ticks, devices) =>
    {
        var served = TimeSpan.FromTicks(ticks);
        var band = AttainedBands.Band(served, devices);
        var left = AttainedBands.UntilNextBand(served, devices);
        left.ShouldBeGreaterThan(TimeSpan.Zero);
        AttainedBands.Band(served + left, devices).ShouldBe(band + 1);
        AttainedBands.Band(served + left - TimeSpan.FromTicks(1), devices).ShouldBe(band);
    });
}
