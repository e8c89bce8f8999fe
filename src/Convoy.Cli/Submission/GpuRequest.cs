using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Convoy.Cli.Submission;

/// <param name="Type">Null means any.</param>
internal sealed record GpuRequest(string? Type, int Count)
{
    public static bool TryParse(string text, [NotNullWhen(true)] out GpuRequest? request)
    {
        request = null;
        var colon = text.LastIndexOf(':');
        if (colon == 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)) return false;
        request = new GpuRequest(colon < 0 ? null : text[..colon], count);
        return true;
    }
}
