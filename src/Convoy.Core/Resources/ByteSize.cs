using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace Convoy.Core.Resources;

/// <summary>
/// A number of bytes. Text form: a decimal number with an optional unit, binary (<c>Ki Mi Gi Ti Pi</c>) or
/// decimal (<c>k M G T P</c>), as in Kubernetes; no unit means bytes. Never negative.
/// </summary>
public readonly record struct ByteSize(long Bytes) : IComparable<ByteSize>
{
    /// <summary>Of the units, the first ones.</summary>
    private const int BinaryUnits = 5;

    private static readonly (string Unit, long Factor)[] Units =
    [
        ("Pi", 1L << 50), ("Ti", 1L << 40), ("Gi", 1L << 30), ("Mi", 1L << 20), ("Ki", 1L << 10),
        ("P", 1_000_000_000_000_000), ("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000),
    ];

    public static ByteSize Zero => default;

    public static ByteSize operator +(ByteSize left, ByteSize right) => new(left.Bytes + right.Bytes);

    public static ByteSize operator -(ByteSize left, ByteSize right) => new(left.Bytes - right.Bytes);

    public static ByteSize FromMebibytes(long mebibytes) => new(mebibytes << 20);

    public static bool TryParse([NotNullWhen(true)] string? text, out ByteSize size)
    {
        size = default;
        if (string.IsNullOrEmpty(text)) return false;
        var factor = 1L;
        var number = text.AsSpan();
        foreach (var (unit, unitFactor) in Units)
        {
            if (!number.EndsWith(unit, StringComparison.Ordinal)) continue;
            factor = unitFactor;
            number = number[..^unit.Length];
            break;
        }

        if (!DecimalText.TryScale(number, factor, out var bytes)) return false;
        size = new ByteSize(bytes);
        return true;
    }

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    /// <summary>The shortest exact text: <c>512Gi</c>, <c>1500M</c>, or plain bytes.</summary>
    public override string ToString()
    {
        if (Bytes == 0) return "0";
        var shortest = Bytes.ToString(CultureInfo.InvariantCulture);
        foreach (var (unit, factor) in Units)
        {
            if (Bytes % factor != 0) continue;
            var text = (Bytes / factor).ToString(CultureInfo.InvariantCulture) + unit;
            if (text.Length < shortest.Length) shortest = text;
        }

        return shortest;
    }

    /// <summary>To a tenth of the largest binary unit that it fills, for people to read: <c>11.8Gi</c>. It does not read as the same size.</summary>
    public string ToRoundedText()
    {
        foreach (var (unit, factor) in Units.Take(BinaryUnits))
        {
            if (Bytes < factor) continue;
            var tenths = (long)((((Int128)Bytes * 10) + (factor / 2)) / factor);
            return (tenths / 10m).ToString(tenths >= 1000 ? "0" : "0.#", CultureInfo.InvariantCulture) + unit;
        }

        return Bytes.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>Decimal text to a whole number of the smallest unit, without floating point.</summary>
internal static class DecimalText
{
    /// <summary>True where <paramref name="text"/> times <paramref name="factor"/> is a whole number from 0 to <see cref="long.MaxValue"/>.</summary>
    public static bool TryScale(ReadOnlySpan<char> text, long factor, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > 40) return false;
        BigInteger digits = 0, divisor = 1;
        var afterPoint = false;
        var any = false;
        foreach (var c in text)
        {
            if (c == '.' && !afterPoint)
            {
                afterPoint = true;
                continue;
            }

            if (c is < '0' or > '9') return false;
            digits = (digits * 10) + (c - '0');
            if (afterPoint) divisor *= 10;
            any = true;
        }

        if (!any) return false;
        var scaled = BigInteger.DivRem(digits * factor, divisor, out var rest);
        if (!rest.IsZero || scaled > long.MaxValue) return false;
        value = (long)scaled;
        return true;
    }
}
