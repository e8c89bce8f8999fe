using Convoy.Core.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Queues;

public sealed class DecayedUsageProperties
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    /// <summary>Instants count in whole milliseconds, each 10^-9 of the half-life, and a history has two dozen of them.</summary>
    private const double Rounding = 1e-8;

    /// <summary>Days since the epoch at which so much of a resource is taken, and for how many days.</summary>
    private static readonly Gen<(double Day, double Days, int Amount, int Resource)[]> Histories =
        Gen.Select(Gen.Double[-20, 60], Gen.Double[0, 30], Gen.Int[1, 500], Gen.Int[0, 1]).Array[0, 12];

    [Fact]
    public void Half_is_left_after_every_half_life() => Gen.Select(Gen.Int[1, 1000], Gen.Double[0.1, 40], Gen.Int[1, 10]).Sample((amount, days, halfLives) =>
    {
        var usage = Of([(0, days, amount, 0)]);
        var then = Epoch.AddDays(days);
        var (share, whole) = (usage.DominantShare(0, [1000, 1], then), usage.WholeAt(then));
        // The value stays, and what it is a part of doubles.
        usage.DominantShare(0, [1000, 1], then + (halfLives * Week)).ShouldBe(share);
        usage.WholeAt(then + (halfLives * Week)).ShouldBe(whole << halfLives);
    });

    [Fact]
    public void Usage_is_the_average_of_what_was_held_as_the_formula_has_it() => Gen.Select(Histories, Gen.Double[90, 111]).Sample(
        (history, day) =>
        {
            var usage = Of(history);
            Fraction(usage, Epoch.AddDays(day)).ShouldBe(Expected(history, day), Rounding);
        },
        iter: 3000);

    [Fact]
    public void Moving_the_epoch_changes_nothing_but_the_last_digits() => Gen.Select(Histories, Gen.Double[112, 900], Gen.Int[1, 50]).Sample(
        (history, day, still) =>
        {
            var usage = Of(history);
            usage.Hold(0, 1, still, Epoch.AddDays(100));
            Fraction(usage, Epoch.AddDays(day)).ShouldBe(Expected([.. history, (100, day - 100, still, 1)], day), Rounding);
        },
        iter: 3000);

    [Fact]
    public void The_order_in_which_a_history_is_told_does_not_matter() => Gen.Select(Histories, Gen.Double[0, 111]).Sample((history, day) =>
    {
        var now = Epoch.AddDays(day);
        Of([.. history.Reverse()]).DominantShare(0, [700, 300], now).ShouldBe(Of(history).DominantShare(0, [700, 300], now));
    });

    [Fact]
    public void Reading_changes_nothing() => Gen.Select(Histories, Gen.Double[0, 111].Array[0, 6]).Sample((history, days) =>
    {
        var (read, unread) = (Of(history), Of(history));
        foreach (var day in days) read.DominantShare(0, [700, 300], Epoch.AddDays(day));
        read.DominantShare(0, [700, 300], Epoch.AddDays(111)).ShouldBe(unread.DominantShare(0, [700, 300], Epoch.AddDays(111)));
    });

    [Fact]
    public void A_later_instant_never_weighs_less() => Gen.Select(Gen.Long[60_000, 36_500L * 86_400_000], Gen.Long[-1000, 1000], Gen.Int[0, 15]).Sample(
        (halfLife, near, whole) =>
        {
            var at = (halfLife * whole) + near;
            var step = ForwardDecay.WeightAt(at + 1, halfLife) - ForwardDecay.WeightAt(at, halfLife);
            (step >= 0).ShouldBeTrue();
        },
        iter: 20_000);

    [Fact]
    public void Weights_are_powers_of_two() => Gen.Select(Gen.Long[60_000, 36_500L * 86_400_000], Gen.Double[-3, 16]).Sample(
        (halfLife, halfLives) =>
        {
            var at = (long)(halfLife * halfLives);
            var expected = Math.Pow(2, 44 + ((double)at / halfLife));
            ((double)ForwardDecay.WeightAt(at, halfLife)).ShouldBe(expected, expected * 1e-12);
        },
        iter: 20_000);

    [Fact]
    public void What_is_idle_for_centuries_is_forgotten()
    {
        var usage = Of([(0, 10, 500, 0)]);
        usage.DominantShare(0, [1, 1], Epoch.AddDays(365 * 300)).ShouldBe(0);
        usage.Hold(0, 0, 3, Epoch.AddDays(365 * 300));
        Fraction(usage, Epoch.AddDays(365 * 600), [12, 1]).ShouldBe(0.25, 1e-9);
    }

    [Fact]
    public void Amounts_of_the_largest_clusters_do_not_overflow()
    {
        var usage = new DecayedUsage(1, Week, Epoch);
        var account = usage.Open();
        const long Memory = 100_000L * (4L << 40);
        usage.Hold(account, 0, Memory, Epoch);
        for (var day = 0; day < 400; day += 3) Fraction(usage, Epoch.AddDays(day), [Memory]).ShouldBe(1 - Math.Pow(2, -day / 7.0), 1e-9);
    }

    private static DecayedUsage Of((double Day, double Days, int Amount, int Resource)[] history)
    {
        var usage = new DecayedUsage(2, Week, Epoch);
        var account = usage.Open();
        foreach (var (day, days, amount, resource) in history)
        {
            usage.Hold(account, resource, -amount, Epoch.AddDays(day + days));
            usage.Hold(account, resource, amount, Epoch.AddDays(day));
        }

        return usage;
    }

    private static double Fraction(DecayedUsage usage, DateTimeOffset now, long[]? capacity = null) =>
        (double)usage.DominantShare(0, capacity ?? [700, 300], now) / (double)usage.WholeAt(now);

    private static double Expected((double Day, double Days, int Amount, int Resource)[] history, double now)
    {
        double[] used = [0, 0];
        foreach (var (day, days, amount, resource) in history) used[resource] += amount * (Math.Pow(2, (day + days - now) / 7) - Math.Pow(2, (day - now) / 7));
        return Math.Max(used[0] / 700, used[1] / 300);
    }
}
