using System.Globalization;
using System.Text;

namespace Convoy.Core.Languages;

/// <summary>Templates as they are written: <c>{0}</c> is a hole, and a brace of the sentence itself comes twice.</summary>
internal static class TemplateText
{
    /// <summary>Its holes in their order, as they are written. Stored templates number theirs from 0.</summary>
    public static string[] Holes(string template) =>
        [.. Enumerable.Range(0, 10).Select(number => $"{{{number.ToString(CultureInfo.InvariantCulture)}}}").TakeWhile(hole => template.Contains(hole, StringComparison.Ordinal))];

    public static string Escaped(string words)
    {
        if (words.AsSpan().IndexOfAny('{', '}') < 0) return words;
        var template = new StringBuilder(words.Length + 2);
        Escape(template, words);
        return template.ToString();
    }

    public static void Escape(StringBuilder template, string words)
    {
        foreach (var c in words)
        {
            if (c is '{' or '}') template.Append(c);
            template.Append(c);
        }
    }

    /// <summary>A translation may use the arguments in any order; a hole that has none stays as it is.</summary>
    public static string Fill(string template, IReadOnlyList<Argument> arguments, Language language)
    {
        if (template.AsSpan().IndexOfAny('{', '}') < 0) return template;
        var filled = new StringBuilder(template.Length + (16 * arguments.Count));
        for (var i = 0; i < template.Length; i++)
        {
            var c = template[i];
            var end = c == '{' ? template.IndexOf('}', i) : -1;
            if (end > i && int.TryParse(template.AsSpan(i + 1, end - i - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < arguments.Count)
            {
                filled.Append(arguments[number].In(language));
                i = end;
                continue;
            }

            filled.Append(c);
            if (c is '{' or '}' && i + 1 < template.Length && template[i + 1] == c) i++;
        }

        return filled.ToString();
    }
}
