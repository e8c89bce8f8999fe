using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Convoy.Core.Resources;

/// <summary>Durations as people write them: <c>48h</c>, <c>2m</c>, <c>1h30m</c>, <c>250ms</c>, <c>7d</c>.</summary>
public static class DurationText
{
    /// <summary>A hundred years.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(100 * 365);

    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("ms", TimeSpan.TicksPerMillisecond),
        ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond),
    ];

    /// <summary>True where every part is digits and a unit, the units fall from large to small, and the sum is at most <see cref="Longest"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeSpan duration)
    {
        duration = default;
        if (string.IsNullOrEmpty(text) || text.Length > 64) return false;
        long total = 0, lastUnit = long.MaxValue;
        var at = 0;
        while (at < text.Length)
        {
            var start = at;
            while (at < text.Length && text[at] is >= '0' and <= '9') at++;
            if (at == start || !long.TryParse(text.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
            var unitStart = at;
            while (at < text.Length && text[at] is >= 'a' and <= 'z') at++;
            var unit = Array.Find(Units, u => text.AsSpan(unitStart, at - unitStart).SequenceEqual(u.Unit));
            if (unit.Ticks == 0 || unit.Ticks >= lastUnit || number > Longest.Ticks / unit.Ticks) return false;
            lastUnit = unit.Ticks;
            total += number * unit.Ticks;
        }

        if (total > Longest.Ticks) return false;
        duration = TimeSpan.FromTicks(total);
        return true;
    }

    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "0s";
        var text = new StringBuilder();
        var rest = duration.Ticks;
        foreach (var (unit, ticks) in Units.OrderByDescending(u => u.Ticks))
        {
            if (rest / ticks == 0) continue;
            text.Append(CultureInfo.InvariantCulture, $"{rest / ticks}{unit}");
            rest %= ticks;
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }
}
