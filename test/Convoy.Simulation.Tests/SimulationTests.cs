using System.Globalization;

namespace Convoy.Simulation.Tests;

/// <summary><c>CONVOY_SEED</c> runs one seed, <c>CONVOY_SEEDS</c> that many, from <c>CONVOY_FIRST_SEED</c> on.</summary>
public sealed class SimulationTests
{
    private const int UsualSeeds = 100;

    [Fact]
    public void Nothing_is_lost_doubled_or_stuck_whatever_fails()
    {
        if (Number("CONVOY_SEED") is { } only)
        {
            Simulation.Run(only);
            return;
        }

        var first = Number("CONVOY_FIRST_SEED") ?? 1;
        for (var seed = first; seed < first + (Number("CONVOY_SEEDS") ?? UsualSeeds); seed++) Simulation.Run(seed);
    }

    [Fact]
    public void The_same_seed_is_the_same_life() => Simulation.Run(7).ShouldBe(Simulation.Run(7));

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, NumberStyles.Integer, CultureInfo.InvariantCulture) : null;
}
