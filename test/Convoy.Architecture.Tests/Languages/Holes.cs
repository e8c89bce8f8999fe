using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Convoy.Architecture.Tests.Languages;

/// <summary>What stands between the words of a template.</summary>
internal static partial class Holes
{
    public static IEnumerable<string> Of(string template) => Hole().Matches(template).Select(match => match.Value).Where(hole => hole is not ("{{" or "}}")).Order(StringComparer.Ordinal);

    public static string None(string template) => Hole().Replace(template, "");

    /// <summary>What is typed or read by programs: between backticks, or in brackets behind <c>error</c>, and flags.</summary>
    public static IEnumerable<string> CodesOf(string template) => Code().Matches(template).Select(match => match.Value).Order(StringComparer.Ordinal);

    public static string WithoutCodes(string words) => Code().Replace(words, "");

    public static string Escaped(string words) => words.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);

    /// <summary>The compiler leaves doubled braces as they were written.</summary>
    public static string Unescaped(string words, InterpolatedStringExpressionSyntax of) =>
        of.StringStartToken.Text.Count(c => c == '$') > 1 ? words : words.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal);

    [GeneratedRegex(@"\{\{|\}\}|\{[0-9]+\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"`[^`]*`|(error|warning)\[\w+\]|(?<![\w-])--?[a-z][\w-]*|\b[A-Z]+_[A-Z_]+\b|\b[a-z]+\.[a-z][A-Za-z.]*\b")]
    private static partial Regex Code();
}
