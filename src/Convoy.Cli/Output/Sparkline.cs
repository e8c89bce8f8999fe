namespace Convoy.Cli.Output;

/// <summary>A series as one line of blocks, oldest left. Values that are no numbers leave a gap.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <param name="width">Longer series are averaged into this many blocks.</param>
    public static string Of(IReadOnlyList<double> values, int width)
    {
        var buckets = Buckets(values, width);
        var finite = buckets.Where(double.IsFinite).ToArray();
        if (finite.Length == 0) return "";
        var (least, most) = (finite.Min(), finite.Max());
        return string.Concat(buckets.Select(value => Block(value, least, most)));
    }

    private static char Block(double value, double least, double most)
    {
        if (!double.IsFinite(value)) return ' ';
        // Halves first: the difference of two huge values would be infinite.
        var span = (most / 2) - (least / 2);
        return span <= 0 ? Blocks[Blocks.Length / 2] : Blocks[(int)Math.Round(((value / 2) - (least / 2)) / span * (Blocks.Length - 1))];
    }

    private static double[] Buckets(IReadOnlyList<double> values, int width)
    {
        if (values.Count <= width) return [.. values];
        var buckets = new double[width];
        for (var i = 0; i < width; i++)
        {
            var start = (int)((long)i * values.Count / width);
            var end = (int)((long)(i + 1) * values.Count / width);
            var finite = Enumerable.Range(start, end - start).Select(at => values[at]).Where(double.IsFinite).ToArray();
            buckets[i] = finite.Length == 0 ? double.NaN : finite.Sum(value => value / finite.Length);
        }

        return buckets;
    }
}
