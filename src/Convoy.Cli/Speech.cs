using System.CommandLine;
using System.CommandLine.Parsing;
using Convoy.Core.Languages;

namespace Convoy.Cli;

/// <summary>The language of this run: one process serves one person, and nothing else of it is as settled as that.</summary>
internal static class Speech
{
    public static readonly Option<string?> LanguageOption = EverywhereOption();

    public static Language Language { get; private set; }

    /// <summary>Before anything is parsed: the parser's own errors are messages, too.</summary>
    public static void Choose(IReadOnlyList<string> arguments)
    {
        var name = LanguageOption.Name;
        for (var i = 0; i < arguments.Count; i++)
        {
            var given = arguments[i] == name && i + 1 < arguments.Count ? arguments[i + 1] : arguments[i].StartsWith(name + "=", StringComparison.Ordinal) ? arguments[i][(name.Length + 1)..] : null;
            if (LanguageTags.Parse(given) is not { } language) continue;
            Language = language;
            return;
        }

        Language = LanguageTags.OfEnvironment(Environment.GetEnvironmentVariable);
    }

    public static string Said(this Text text) => text.In(Language);

    /// <summary>Of what is a plain string to the parser's library, or stands in the cells of a table that are words. A test looks for each one's twin.</summary>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(words))]
    public static string? Twin(string? words) => words is null || Language == Language.English ? words : Catalogue.Of(Language).Find(words) ?? words;

    /// <summary>What an argument's value is not; the parser keeps nothing but words.</summary>
    public static void Refuse(this SymbolResult result, Text why) => result.AddError(why.Said());

    /// <summary>A line of an answer for people.</summary>
    public static void Tell(this TextWriter writer, Text line) => writer.Write(line.Said() + "\n");

    private static Option<string?> EverywhereOption()
    {
        var option = Options.Choice("--lang", "Language of messages and help (default: of LC_ALL, LC_MESSAGES or LANG)", "LANG", "en", "zh");
        option.Recursive = true;
        return option;
    }
}
