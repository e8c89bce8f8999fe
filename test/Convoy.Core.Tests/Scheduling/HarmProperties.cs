using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

public sealed class HarmProperties
{
    private const int Pool = 6;

    /// <summary>Few different values, so that sets are alike in all but the last of what decides.</summary>
    private static readonly Gen<Victim[]> Victims = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[1, 2], Gen.Int[0, 1], Gen.Int[0, 1]).Array[Pool].Select(all => all
        .Select((each, i) => new Victim(new RunningJob(Worlds.Standing(i), "local", []), each.Item1, TimeSpan.FromHours(each.Item2), 0, new(0, 0, each.Item3), each.Item4, each.Item5))
        .ToArray());

    [Fact]
    public void Sets_are_compared_by_levels_from_the_top_then_by_time_lost_then_by_devices_and_last_by_the_newest() =>
        Gen.Select(Victims, Gen.Int[0, (1 << Pool) - 1], Gen.Int[0, (1 << Pool) - 1]).Sample(
            (all, one, other) =>
            {
                Victim[] x = [.. Of(all, one)], y = [.. Of(all, other)];
                Harm.Of(x).Victims.ShouldBe(x);
                Math.Sign(Harm.Of(x).CompareTo(Harm.Of(y))).ShouldBe(Math.Sign(Compare(x, y)));
            },
            iter: 20_000);

    [Fact]
    public void Of_single_victims_the_order_is_that_of_the_sets_that_hold_only_them() => Victims.Sample(
        all =>
        {
            foreach (var (x, y) in all.SelectMany(x => all.Select(y => (x, y)))) Math.Sign(x.CompareTo(y)).ShouldBe(Math.Sign(Harm.Of([x]).CompareTo(Harm.Of([y]))));
        },
        iter: 2000);

    private static IEnumerable<Victim> Of(Victim[] all, int mask) => all.Where((_, i) => (mask >> i & 1) == 1);

    private static long Compare(Victim[] x, Victim[] y)
    {
        for (var rank = 2; rank >= 0; rank--)
        {
            if (x.Count(victim => victim.Rank == rank) - y.Count(victim => victim.Rank == rank) is var more and not 0) return more;
        }

        if (Sum(x, victim => victim.Lost.Ticks) - Sum(y, victim => victim.Lost.Ticks) is var longer and not 0) return longer;
        if (Sum(x, victim => victim.Held.Devices) - Sum(y, victim => victim.Held.Devices) is var wider and not 0) return wider;
        return NewestFirst(x).Zip(NewestFirst(y), (a, b) => string.CompareOrdinal(b, a)).FirstOrDefault(difference => difference != 0);
    }

    private static long Sum(Victim[] victims, Func<Victim, long> of) => victims.Sum(of);

    /// <summary>Of one instant and sequence the id decides, which says nothing of age and is always there.</summary>
    private static IEnumerable<string> NewestFirst(Victim[] victims) =>
        victims.Select(victim => $"{victim.Started} {victim.Sequence} {victim.Job.Standing.Id}").OrderDescending(StringComparer.Ordinal);
}
