using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Live;

/// <summary>What a job has reported so far, as one chart for each metric, with a line for each rank and attempt.</summary>
internal sealed class MetricCurves
{
    private const int LeastHeight = 8;
    private const int MostLines = 8;

    private readonly Lock changing = new();
    private readonly SortedDictionary<(string Name, int Rank, int Attempt), List<(double X, double Y)>> lines = [];

    public void Add(MetricView point)
    {
        lock (changing)
        {
            var key = (point.Name, point.Rank, point.Attempt);
            if (!lines.TryGetValue(key, out var line)) lines[key] = line = [];

            // Steps come in order, but for a task that says one again.
            var at = line.Count;
            while (at > 0 && line[at - 1].X > point.Step) at--;
            line.Insert(at, (point.Step, point.Value));
        }
    }

    public IReadOnlyList<string> Lines(int width, int height)
    {
        lock (changing)
        {
            var metrics = lines.GroupBy(line => line.Key.Name).ToArray();
            if (metrics.Length == 0) return [Text.Of("no metrics were reported yet").Said()];
            var shown = metrics.Take(Math.Max(1, height / LeastHeight)).ToArray();
            var left = metrics.Length - shown.Length;
            return
            [
                .. shown.SelectMany(metric => Curve.Lines(Title(metric), Text.Of("step").Said(), [.. metric.Take(MostLines).Select(line => new CurveSeries(Label(line.Key.Rank, line.Key.Attempt, metric), line.Value))], width, (height - (left > 0 ? 1 : 0)) / shown.Length)),
                .. left > 0 ? [Text.Of($"and {Spans.Count(left, "metric")} more; choose one with --name").Said()] : Array.Empty<string>(),
            ];
        }
    }

    private static string Title(IGrouping<string, KeyValuePair<(string Name, int Rank, int Attempt), List<(double X, double Y)>>> metric)
    {
        var newest = metric.OrderBy(line => line.Key.Attempt).ThenByDescending(line => line.Key.Rank).Last().Value[^1];
        return Text.Of($"{Printable.Of(metric.Key)}  {MetricSeries.Text(newest.Y)} at step {newest.X:0}").Said();
    }

    private static string Label(int rank, int attempt, IEnumerable<KeyValuePair<(string Name, int Rank, int Attempt), List<(double X, double Y)>>> metric) =>
        metric.Any(line => line.Key.Attempt != attempt) ? Text.Of($"rank {rank}, attempt {attempt}").Said() : $"rank {rank}";
}
