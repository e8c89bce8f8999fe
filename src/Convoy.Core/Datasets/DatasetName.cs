using System.Diagnostics.CodeAnalysis;

namespace Convoy.Core.Datasets;

/// <summary>What a data set is called on the whole platform: a DNS label of at most 63 characters.</summary>
public readonly record struct DatasetName
{
    private DatasetName(string value) => Value = value;

    public string Value { get; } = "";

    public static bool TryParse([NotNullWhen(true)] string? text, out DatasetName name)
    {
        name = default;
        if (text is not { Length: > 0 and <= 63 } || text[0] == '-' || text[^1] == '-' || !text.All(IsLabel)) return false;
        name = new DatasetName(text);
        return true;
    }

    public override string ToString() => Value;

    private static bool IsLabel(char c) => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-';
}

/// <summary>One of a data set's versions. They are counted from 1; text form: <c>v3</c>.</summary>
public readonly record struct DatasetVersion(int Number) : IComparable<DatasetVersion>
{
    public static bool TryParse([NotNullWhen(true)] string? text, out DatasetVersion version)
    {
        version = default;
        if (text is not { Length: > 1 and <= 10 } || text[0] != 'v' || text[1] == '0' || !text.Skip(1).All(char.IsAsciiDigit)) return false;
        version = new DatasetVersion(int.Parse(text.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture));
        return true;
    }

    public int CompareTo(DatasetVersion other) => Number.CompareTo(other.Number);

    public override string ToString() => $"v{Number}";
}

/// <summary>
/// A name that points to a version and may be moved: <c>latest</c>, which every publication moves, and what people add. Up to 63 characters
/// of <c>a-z 0-9 . _ -</c>, the first a letter or digit, that do not read as a version.
/// </summary>
public readonly record struct DatasetTag
{
    private DatasetTag(string value) => Value = value;

    public static DatasetTag Latest { get; } = new("latest");

    public string Value { get; } = "";

    public static bool TryParse([NotNullWhen(true)] string? text, out DatasetTag tag)
    {
        tag = default;
        if (text is not { Length: > 0 and <= 63 } || !char.IsAsciiLetterOrDigit(text[0]) || DatasetVersion.TryParse(text, out _)) return false;
        if (!text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-')) return false;
        tag = new DatasetTag(text);
        return true;
    }

    public override string ToString() => Value;
}

/// <summary>What people write to name data: <c>kitti</c>, <c>kitti@v3</c> or <c>kitti@stable</c>.</summary>
/// <param name="Wanted">A version or a tag, as written; <c>latest</c> where nothing was.</param>
public readonly record struct DatasetReference(DatasetName Name, string Wanted)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out DatasetReference reference)
    {
        reference = default;
        if (text is null) return false;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var wanted = at < 0 ? DatasetTag.Latest.Value : text[(at + 1)..];
        if (!DatasetName.TryParse(at < 0 ? text : text[..at], out var name)) return false;
        if (!DatasetVersion.TryParse(wanted, out _) && !DatasetTag.TryParse(wanted, out _)) return false;
        reference = new DatasetReference(name, wanted);
        return true;
    }

    public override string ToString() => $"{Name}@{Wanted}";
}
