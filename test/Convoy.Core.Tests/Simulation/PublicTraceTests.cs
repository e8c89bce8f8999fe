using System.Globalization;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Core.Simulation;

namespace Convoy.Core.Tests.Simulation;

/// <summary>The simulator is trusted because it gives what an independent implementation gives on public traces.</summary>
public sealed class PublicTraceTests
{
    [Theory]
    [InlineData("trace3", SimulationPolicy.Fifo, 1_053_201, 1_005_634)]
    [InlineData("trace3", SimulationPolicy.Sjf, 261_781, 214_213)]
    [InlineData("trace3", SimulationPolicy.Easy, 441_324, 393_756)]
    [InlineData("trace3", SimulationPolicy.Srtf, 191_536, 143_934)]
    [InlineData("trace4", SimulationPolicy.Fifo, 4_239_384, 4_118_258)]
    [InlineData("trace4", SimulationPolicy.Sjf, 696_915, 575_790)]
    [InlineData("trace4", SimulationPolicy.Easy, 2_203_046, 2_081_921)]
    [InlineData("trace4", SimulationPolicy.Srtf, 620_618, 499_478)]
    public void Average_times_equal_those_of_an_independent_implementation(string trace, SimulationPolicy policy, double completionS, double queueingS)
    {
        var file = SharedFile.Find($"data/traces/muri/{trace}.csv");
        Assert.SkipWhen(file is null, "the public traces are not beside this checkout");

        var result = Experiment.Run([.. Enumerable.Repeat(new SimulatedNode(8), 8)], Jobs(file), policy);

        var tolerance = policy is SimulationPolicy.Fifo or SimulationPolicy.Sjf ? 1 : 0.01 * completionS;
        Assert.All(result.Outcomes, outcome => Assert.NotNull(outcome.End));
        var figures = SimulationFigures.Of(result);
        Assert.Equal(completionS, figures.AverageCompletion.TotalSeconds, tolerance);
        Assert.Equal(queueingS, figures.AverageQueueing.TotalSeconds, tolerance);
    }

    /// <summary>Tiresias-L as published by the authors of Muri on the same traces; neither knows a duration.</summary>
    [Theory]
    [InlineData("trace3", 347_213)]
    [InlineData("trace4", 1_319_383)]
    public void The_production_scheduler_ordered_by_attained_service_beats_published_Tiresias(string trace, double publishedS)
    {
        var file = SharedFile.Find($"data/traces/muri/{trace}.csv");
        Assert.SkipWhen(file is null, "the public traces are not beside this checkout");
        var policy = new SchedulingPolicy(Level.Defaults) { Queues = [new QueueSpec(QueueTree.RootName, Ordering: QueueOrdering.Las)] };

        var result = VirtualCluster.Run([.. Enumerable.Repeat(new SimulatedNode(8), 8)], Jobs(file), policy);

        Assert.All(result.Outcomes, outcome => Assert.NotNull(outcome.End));
        var figures = SimulationFigures.Of(result);
        TestContext.Current.SendDiagnosticMessage($"{trace}: {figures.AverageCompletion.TotalSeconds:F0} s, {figures.Evictions} evictions, {figures.LostGpuTime.TotalHours:F1} GPU hours lost");
        Assert.InRange(figures.AverageCompletion.TotalSeconds, 0, publishedS);
    }

    private static SimulatedJob[] Jobs(string file) =>
    [
        .. File.ReadLines(file).Skip(1).Select(line => line.Split(',')).Select(cells => new SimulatedJob(
            cells[0], TimeSpan.FromMilliseconds(Number(cells[2])), TimeSpan.FromMilliseconds(Number(cells[3]) * Number(cells[8]) * 1.015), (int)Number(cells[1]), null, [])),
    ];

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}
