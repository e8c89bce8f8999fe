using System.Globalization;
using Convoy.Client.Wire;

namespace Convoy.Cli.Output;

/// <summary>One metric of one rank: a step that a restarted job reported again counts as the later attempt said.</summary>
/// <param name="Points">By their step.</param>
internal sealed record MetricSeries(string Name, int Rank, IReadOnlyList<MetricView> Points)
{
    private const int TrendWidth = 40;

    public static Column<MetricSeries>[] Columns { get; } =
    [
        new("NAME", series => series.Name),
        new("RANK", series => $"{series.Rank}") { IsRight = true },
        new("POINTS", series => $"{series.Points.Count}") { IsRight = true, Spare = 3 },
        new("STEP", series => $"{series.Points[^1].Step}") { IsRight = true },
        new("LAST", series => Text(series.Points[^1].Value)) { IsRight = true },
        new("MIN", series => series.Finite is { Length: > 0 } finite ? Text(finite.Min()) : null) { IsRight = true, Spare = 1 },
        new("MAX", series => series.Finite is { Length: > 0 } finite ? Text(finite.Max()) : null) { IsRight = true, Spare = 2 },
        new("TREND", series => Sparkline.Of([.. series.Points.Select(point => point.Value)], TrendWidth)),
    ];

    private double[] Finite => [.. Points.Select(point => point.Value).Where(double.IsFinite)];

    public static IReadOnlyList<MetricSeries> AllOf(IEnumerable<MetricView> points) =>
    [
        .. points.GroupBy(point => (point.Name, point.Rank)).OrderBy(group => group.Key.Name, StringComparer.Ordinal).ThenBy(group => group.Key.Rank)
            .Select(group => new MetricSeries(
                group.Key.Name, group.Key.Rank, [.. group.GroupBy(point => point.Step).Select(same => same.OrderBy(point => (point.Attempt, point.Sequence)).Last()).OrderBy(point => point.Step)])),
    ];

    public static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
