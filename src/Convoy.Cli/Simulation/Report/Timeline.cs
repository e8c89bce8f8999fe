using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation.Report;

/// <summary>Time cut into equal parts, and averages over each of them.</summary>
internal sealed class Timeline(TimeSpan begin, TimeSpan end, int parts)
{
    /// <summary>Fine for one line, coarser where several cross.</summary>
    private const int PartsOfOne = 240;
    private const int PartsOfSeveral = 96;
    private readonly double seconds = Math.Max(1, (end - begin).TotalSeconds);

    /// <summary>In seconds.</summary>
    public double Length => seconds;

    public double PartLength => seconds / parts;

    /// <summary>From the first submission to the last end under any of the policies.</summary>
    public static Timeline Of(IReadOnlyList<SimulationResult> results)
    {
        var outcomes = results.SelectMany(result => result.Outcomes).ToArray();
        var begin = outcomes.Min(outcome => outcome.Job.Submit);
        return new Timeline(begin, outcomes.Max(outcome => outcome.End) ?? begin, results.Count == 1 ? PartsOfOne : PartsOfSeveral);
    }

    /// <summary>The average of each part, at its middle, of what is there for some stretches of time.</summary>
    public (double X, double Y)[] Average(IEnumerable<(TimeSpan From, TimeSpan To, double Amount)> stretches)
    {
        // Whole parts are entered where they begin and where they end; what is cut is added by itself.
        var (sums, steps) = (new double[parts], new double[parts + 1]);
        foreach (var (from, to, amount) in stretches)
        {
            var (first, last) = ((from - begin).TotalSeconds / PartLength, (to - begin).TotalSeconds / PartLength);
            var (head, tail) = (Math.Clamp((int)first, 0, parts - 1), Math.Clamp((int)last, 0, parts - 1));
            if (head == tail)
            {
                sums[head] += amount * (last - first);
                continue;
            }

            sums[head] += amount * (head + 1 - first);
            sums[tail] += amount * (last - tail);
            steps[head + 1] += amount;
            steps[tail] -= amount;
        }

        var points = new (double X, double Y)[parts];
        var whole = 0.0;
        for (var part = 0; part < parts; part++)
        {
            whole += steps[part];
            points[part] = ((part + 0.5) * PartLength, Math.Max(0, sums[part] + whole));
        }

        return points;
    }

    /// <summary>Devices in use.</summary>
    public (double X, double Y)[] Devices(IEnumerable<SimulatedOutcome> outcomes) =>
        Average(outcomes.SelectMany(outcome => outcome.Runs).Select(run => (run.From, run.To, run.MilliGpus / 1000.0)));

    /// <summary>Jobs that wait, but for those that never fit.</summary>
    public (double X, double Y)[] Waiting(IEnumerable<SimulatedOutcome> outcomes) => Average(outcomes.Where(outcome => outcome.End is not null).SelectMany(Waits));

    private static IEnumerable<(TimeSpan From, TimeSpan To, double Amount)> Waits(SimulatedOutcome outcome)
    {
        var since = outcome.Job.Submit;
        foreach (var run in outcome.Runs)
        {
            if (run.From > since) yield return (since, run.From, 1);
            since = run.To;
        }
    }
}
