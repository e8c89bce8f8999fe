namespace Convoy.Cli.Output;

/// <param name="Points">By their X; what is no number interrupts the line.</param>
internal sealed record CurveSeries(string Label, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Lines over numbered axes, drawn with characters.</summary>
internal static class Curve
{
    private const int LeastWidth = 20;
    private const int LeastHeight = 3;
    private const int CellsPerTick = 12;
    private const int RowsPerTick = 4;

    /// <summary>Beyond this, differences are no numbers any more.</summary>
    private const double Largest = 1e300;

    private static readonly int[] Colours = [36, 33, 32, 35, 34, 31];

    /// <param name="height">Of all, headings and axes included.</param>
    public static IReadOnlyList<string> Lines(string title, string across, IReadOnlyList<CurveSeries> series, int width, int height)
    {
        var points = series.SelectMany(one => one.Points).Where(point => IsShown(point.Y)).ToArray();
        if (points.Length == 0) return [Text.Of($"{title}: no numbers yet").Said()];
        var rows = Math.Max(LeastHeight, height - 4);
        var y = Axis.Between(points.Min(point => point.Y), points.Max(point => point.Y), Math.Max(1, rows / RowsPerTick));
        var margin = y.Ticks.Max(tick => tick.Label.Length) + 1;
        var columns = Math.Max(LeastWidth, width - margin - 2);
        var x = Axis.Between(points.Min(point => point.X), points.Max(point => point.X), Math.Max(1, columns / CellsPerTick)) with { Least = points.Min(point => point.X), Most = Math.Max(points.Max(point => point.X), points.Min(point => point.X) + 1) };
        var canvas = new BrailleCanvas(columns, rows);
        for (var pen = 0; pen < series.Count; pen++) Draw(canvas, series[pen].Points, x, y, pen);

        var labels = y.Ticks.ToLookup(tick => Math.Min(rows - 1, (int)((1 - y.At(tick.Value)) * rows)), tick => tick.Label);
        return
        [
            title,
            .. Enumerable.Range(0, rows).Select(row => $"{(labels[row].FirstOrDefault() ?? "").PadLeft(margin)}{(labels[row].Any() ? '┤' : '│')}{canvas.Row(row, Paint)}"),
            $"{"".PadLeft(margin)}└{new string('─', columns)}",
            $"{"".PadLeft(margin + 1)}{Ticks(x, columns, across)}",
            $"{"".PadLeft(margin + 1)}{string.Join("   ", series.Select((one, pen) => $"{Paint(pen, "━━")} {one.Label}"))}",
        ];
    }

    private static bool IsShown(double value) => double.IsFinite(value) && Math.Abs(value) < Largest;

    private static void Draw(BrailleCanvas canvas, IReadOnlyList<(double X, double Y)> points, Axis x, Axis y, int pen)
    {
        (int X, int Y)? before = null;
        foreach (var point in points)
        {
            if (!IsShown(point.Y))
            {
                before = null;
                continue;
            }

            var (column, row) = ((int)Math.Round(x.At(point.X) * (canvas.Columns - 1)), (int)Math.Round((1 - y.At(point.Y)) * (canvas.Rows - 1)));
            canvas.Line(before?.X ?? column, before?.Y ?? row, column, row, pen);
            before = (column, row);
        }
    }

    private static string Ticks(Axis x, int columns, string across)
    {
        var line = new char[columns];
        Array.Fill(line, ' ');
        var free = 0;
        foreach (var (value, label) in x.Ticks)
        {
            var at = (int)(x.At(value) * (columns - 1)) - (label.Length / 2);
            if (value < x.Least || value > x.Most || at < free || at + label.Length + across.Length + 1 > columns) continue;
            label.CopyTo(0, line, at, label.Length);
            free = at + label.Length + 1;
        }

        across.CopyTo(0, line, columns - across.Length, across.Length);
        return new string(line);
    }

    private static string Paint(int pen, string text) => Style.IsWanted ? $"\e[{Colours[pen % Colours.Length]}m{text}\e[0m" : text;
}
