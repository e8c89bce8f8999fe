using System.Globalization;

namespace Convoy.Bench.Scheduling;

/// <summary>How the times of a table of <see cref="SpeedTable"/> grow with the nodes, as one picture with two logarithmic axes.</summary>
internal static class GrowthPlot
{
    private const int Width = 720;
    private const int Height = 440;
    private const int Margin = 70;
    private const double LeastNodes = 800;
    private const double MostNodes = 125_000;
    private const double LeastMs = 0.5;
    private const double MostMs = 2_000;

    private static readonly (string Name, int Column, string Color, (double Nodes, double Ms)[] Target)[] Lines =
    [
        ("cycle, median", 5, "#4c9f70", []),
        ("cycle, worst of 100", 6, "#2a6fb0", [(1_000, 5), (10_000, 20), (100_000, 150)]),
        ("preemption, worst of 100", 7, "#c0504d", [(1_000, 10), (10_000, 50), (100_000, 500)]),
    ];

    /// <param name="table">A file with the rows that <see cref="SpeedTable"/> prints.</param>
    public static void Print(TextWriter to, string table)
    {
        var rows = File.ReadLines(table).Select(line => line.Split('|')).Where(cells => cells.Length > 8 && int.TryParse(cells[1], out _)).DistinctBy(cells => cells[1]).ToArray();
        to.WriteLine(Text($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"13\">"));
        to.WriteLine("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
        foreach (var nodes in new[] { 1_000, 10_000, 100_000 })
        {
            to.WriteLine(Text($"<path d=\"M{X(nodes):F0} {Y(LeastMs):F0}V{Y(MostMs):F0}\" stroke=\"#ddd\"/><text x=\"{X(nodes):F0}\" y=\"{Y(LeastMs) + 18:F0}\" text-anchor=\"middle\">{nodes:N0}</text>"));
        }

        foreach (var ms in new[] { 1, 10, 100, 1_000 })
        {
            to.WriteLine(Text($"<path d=\"M{X(LeastNodes):F0} {Y(ms):F0}H{X(MostNodes):F0}\" stroke=\"#ddd\"/><text x=\"{X(LeastNodes) - 8:F0}\" y=\"{Y(ms) + 4:F0}\" text-anchor=\"end\">{ms:N0} ms</text>"));
        }

        to.WriteLine(Text($"<text x=\"{Width / 2}\" y=\"{Height - 14}\" text-anchor=\"middle\">nodes of 8 devices, nine tenths full; dashed: targets</text>"));
        for (var i = 0; i < Lines.Length; i++)
        {
            var (name, column, color, target) = Lines[i];
            var points = rows.Select(cells => (Nodes: Number(cells[1]), Ms: Number(cells[column]))).OrderBy(point => point.Nodes).ToArray();
            to.WriteLine(Text($"<polyline points=\"{Points(points)}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>"));
            foreach (var (nodes, ms) in points) to.WriteLine(Text($"<circle cx=\"{X(nodes):F1}\" cy=\"{Y(ms):F1}\" r=\"3.5\" fill=\"{color}\"/>"));
            to.WriteLine(Text($"<polyline points=\"{Points(target)}\" fill=\"none\" stroke=\"{color}\" stroke-dasharray=\"5 4\"/>"));
            to.WriteLine(Text($"<text x=\"{Margin + 14}\" y=\"{36 + (18 * i)}\" fill=\"{color}\">{name}</text>"));
        }

        to.WriteLine("</svg>");
    }

    private static string Points(IEnumerable<(double Nodes, double Ms)> points) => string.Join(' ', points.Select(point => Text($"{X(point.Nodes):F1},{Y(point.Ms):F1}")));

    private static double X(double nodes) => Margin + ((Width - (2 * Margin)) * Math.Log(nodes / LeastNodes) / Math.Log(MostNodes / LeastNodes));

    private static double Y(double ms) => Height - Margin + 10 - ((Height - (2 * Margin) + 30) * Math.Log(Math.Max(LeastMs, ms) / LeastMs) / Math.Log(MostMs / LeastMs));

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
