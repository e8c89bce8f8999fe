namespace Convoy.Core.Languages;

/// <summary>
/// English that was written down as it happened: how a task failed, in the folder of the task and in the job's history. Its template is found again
/// among those that the catalogue marks as stored; what fits none is said as it stands.
/// </summary>
internal sealed record StoredSentence(string English) : ISpoken
{
    public string In(Language language) => language == Language.English ? English : Catalogue.Of(language).Recall(English) ?? English;

    /// <summary>What was in the holes, where the words around them are the template's; null where they are not. The first place that fits is taken.</summary>
    public static IReadOnlyList<string>? Match(string template, string english)
    {
        var holes = TemplateText.Holes(template);
        if (holes.Length == 0) return template == english ? [] : null;
        var parts = template.Split(holes, StringSplitOptions.None);
        if (!english.StartsWith(parts[0], StringComparison.Ordinal)) return null;
        var (found, at) = (new List<string>(), parts[0].Length);
        for (var i = 1; i < parts.Length; i++)
        {
            var last = i == parts.Length - 1;
            var next = last ? english.Length - parts[i].Length : english.IndexOf(parts[i], at, StringComparison.Ordinal);
            if (next < at || (last && !english.EndsWith(parts[i], StringComparison.Ordinal))) return null;
            found.Add(english[at..next]);
            at = next + parts[i].Length;
        }

        return at == english.Length ? found : null;
    }
}
