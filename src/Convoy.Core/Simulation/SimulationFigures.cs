namespace Convoy.Core.Simulation;

/// <summary>A simulation in a few numbers. Averages and percentiles (by nearest rank) are of the jobs that completed.</summary>
/// <param name="Makespan">From the first submission to the last end.</param>
/// <param name="Utilisation">Of all devices in that time, 0 to 1; work done again counts as use.</param>
/// <param name="NeverFit">Jobs that never got machines: the cluster, a cap or a quota is too small for them.</param>
public sealed record SimulationFigures(
    int Jobs,
    int Completed,
    TimeSpan AverageCompletion,
    TimeSpan MedianCompletion,
    TimeSpan P99Completion,
    TimeSpan AverageQueueing,
    TimeSpan P99Queueing,
    TimeSpan Makespan,
    decimal Utilisation,
    int Evictions,
    TimeSpan LostGpuTime,
    int NeverFit)
{
    public static SimulationFigures Of(SimulationResult result)
    {
        var outcomes = result.Outcomes;
        var completed = outcomes.Where(outcome => outcome.End is not null).ToArray();
        var completion = Sorted(completed, outcome => outcome.Completion!.Value);
        var queueing = Sorted(completed, outcome => outcome.Queueing!.Value);
        var makespan = completed.Length == 0 ? TimeSpan.Zero : completed.Max(outcome => outcome.End!.Value) - outcomes.Min(outcome => outcome.Job.Submit);
        var used = Int128.Zero;
        foreach (var run in outcomes.SelectMany(outcome => outcome.Runs)) used += (Int128)(run.To - run.From).Ticks * run.MilliGpus;
        var all = (Int128)makespan.Ticks * result.ClusterGpus * 1000;
        return new SimulationFigures(
            outcomes.Count, completed.Length, Average(completion), AtRank(completion, 50), AtRank(completion, 99), Average(queueing), AtRank(queueing, 99), makespan,
            all == 0 ? 0 : (decimal)used / (decimal)all, outcomes.Sum(outcome => outcome.Evictions), result.LostGpuTime, outcomes.Count - completed.Length);
    }

    private static TimeSpan[] Sorted(SimulatedOutcome[] outcomes, Func<SimulatedOutcome, TimeSpan> of) => [.. outcomes.Select(of).Order()];

    private static TimeSpan Average(TimeSpan[] times) =>
        times.Length == 0 ? TimeSpan.Zero : TimeSpan.FromTicks((long)(times.Aggregate(Int128.Zero, (sum, time) => sum + time.Ticks) / times.Length));

    private static TimeSpan AtRank(TimeSpan[] sorted, int percent) => sorted.Length == 0 ? TimeSpan.Zero : sorted[(((sorted.Length * percent) + 99) / 100) - 1];
}
