using System.Globalization;

namespace Convoy.Cli.Output;

/// <summary>One direction of a chart: where a value lies, from 0 to 1, and which values are named.</summary>
internal sealed record Axis(double Least, double Most, bool IsLogarithmic, IReadOnlyList<(double Value, string Label)> Ticks)
{
    private static readonly (double Seconds, string Unit)[] Units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];

    /// <summary>Named on a logarithmic axis of times.</summary>
    private static readonly (double Seconds, string Label)[] Moments =
    [
        (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (86_400, "1 d"), (864_000, "10 d"), (8_640_000, "100 d"), (86_400_000, "1000 d"),
    ];

    public static Axis Percent { get; } = new(0, 100, false, [.. Enumerable.Range(0, 5).Select(i => (25.0 * i, $"{25 * i}%"))]);

    public static Axis Count(double most) => Even(most, Plain);

    /// <summary>From side to side.</summary>
    /// <param name="span">In seconds.</param>
    public static Axis Time(double span)
    {
        var (seconds, unit) = UnitFor(span);
        var step = NiceStep(span / seconds / 6);
        var ticks = Enumerable.Range(0, 1 + (int)(span / seconds / step)).Select(i => (i * step * seconds, i == 0 ? "0" : $"{Plain(i * step)} {unit}"));
        return new Axis(0, Math.Max(span, 1), false, [.. ticks]);
    }

    /// <summary>Values from somewhere to somewhere, at both ends a little more than is there.</summary>
    /// <param name="parts">About so many steps.</param>
    public static Axis Between(double least, double most, int parts)
    {
        // One value alone lies in the middle.
        var pad = most > least ? 0 : Math.Max(Math.Abs(least) * 0.1, 1e-9);
        var step = NiceStep(Math.Max((most - least + (2 * pad)) / parts, double.Epsilon * 1e9));
        var (from, to) = (Math.Floor((least - pad) / step), Math.Ceiling((most + pad) / step));
        var ticks = Enumerable.Range(0, 1 + (int)Math.Min(to - from, 100)).Select(i => ((from + i) * step, ((from + i) * step).ToString("G5", CultureInfo.InvariantCulture)));
        return new Axis(from * step, to * step, false, [.. ticks]);
    }

    /// <summary>Durations, upwards.</summary>
    /// <param name="most">In seconds.</param>
    public static Axis Duration(double most)
    {
        var (seconds, unit) = UnitFor(most);
        var even = Even(most / seconds, value => value == 0 ? "0" : $"{Plain(value)} {unit}");
        return even with { Most = even.Most * seconds, Ticks = [.. even.Ticks.Select(tick => (tick.Value * seconds, tick.Label))] };
    }

    /// <summary>Things beside each other; each has a width of one.</summary>
    public static Axis Of(IReadOnlyList<string> names) => new(0, names.Count, false, [.. names.Select((name, i) => (i + 0.5, name))]);

    /// <param name="least">In seconds, like <paramref name="most"/>; what is shorter lies at the edge.</param>
    public static Axis LogTime(double least, double most)
    {
        var from = Math.Max(1, least);
        var to = Math.Max(from * 10, most);
        return new Axis(from, to, true, [.. Moments.Where(moment => moment.Seconds >= from && moment.Seconds <= to)]);
    }

    public double At(double value)
    {
        var at = IsLogarithmic ? Math.Log(Math.Max(value, Least) / Least) / Math.Log(Most / Least) : (value - Least) / (Most - Least);
        return Math.Clamp(at, 0, 1);
    }

    private static (double Seconds, string Unit) UnitFor(double span) => Array.Find(Units, each => span >= 2 * each.Seconds) is { Seconds: > 0 } found ? found : Units[^1];

    private static Axis Even(double most, Func<double, string> label)
    {
        var step = NiceStep(Math.Max(most, 1e-9) / 4);
        var count = Math.Max(1, (int)Math.Ceiling((most / step) - 1e-9));
        return new Axis(0, count * step, false, [.. Enumerable.Range(0, count + 1).Select(i => (i * step, label(i * step)))]);
    }

    /// <summary>1, 2 or 5 times a power of ten, at least so much.</summary>
    private static double NiceStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return power * (least / power) switch { <= 1.0001 => 1, <= 2.0001 => 2, <= 5.0001 => 5, _ => 10 };
    }

    private static string Plain(double number) => Math.Round(number, 6).ToString("0.######", CultureInfo.InvariantCulture);
}
