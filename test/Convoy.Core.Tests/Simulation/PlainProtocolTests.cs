using Convoy.Core.Simulation;
using CsCheck;

namespace Convoy.Core.Tests.Simulation;

public sealed class PlainProtocolTests
{
    private static readonly Gen<(int Submit, int Duration, int Gpus)[]> Jobs = Gen.Select(Gen.Int[0, 60], Gen.Int[1, 80], Gen.Int[1, 20]).Array[1, 30];

    [Theory]
    [InlineData(SimulationPolicy.Fifo)]
    [InlineData(SimulationPolicy.Sjf)]
    [InlineData(SimulationPolicy.Easy)]
    [InlineData(SimulationPolicy.Srtf)]
    public void On_clusters_of_any_size_every_job_starts_and_ends_when_the_naive_protocol_says(SimulationPolicy policy) =>
        Gen.Select(Gen.OneOf(Gen.Select(Gen.Int[1, 9], Gen.Int[1, 6]).Select((gpus, count) => Enumerable.Repeat(gpus, count).ToArray()), Gen.Int[1, 8].Array[1, 6]), Jobs).Sample(
            (nodes, jobs) =>
            {
                var expected = new PlainProtocol(nodes, jobs, policy).Run();

                var result = Experiment.Run(
                    [.. nodes.Select(gpus => new SimulatedNode(gpus))],
                    [.. jobs.Select((job, i) => new SimulatedJob($"{i}", TimeSpan.FromSeconds(job.Submit), TimeSpan.FromSeconds(job.Duration), job.Gpus, null, []))], policy);

                result.Outcomes.Select(outcome => (Seconds(outcome.Start), Seconds(outcome.End), outcome.Evictions)).ShouldBe(expected);
            },
            iter: 1_000);

    private static int? Seconds(TimeSpan? time) => time is { } at ? (int)at.TotalSeconds : null;
}
