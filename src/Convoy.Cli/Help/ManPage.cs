using System.Globalization;
using System.Text;

namespace Convoy.Cli.Help;

/// <summary>A page of help as man(7) takes it.</summary>
internal static class ManPage
{
    /// <summary>Such as <c>convoy-node-list.1</c>.</summary>
    public static string FileName(string path) => $"{path.Replace(' ', '-')}.1";

    public static string Of(HelpPage page, string version)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $".TH \"{Escaped(page.Path.Replace(' ', '-').ToUpperInvariant())}\" 1 \"\" \"Convoy {Escaped(version)}\" \"Convoy\"\n");
        Title("NAME");
        text.Append(CultureInfo.InvariantCulture, $"{Escaped(page.Path.Replace(' ', '-'))} \\- {Escaped(page.Summary)}\n");
        Title("SYNOPSIS");
        text.Append(CultureInfo.InvariantCulture, $".B {Escaped(page.Path)}\n{Line(page.Synopsis[page.Path.Length..].Trim())}");
        Title("DESCRIPTION");
        text.Append(Line(page.Summary + "."));
        if (page.About is { } about) text.Append(".PP\n").Append(Line(about));
        foreach (var section in page.Verbs.Where(section => section.Entries.Count > 0)) Entries(section.Title.ToUpperInvariant(), section.Entries);
        if (page.Arguments.Count > 0) Entries("ARGUMENTS", page.Arguments);
        if (page.Options.Count > 0) Title("OPTIONS");
        foreach (var section in page.Options)
        {
            text.Append(CultureInfo.InvariantCulture, $".SS {Escaped(section.Title)}\n");
            Terms(section.Entries);
        }

        Entries("EXIT STATUS", [.. ExitCodes.Usual.Select(code => new HelpEntry($"{code}", ExitCodes.Meaning(code))), .. page.Exits]);
        if (page.Path == "convoy") Entries("ENVIRONMENT", Environment);
        if (page.Path == "convoy") Entries("FILES", [new HelpEntry("$XDG_CONFIG_HOME/convoy/contexts.json", "Saved contexts, with their tokens; only you can read it")]);
        if (page.Examples.Count > 0)
        {
            Title("EXAMPLES");
            text.Append(".nf\n");
            foreach (var example in page.Examples) text.Append(Line(example));
            text.Append(".fi\n");
        }

        Title("SEE ALSO");
        text.Append(string.Join(",\n", page.SeeAlso.DefaultIfEmpty(page.Path == "convoy" ? "convoy help" : "convoy").Select(path => $".BR {Escaped(path.Replace(' ', '-'))} (1)")).Replace("(1),", "(1),", StringComparison.Ordinal)).Append('\n');
        return text.ToString();

        void Title(string title) => text.Append(CultureInfo.InvariantCulture, $".SH {Escaped(title)}\n");

        void Entries(string title, IReadOnlyList<HelpEntry> entries)
        {
            Title(title);
            Terms(entries);
        }

        void Terms(IReadOnlyList<HelpEntry> entries)
        {
            foreach (var (term, said) in entries) text.Append(CultureInfo.InvariantCulture, $".TP\n.B {Escaped(term)}\n{Line(said)}");
        }
    }

    private static HelpEntry[] Environment { get; } =
    [
        new("CONVOY_SERVER", "Address of the server, instead of the current context's"),
        new("CONVOY_TOKEN", "Token to use, instead of a saved one"),
        new("NO_COLOR", "Set to anything: no colours"),
    ];

    private static string Line(string text) => text.Length == 0 ? "" : Escaped(text) + "\n";

    /// <summary>Nothing in it is a request or an escape; what is not ASCII is named, so that no locale matters.</summary>
    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        if (text is ['.' or '\'', ..]) escaped.Append("\\&");
        foreach (var rune in text.EnumerateRunes())
        {
            escaped.Append(rune.Value switch
            {
                '\\' => "\\e",
                '-' => "\\-",
                '"' => "\\(dq",
                '\'' => "\\(aq",
                '`' => "\\(ga",
                '^' => "\\(ha",
                '~' => "\\(ti",
                > 126 => $"\\[u{rune.Value:X4}]",
                _ => rune.ToString(),
            });
        }

        return escaped.ToString();
    }
}
