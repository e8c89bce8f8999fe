using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Convoy.Core.Resources;

/// <summary>Processor time in thousandths of a core. Text form: <c>4</c>, <c>0.5</c> or <c>500m</c>.</summary>
public readonly record struct CpuQuantity(long Millicores) : IComparable<CpuQuantity>
{
    public static CpuQuantity FromCores(long cores) => new(cores * 1000);

    public static bool TryParse([NotNullWhen(true)] string? text, out CpuQuantity cpu)
    {
        cpu = default;
        if (string.IsNullOrEmpty(text)) return false;
        var milli = text.EndsWith('m');
        if (!DecimalText.TryScale(milli ? text.AsSpan()[..^1] : text, milli ? 1 : 1000, out var value)) return false;
        cpu = new CpuQuantity(value);
        return true;
    }

    public int CompareTo(CpuQuantity other) => Millicores.CompareTo(other.Millicores);

    public override string ToString() => Millicores % 1000 == 0
        ? (Millicores / 1000).ToString(CultureInfo.InvariantCulture)
        : Millicores.ToString(CultureInfo.InvariantCulture) + "m";
}
