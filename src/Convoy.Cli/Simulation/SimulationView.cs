using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation;

/// <summary>One policy's figures for programs. Times are in seconds, to the millisecond.</summary>
/// <param name="Policy">As it is typed.</param>
/// <param name="GpuUtilisation">0 to 1.</param>
/// <param name="LostGpuS">Work done again, times its devices.</param>
/// <param name="NeverFit">Jobs that never got machines.</param>
internal sealed record SimulationView(
    int SchemaVersion,
    string Policy,
    int Jobs,
    int Completed,
    double AvgJctS,
    double P50JctS,
    double P99JctS,
    double AvgQueueS,
    double P99QueueS,
    double MakespanS,
    double GpuUtilisation,
    int Evictions,
    double LostGpuS,
    int NeverFit)
{
    public static SimulationView Of(SimulationPolicy policy, SimulationFigures figures) => new(
        1,
        Policies.Word(policy),
        figures.Jobs,
        figures.Completed,
        Seconds(figures.AverageCompletion),
        Seconds(figures.MedianCompletion),
        Seconds(figures.P99Completion),
        Seconds(figures.AverageQueueing),
        Seconds(figures.P99Queueing),
        Seconds(figures.Makespan),
        (double)Math.Round(figures.Utilisation, 6),
        figures.Evictions,
        Seconds(figures.LostGpuTime),
        figures.NeverFit);

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}

/// <summary>Several policies on one trace, in the order asked for.</summary>
internal sealed record SimulationListView(IReadOnlyList<SimulationView> Items, int SchemaVersion = 1);
