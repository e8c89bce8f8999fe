namespace Convoy.Core.Languages;

/// <summary>A language in which people are spoken to. Codes, phases, reasons and keys are the same in all of them.</summary>
public enum Language
{
    English,
    Chinese,
}

/// <summary>How people and their programs say which language they want.</summary>
public static class LanguageTags
{
    /// <summary>In the order of POSIX.</summary>
    private static readonly string[] Variables = ["LC_ALL", "LC_MESSAGES", "LANG"];

    /// <summary>As it is typed: <c>en</c> or <c>zh</c>. Null where it is neither.</summary>
    public static Language? Parse(string? tag) => tag switch
    {
        "en" => Language.English,
        "zh" => Language.Chinese,
        _ => null,
    };

    public static string Of(Language language) => language == Language.Chinese ? "zh" : "en";

    /// <summary>Of a locale as the environment has it, such as <c>zh_CN.UTF-8</c>.</summary>
    public static Language OfLocale(string? locale) => Primary(locale) is { } primary ? Parse(primary) ?? Language.English : Language.English;

    /// <summary>What an environment says.</summary>
    public static Language OfEnvironment(Func<string, string?> variable) => OfLocale(Variables.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value)));

    /// <summary>The one of ours that an <c>Accept-Language</c> (RFC 9110, 12.5.4) likes best.</summary>
    public static Language OfAccepted(string? header)
    {
        var (best, liking) = (Language.English, 0m);
        foreach (var range in (header ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            var parts = range.Split(';', StringSplitOptions.TrimEntries);
            if (Parse(Primary(parts[0])) is not { } language) continue;
            var quality = Array.Find(parts, part => part.StartsWith("q=", StringComparison.Ordinal)) is not { } given ? 1
                : decimal.TryParse(given[2..], System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;
            if (quality > liking) (best, liking) = (language, quality);
        }

        return best;
    }

    private static string? Primary(string? tag) => tag?.Split('_', '-', '.', '@')[0].ToLowerInvariant();
}
