using System.Globalization;
using Convoy.Core.Languages;

namespace Convoy.Cli.Output;

/// <summary>Times and amounts at a glance, in at most two units: <c>3m12s</c>, <c>5d4h</c>.</summary>
internal static class Spans
{
    public static string Since(DateTimeOffset then, DateTimeOffset now) => Of(now - then);

    public static string Of(TimeSpan span)
    {
        // Clocks of two machines differ; an age is never negative.
        if (span < TimeSpan.Zero) span = TimeSpan.Zero;
        return span switch
        {
            { TotalMinutes: < 1 } => $"{(int)span.TotalSeconds}s",
            { TotalHours: < 1 } => $"{span.Minutes}m{span.Seconds:00}s",
            { TotalDays: < 1 } => $"{span.Hours}h{span.Minutes:00}m",
            _ => $"{(int)span.TotalDays}d{span.Hours}h",
        };
    }

    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        double amount = bytes;
        var unit = 0;
        while (amount >= 1024 && unit < units.Length - 1)
        {
            amount /= 1024;
            unit++;
        }

        return amount.ToString(unit == 0 || amount >= 100 ? "0" : "0.#", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    public static Text Count(long number, [Noun] string noun) => Text.Count(number, noun);

    /// <param name="nouns">How several are called.</param>
    public static Text Count(long number, [Noun] string noun, string nouns) => Text.Count(number, noun, nouns);

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + "Z";
}
