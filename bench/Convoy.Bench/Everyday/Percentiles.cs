using System.Globalization;

namespace Convoy.Bench.Everyday;

/// <summary>Of samples in milliseconds.</summary>
internal sealed record Percentiles(double P50, double P99, double Most)
{
    public static Percentiles Of(IEnumerable<double> samples)
    {
        double[] sorted = [.. samples.Order()];
        return new(At(0.5), At(0.99), sorted[^1]);

        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{P50:0.0} | {P99:0.0} | {Most:0.0}");
}
