using System.Globalization;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Amounts as Kubernetes writes them: <c>500m</c>, <c>64</c>, <c>1.5Gi</c>, <c>2e3</c>.</summary>
internal static class Quantity
{
    private static readonly Dictionary<string, decimal> Suffixes = new(StringComparer.Ordinal)
    {
        ["n"] = 1e-9m, ["u"] = 1e-6m, ["m"] = 1e-3m, [""] = 1, ["k"] = 1e3m, ["M"] = 1e6m, ["G"] = 1e9m, ["T"] = 1e12m, ["P"] = 1e15m, ["E"] = 1e18m,
        ["Ki"] = 1L << 10, ["Mi"] = 1L << 20, ["Gi"] = 1L << 30, ["Ti"] = 1L << 40, ["Pi"] = 1L << 50, ["Ei"] = 1L << 60,
    };

    /// <summary>Whole units, such as bytes or devices, rounded up; 0 where the text is no amount, and never negative.</summary>
    public static long Units(string? text) => Rounded(text, 1);

    /// <summary>Thousandths, such as millicores, rounded up.</summary>
    public static long Thousandths(string? text) => Rounded(text, 1000);

    public static bool TryParse(string? text, out decimal amount)
    {
        amount = 0;
        if (text is null) return false;
        var end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1]) && text[end - 1] != '.') end--;

        // An exponent is digits behind a letter: 2e3, 2E-3. A letter E at the end is the suffix.
        var number = text.AsSpan(0, end);
        return Suffixes.TryGetValue(text[end..], out var unit)
            && decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out amount)
            && TryMultiply(ref amount, unit);
    }

    private static bool TryMultiply(ref decimal amount, decimal unit)
    {
        if (Math.Abs(amount) > decimal.MaxValue / (unit < 1 ? 1 : unit)) return false;
        amount *= unit;
        return true;
    }

    private static long Rounded(string? text, int parts)
    {
        if (!TryParse(text, out var amount) || amount <= 0) return 0;
        return amount >= long.MaxValue / parts ? long.MaxValue / parts : (long)decimal.Ceiling(amount * parts);
    }
}
