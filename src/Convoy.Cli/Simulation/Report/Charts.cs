using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation.Report;

/// <summary>The drawings of a report: all policies in one, each in its colour.</summary>
internal sealed class Charts(IReadOnlyList<SimulationResult> results, Timeline timeline)
{
    private const int Hints = 48;
    private const int CurvePoints = 400;
    private static readonly (int Least, int Most, Text Label)[] Sizes =
        [(0, 0, "no GPU"), (1, 1, Text.Count(1, "GPU")), (2, 4, "2–4"), (5, 8, "5–8"), (9, 16, "9–16"), (17, 32, "17–32"), (33, 128, "33–128"), (129, int.MaxValue, "129 or more")];

    public static string Colour(SimulationPolicy policy) => $"c-{Policies.Word(policy)}";

    public Chart Utilisation() => OverTime(
        "GPU utilisation over time", Axis.Percent, result => [.. timeline.Devices(result.Outcomes).Select(point => (point.X, 100 * point.Y / Math.Max(1, result.ClusterGpus)))], "%");

    public Chart Queue() => OverTime("Waiting jobs over time", null, result => timeline.Waiting(result.Outcomes), "");

    /// <summary>How many of the jobs had completed so long after their submission.</summary>
    public Chart Completion()
    {
        var curves = results.Select(result => (result.Policy, Times: result.Outcomes.Select(outcome => outcome.Completion?.TotalSeconds).OfType<double>().Order().ToArray())).Where(curve => curve.Times.Length > 0).ToArray();
        var x = Axis.LogTime(curves.Select(curve => curve.Times[0]).DefaultIfEmpty(1).Min(), curves.Select(curve => curve.Times[^1]).DefaultIfEmpty(1).Max());
        var chart = new Chart(x, Axis.Percent, Text.Of("Share of jobs by completion time").Said());
        foreach (var (policy, times) in curves)
        {
            var step = Math.Max(1, times.Length / CurvePoints);
            var ranks = Enumerable.Range(0, times.Length).Where(rank => rank % step == 0 || rank == times.Length - 1);
            chart.AddLine(Colour(policy), Policies.Word(policy), [(times[0], 0), .. ranks.Select(rank => (times[rank], 100.0 * (rank + 1) / times.Length)), (x.Most, 100)], filled: false);
        }

        for (var i = 0; i < Hints; i++)
        {
            var (from, to) = (x.Least * Math.Pow(x.Most / x.Least, (double)i / Hints), x.Least * Math.Pow(x.Most / x.Least, (i + 1.0) / Hints));
            var told = curves.Select(curve => $"{Policies.Word(curve.Policy)}: {Short(100.0 * curve.Times.Count(time => time <= to) / curve.Times.Length)}%");
            chart.AddHint(from, to, $"{Text.Of($"within {Spans.Of(TimeSpan.FromSeconds(to))}").Said()}\n{string.Join('\n', told)}");
        }

        return chart;
    }

    /// <summary>How long small and large jobs waited.</summary>
    public Chart WaitBySize()
    {
        var sizes = Sizes.Where(size => results[0].Outcomes.Any(outcome => Waited(outcome, size))).ToArray();
        var bars = (from result in results
                    from size in sizes
                    let waits = result.Outcomes.Where(outcome => Waited(outcome, size)).Select(outcome => outcome.Queueing!.Value.TotalSeconds)
                    select (result.Policy, Size: Array.IndexOf(sizes, size), Wait: waits.DefaultIfEmpty().Average())).ToArray();
        var chart = new Chart(Axis.Of([.. sizes.Select(size => size.Label.Said())]), Axis.Duration(Math.Max(1, bars.Select(bar => bar.Wait).DefaultIfEmpty().Max())), Text.Of("Average wait by the number of GPUs").Said());
        var width = Math.Min(0.7 / results.Count, 0.3);
        foreach (var (policy, size, wait) in bars)
        {
            var left = size + 0.5 + (((results.Select(result => result.Policy).ToList().IndexOf(policy)) - (results.Count / 2.0)) * width);
            chart.AddBar(Colour(policy), $"{Policies.Word(policy)}, {sizes[size].Label.Said()}: {Spans.Of(TimeSpan.FromSeconds(wait))}", left + (width * 0.06), left + (width * 0.94), wait);
        }

        return chart;

        static bool Waited(SimulatedOutcome outcome, (int Least, int Most, Text Label) size) => outcome.End is not null && outcome.Job.WholeGpus >= size.Least && outcome.Job.WholeGpus <= size.Most;
    }

    /// <summary>Whose jobs the devices had, of all that there are.</summary>
    /// <param name="users">From the bottom up, each in its colour; others are together on top.</param>
    public Chart Shares(SimulationResult result, IReadOnlyList<string> users)
    {
        var chart = new Chart(Axis.Time(timeline.Length), Axis.Percent, Text.Of($"GPU utilisation by person under {Policies.Word(result.Policy)}").Said());
        var groups = result.Outcomes.ToLookup(outcome => users.Contains(outcome.Job.User) ? outcome.Job.User : "");
        var below = Array.Empty<double>();
        foreach (var (user, i) in users.Append("").Select((user, i) => (user, i)))
        {
            if (!groups.Contains(user)) continue;
            var points = timeline.Devices(groups[user]);
            if (below.Length == 0) below = new double[points.Length];
            var band = points.Select((point, part) => (point.X, From: below[part], To: below[part] + (100 * point.Y / Math.Max(1, result.ClusterGpus)))).ToArray();
            chart.AddBand(user.Length == 0 ? "u-others" : $"u-{i}", user.Length == 0 ? Text.Of("others").Said() : user, band);
            below = [.. band.Select(point => point.To)];
        }

        return chart;
    }

    private Chart OverTime(Text label, Axis? y, Func<SimulationResult, (double X, double Y)[]> series, string unit)
    {
        var lines = results.Select(result => (result.Policy, Points: series(result))).ToArray();
        var chart = new Chart(Axis.Time(timeline.Length), y ?? Axis.Count(Math.Max(1, lines.Max(line => line.Points.Max(point => point.Y)))), label.Said());
        foreach (var (policy, points) in lines) chart.AddLine(Colour(policy), Policies.Word(policy), points, filled: lines.Length == 1);
        var width = Math.Max(1, lines[0].Points.Length / Hints);
        for (var i = 0; i + width <= lines[0].Points.Length; i += width)
        {
            var told = lines.Select(line => $"{Policies.Word(line.Policy)}: {Short(line.Points[i..(i + width)].Average(point => point.Y))}{unit}");
            chart.AddHint(i * timeline.PartLength, (i + width) * timeline.PartLength, $"{Text.Of($"after {Spans.Of(TimeSpan.FromSeconds(i * timeline.PartLength))} of the trace").Said()}\n{string.Join('\n', told)}");
        }

        return chart;
    }

    private static string Short(double number) => number.ToString(number < 10 ? "0.#" : "0", CultureInfo.InvariantCulture);
}
