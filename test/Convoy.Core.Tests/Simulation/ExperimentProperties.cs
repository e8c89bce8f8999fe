using Convoy.Core.Simulation;
using CsCheck;

namespace Convoy.Core.Tests.Simulation;

public sealed class ExperimentProperties
{
    private static readonly Gen<SimulatedNode[]> Nodes =
        Gen.Select(Gen.Int[1, 8], Gen.OneOf("", "A100", "V100")).Select((gpus, type) => new SimulatedNode(gpus, type)).Array[1, 5];

    private static readonly Gen<SimulatedJob[]> Jobs =
        Gen.Select(Gen.Int[0, 50], Gen.Int[1, 40], Gen.Int[1, 12], Gen.OneOf<int?>(null, 1, 2, 3))
            .Select((submit, duration, gpus, nodes) => new SimulatedJob("j", TimeSpan.FromSeconds(submit), TimeSpan.FromSeconds(duration), gpus, nodes, [])).Array[0, 25];

    private static readonly Gen<SimulationPolicy> Policies =
        Gen.OneOf(SimulationPolicy.Fifo, SimulationPolicy.Sjf, SimulationPolicy.Srtf, SimulationPolicy.Easy);

    [Fact]
    public void Every_job_that_fits_the_empty_cluster_ends_after_all_of_its_work() => Gen.Select(Nodes, Jobs, Policies).Sample((nodes, jobs, policy) =>
    {
        foreach (var outcome in Experiment.Run(nodes, jobs, policy).Outcomes)
        {
            var alone = Experiment.Run(nodes, [outcome.Job], SimulationPolicy.Fifo).Outcomes[0];
            Assert.Equal(alone.End is null, outcome.End is null);
            if (outcome.End is null) continue;
            Assert.True(outcome.Start >= outcome.Job.Submit);
            Assert.True(outcome.Ran >= outcome.Job.Duration);
            if (policy != SimulationPolicy.Srtf) Assert.Equal(outcome.Job.Duration, outcome.End.Value - outcome.Start!.Value);
        }
    });

    [Fact]
    public void No_more_devices_are_in_use_than_there_are() => Gen.Select(Nodes, Jobs, Policies).Sample((nodes, jobs, policy) =>
    {
        var ran = Experiment.Run(nodes, jobs, policy).Outcomes.Where(outcome => outcome.End is not null && outcome.Evictions == 0).ToArray();
        foreach (var at in ran.Select(outcome => outcome.Start!.Value))
        {
            Assert.True(ran.Where(outcome => outcome.Start <= at && at < outcome.End).Sum(outcome => outcome.Job.WholeGpus) <= nodes.Sum(node => node.Gpus));
        }
    });

    /// <summary>The head's wait is what EASY promises: no backfilled job makes the first blocked one later than plain FIFO would.</summary>
    // On machines of one size: where sizes differ, taking idle machines in their order may find no room although there is more.
    [Fact]
    public void Backfilling_never_delays_the_first_job_that_had_to_wait() => Gen.Select(Gen.Int[1, 8], Gen.Int[1, 5], Jobs).Sample((gpus, count, jobs) =>
    {
        var nodes = Enumerable.Repeat(new SimulatedNode(gpus), count).ToArray();
        var fifo = Experiment.Run(nodes, jobs, SimulationPolicy.Fifo).Outcomes;
        var easy = Experiment.Run(nodes, jobs, SimulationPolicy.Easy).Outcomes;
        var first = Enumerable.Range(0, jobs.Length).Where(i => fifo[i].Start > jobs[i].Submit).OrderBy(i => jobs[i].Submit).ThenBy(i => i).Cast<int?>().FirstOrDefault();
        if (first is { } head) Assert.True(easy[head].Start <= fifo[head].Start);
    }, iter: 5_000);
}
