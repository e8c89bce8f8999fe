using Convoy.Cli.Output;
using System.Text;
using static Convoy.Cli.Simulation.Report.Markup;

namespace Convoy.Cli.Simulation.Report;

/// <summary>A drawing with two axes, as SVG. Colours are the page's: a class says which.</summary>
internal sealed class Chart(Axis x, Axis y, string label)
{
    private const int Width = 560;
    private const int Height = 250;
    private const int Left = 48;
    private const int Right = 14;
    private const int Top = 12;
    private const int Bottom = 28;
    private readonly StringBuilder marks = new();
    private readonly StringBuilder hints = new();

    /// <summary>A line through the points.</summary>
    /// <param name="filled">Whether the area below it is tinted.</param>
    public void AddLine(string colour, string name, IReadOnlyList<(double X, double Y)> points, bool filled)
    {
        var placed = points.Select(Place).ToArray();
        if (placed.Length == 0) return;
        if (filled) marks.Append($"<polygon class=\"area {colour}\" points=\"{Points([(placed[0].X, Height - Bottom), .. placed, (placed[^1].X, Height - Bottom)])}\"/>\n");
        marks.Append($"<polyline class=\"line {colour}\" points=\"{Points(placed)}\"><title>{Escaped(name)}</title></polyline>\n");
    }

    /// <summary>The area between two lines over the same places.</summary>
    public void AddBand(string colour, string name, IReadOnlyList<(double X, double From, double To)> points)
    {
        var upper = points.Select(point => Place((point.X, point.To)));
        var lower = points.Reverse().Select(point => Place((point.X, point.From)));
        marks.Append($"<polygon class=\"band {colour}\" points=\"{Points([.. upper, .. lower])}\"><title>{Escaped(name)}</title></polygon>\n");
    }

    /// <param name="from">Where it stands, from there to <paramref name="to"/>.</param>
    public void AddBar(string colour, string name, double from, double to, double value)
    {
        var (left, top) = Place((from, value));
        var (right, foot) = Place((to, 0));
        marks.Append($"<rect class=\"band {colour}\" x=\"{Number(left)}\" y=\"{Number(top)}\" width=\"{Number(right - left)}\" height=\"{Number(foot - top)}\" rx=\"1.5\"><title>{Escaped(name)}</title></rect>\n");
    }

    /// <summary>What is told of the columns between two places when somebody points there.</summary>
    public void AddHint(double from, double to, string text)
    {
        var (left, right) = (Place((from, 0)).X, Place((to, 0)).X);
        hints.Append($"<rect class=\"hint\" x=\"{Number(left)}\" y=\"{Top}\" width=\"{Number(right - left)}\" height=\"{Height - Top - Bottom}\"><title>{Escaped(text)}</title></rect>\n");
    }

    public override string ToString()
    {
        var svg = new StringBuilder($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Escaped(label)}\">\n");
        foreach (var (value, name) in y.Ticks)
        {
            var at = Place((x.Least, value)).Y;
            svg.Append($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Number(at)}\" y2=\"{Number(at)}\"/><text class=\"tick\" x=\"{Left - 7}\" y=\"{Number(at + 4)}\" text-anchor=\"end\">{Escaped(name)}</text>\n");
        }

        foreach (var (value, name) in x.Ticks)
        {
            var at = Place((value, y.Least)).X;
            svg.Append($"<line class=\"mark\" x1=\"{Number(at)}\" x2=\"{Number(at)}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom + 4}\"/><text class=\"tick\" x=\"{Number(at)}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Escaped(name)}</text>\n");
        }

        return svg.Append(marks).Append(hints).Append("</svg>\n").ToString();
    }

    private (double X, double Y) Place((double X, double Y) point) =>
        (Left + (x.At(point.X) * (Width - Left - Right)), Height - Bottom - (y.At(point.Y) * (Height - Top - Bottom)));
}
