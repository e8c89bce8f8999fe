using System.Globalization;

namespace Convoy.Simulation.Tests;

/// <summary>
/// <c>CONVOY_SEED</c> runs one seed, <c>CONVOY_SEEDS</c> that many, from <c>CONVOY_FIRST_SEED</c> on; <c>CONVOY_TRANSCRIPT</c> names a
/// file for what happened in the only or last one.
/// </summary>
public sealed class SimulationTests
{
    private const int UsualSeeds = 100;

    [Fact]
    public void Nothing_is_lost_doubled_or_stuck_whatever_fails()
    {
        if (Number("CONVOY_SEED") is { } only)
        {
            Keep(Simulation.Run(only));
            return;
        }

        var first = Number("CONVOY_FIRST_SEED") ?? 1;
        for (var seed = first; seed < first + (Number("CONVOY_SEEDS") ?? UsualSeeds); seed++) Keep(Simulation.Run(seed));
    }

    /// <summary>What is proved of evictions is proved of none where none happens.</summary>
    [Fact]
    public void Jobs_make_way_for_others_in_most_lives() =>
        Enumerable.Range(1, 20).Count(seed => Simulation.Run(seed).Contains(" makes way for ", StringComparison.Ordinal)).ShouldBeGreaterThan(10);

    [Theory]
    [InlineData(" shrinks for ")]
    [InlineData(" grows to ")]
    public void Elastic_jobs_change_their_size_in_many_lives(string said) =>
        Enumerable.Range(1, 20).Count(seed => Simulation.Run(seed).Contains(said, StringComparison.Ordinal)).ShouldBeGreaterThan(5);

    [Fact]
    public void The_same_seed_is_the_same_life() => Simulation.Run(7).ShouldBe(Simulation.Run(7));

    /// <summary>A submission was stored, the answer failed, and so did reading it again: the job was there and nobody scheduled it.</summary>
    [Fact]
    public void A_submission_that_was_stored_unanswered_is_not_forgotten() => Simulation.Run(5).ShouldNotBeEmpty();

    /// <summary>An assignment was durable though its commit failed; the next cycle gave its machines away before the ledger had read that back.</summary>
    [Fact]
    public void What_a_failed_commit_may_have_given_is_not_given_again() => Simulation.Run(80).ShouldNotBeEmpty();

    private static void Keep(string transcript)
    {
        if (Environment.GetEnvironmentVariable("CONVOY_TRANSCRIPT") is { Length: > 0 } file) File.WriteAllText(file, transcript);
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, NumberStyles.Integer, CultureInfo.InvariantCulture) : null;
}
