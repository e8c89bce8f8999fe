using System.CommandLine;
using System.CommandLine.Invocation;
using Convoy.Cli.Output;

namespace Convoy.Cli.Help;

/// <summary>What <c>--help</c> does: a page for a terminal, as wide as it is.</summary>
internal sealed class ShowHelp : SynchronousCommandLineAction
{
    private const int UsualWidth = 80;

    /// <summary>Longer lines are hard to read.</summary>
    private const int MostWidth = 100;
    private const int LeastWidth = 40;
    private const int Indent = 2;
    private const int MostTerm = 26;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult) => Write(parseResult.CommandResult.Command, parseResult.InvocationConfiguration.Output);

    public static int Write(Command command, TextWriter writer)
    {
        var page = HelpPage.Of(command);
        var width = Math.Clamp((Terminal.Width ?? UsualWidth) - 1, LeastWidth, MostWidth);
        foreach (var line in Cells.Wrap(page.Summary, width)) writer.Write(line + "\n");
        writer.Write($"\n{Text.Of("Usage:").Said()}\n");
        Hang(writer, page.Synopsis, Indent, Indent * 4, width);
        if (page.About is { } about)
        {
            writer.Write("\n");
            foreach (var line in Cells.Wrap(about, width)) writer.Write(line + "\n");
        }

        foreach (var section in page.Verbs.Where(section => section.Entries.Count > 0)) Section(writer, section.Title, section.Entries, width);
        if (page.Arguments.Count > 0) Section(writer, Text.Of("Arguments").ToString(), page.Arguments, width);
        foreach (var section in page.Options) Section(writer, section.Title, section.Entries, width);
        if (page.Exits.Count > 0) Section(writer, Text.Of("Exit codes").ToString(), page.Exits, width);
        if (page.Examples.Count > 0)
        {
            writer.Write($"\n{Text.Of("Examples:").Said()}\n");
            foreach (var example in page.Examples) writer.Write($"{new string(' ', Indent)}{example}\n");
        }

        if (page.SeeAlso.Count > 0) writer.Write($"\n{Text.Of("See also:").Said()}\n{new string(' ', Indent)}{string.Join(", ", page.SeeAlso)}\n");
        if (command is not Verb) writer.Write($"\n{Text.Of($"More of one verb: {page.Path.Replace("convoy", "convoy help", StringComparison.Ordinal)} VERB").Said()}\n");
        return ExitCodes.Success;
    }

    private static void Section(TextWriter writer, string title, IReadOnlyList<HelpEntry> entries, int width)
    {
        writer.Write($"\n{Text.Of($"{Text.Verbatim(Speech.Twin(title))}:").Said()}\n");
        var column = Indent + Math.Min(MostTerm, entries.Max(entry => entry.Term.Length)) + Indent;
        foreach (var (term, text) in entries)
        {
            var isLong = term.Length > MostTerm;
            if (isLong) writer.Write($"{new string(' ', Indent)}{term}\n");
            var lead = isLong ? "" : $"{new string(' ', Indent)}{term}";
            foreach (var line in Cells.Wrap(text, width - column))
            {
                writer.Write(line.Length == 0 ? $"{lead}\n" : $"{lead.PadRight(column)}{line}\n");
                lead = "";
            }
        }
    }

    private static void Hang(TextWriter writer, string text, int first, int indent, int width)
    {
        var lead = first;
        foreach (var line in Cells.Wrap(text.Replace(" ", "\u00a0", StringComparison.Ordinal).Replace("\u00a0[", " [", StringComparison.Ordinal), width - indent))
        {
            writer.Write($"{new string(' ', lead)}{line.Replace('\u00a0', ' ')}\n");
            lead = indent;
        }
    }
}
