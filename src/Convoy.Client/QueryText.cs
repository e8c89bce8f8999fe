using System.Globalization;

namespace Convoy.Client;

/// <summary>Builds the query of a URL; what is null is left out.</summary>
internal sealed class QueryText(string path)
{
    private readonly List<string> parts = [];

    public QueryText Add(string name, string? value)
    {
        if (value is not null) parts.Add($"{name}={Uri.EscapeDataString(value)}");
        return this;
    }

    public QueryText Add(string name, int? value) => Add(name, value?.ToString(CultureInfo.InvariantCulture));

    public QueryText Add(string name, bool value) => Add(name, value ? "true" : null);

    public override string ToString() => parts.Count == 0 ? path : $"{path}?{string.Join('&', parts)}";
}
