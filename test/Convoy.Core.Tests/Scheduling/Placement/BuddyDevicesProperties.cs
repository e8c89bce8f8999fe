using Convoy.Core.Scheduling.Placement;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling.Placement;

public sealed class BuddyDevicesProperties
{
    private static readonly Gen<(ulong Free, int Count)> Requests = Gen.Select(Gen.ULong[0, 255], Gen.Int[1, 8]);

    [Theory]
    [InlineData(new[] { 0, 1, 2, 3, 4, 5, 6, 7 }, 2, new[] { 0, 1 })]
    [InlineData(new[] { 2, 3, 4, 5, 6, 7 }, 2, new[] { 2, 3 })]
    [InlineData(new[] { 0, 1, 2, 3, 6, 7 }, 1, new[] { 6 })]
    [InlineData(new[] { 0, 1, 2, 3, 5, 6, 7 }, 2, new[] { 6, 7 })]
    [InlineData(new[] { 1, 2, 4 }, 2, new[] { 1, 2 })]
    [InlineData(new[] { 0, 1, 2, 3, 4, 6, 7 }, 3, new[] { 4, 6, 7 })]
    public void Two_of_eight_leave_an_aligned_two_and_an_aligned_four(int[] free, int count, int[] chosen) =>
        Assert.Equal(chosen, BuddyDevices.Choose(DeviceSet.Of(free), count)!.Value.ToArray());

    [Fact]
    public void Nothing_is_chosen_where_too_few_are_free() => Assert.Null(BuddyDevices.Choose(DeviceSet.Of(1, 5), 3));

    /// <summary>Against every subset: the devices lie in the smallest block, and then the most of the largest blocks are left.</summary>
    [Fact]
    public void No_other_choice_is_tighter_or_leaves_larger_aligned_blocks() => Requests.Sample(request =>
    {
        var choice = BuddyDevices.Choose(new DeviceSet(request.Free), request.Count);
        var all = Enumerable.Range(0, 256).Select(bits => (ulong)bits).Where(bits => (bits & ~request.Free) == 0 && new DeviceSet(bits).Count == request.Count).ToArray();
        Assert.Equal(all.Length > 0, choice is not null);
        if (choice is not { } chosen) return;
        Assert.Contains(chosen.Bits, all);
        var tightest = all.GroupBy(Span).MinBy(same => same.Key)!;
        Assert.Equal(tightest.Key, Span(chosen.Bits));
        Assert.Equal(tightest.Max(bits => Left(request.Free & ~bits)), Left(request.Free & ~chosen.Bits));
    }, iter: 2000);

    [Fact]
    public void A_group_that_can_hold_the_devices_holds_them() => Requests.Sample(request =>
    {
        DeviceSet[] islands = [DeviceSet.Of(0, 2, 4, 6), DeviceSet.Of(1, 3, 5, 7)];
        var free = new DeviceSet(request.Free);
        if (BuddyDevices.Choose(free, request.Count, islands) is not { } chosen) return;
        var holding = islands.Where(island => (island & free).Count >= request.Count).ToArray();
        Assert.Equal(request.Count, (chosen & free).Count);
        Assert.Equal(request.Count, chosen.Count);
        Assert.True(holding.Length == 0 || holding.Any(island => (chosen - island).Count == 0));
    });

    /// <summary>Size of the smallest aligned block around the devices.</summary>
    private static int Span(ulong devices) => new[] { 1, 2, 4, 8 }.First(size => Enumerable.Range(0, 8 / size).Any(block => (devices & ~Block(block * size, size)) == 0));

    /// <summary>Whole aligned blocks, the largest size weighing more than all smaller ones.</summary>
    private static int Left(ulong free) =>
        new[] { 8, 4, 2, 1 }.Aggregate(0, (sum, size) => (sum * 10) + Enumerable.Range(0, 8 / size).Count(block => (free & Block(block * size, size)) == Block(block * size, size)));

    private static ulong Block(int start, int size) => ((1UL << size) - 1) << start;
}
