using System.CommandLine;
using System.CommandLine.Help;

namespace Convoy.Cli.Help;

/// <param name="Term">As typed.</param>
internal sealed record HelpEntry(string Term, string Text);

internal sealed record HelpSection(string Title, IReadOnlyList<HelpEntry> Entries);

/// <summary>All that there is to say of a command, however it is then shown.</summary>
/// <param name="Path">As typed.</param>
/// <param name="Verbs">Of a command that has others below it.</param>
internal sealed record HelpPage(
    string Path,
    string Summary,
    string? About,
    string Synopsis,
    IReadOnlyList<HelpSection> Verbs,
    IReadOnlyList<HelpEntry> Arguments,
    IReadOnlyList<HelpSection> Options,
    IReadOnlyList<string> Examples,
    IReadOnlyList<HelpEntry> Exits,
    IReadOnlyList<string> SeeAlso)
{
    private const string Everywhere = "Everywhere";
    private const string CommentMark = "  # ";

    public static HelpPage Of(Command command)
    {
        var (verb, path) = (command as Verb, CommandLine.PathOf(command));
        var inherited = CommandLine.Ancestry(command).Skip(1).SelectMany(above => above.Options.Where(option => option.Recursive));
        var options = command.Options.Select(option => (Group: option.Recursive ? Everywhere : OptionGroups.Of(option.Name), Option: option)).Concat(inherited.Select(option => (Group: Everywhere, Option: option)))
            .Where(entry => !entry.Option.Hidden).DistinctBy(entry => entry.Option.Name).ToArray();
        return new HelpPage(
            path,
            Speech.Twin(command.Description) ?? "",
            Speech.Twin(verb?.About),
            Typed(command, path, options.Where(entry => entry.Group != Everywhere).Select(entry => entry.Option)),
            VerbGroups.Of(command),
            [.. command.Arguments.Where(argument => !argument.Hidden).Select(argument => new HelpEntry(Bracketed(argument), Speech.Twin(argument.Description) ?? ""))],
            [.. options.GroupBy(entry => entry.Group).OrderBy(group => group.Key == Everywhere).Select(group => new HelpSection(group.Key, [.. group.Select(entry => Entry(entry.Option))]))],
            [.. (verb?.Examples ?? []).Select(Example)],
            [.. (verb is null ? [] : verb.Exits).Select(code => new HelpEntry($"{code}", Speech.Twin(ExitCodes.Meaning(code))))],
            [.. (verb?.SeeAlso ?? []).Select(other => $"convoy {other}")]);
    }

    private static string Typed(Command command, string path, IEnumerable<Option> options)
    {
        if (command is not Verb verb) return $"{path} VERB";
        var parts = options.Where(option => option is not HelpOption).Select(option =>
        {
            var name = option.Aliases.Where(alias => alias.Length == 2).FirstOrDefault() ?? option.Name;
            var typed = Value(option) is { } value ? $"{name} {value}" : name;
            return option.Required ? typed : $"[{typed}]";
        });
        return string.Join(' ', [path, .. parts, .. command.Arguments.Where(argument => !argument.Hidden).Select(Bracketed), .. verb.TakesCommand ? ["[-- COMMAND...]"] : Array.Empty<string>()]);
    }

    /// <summary>What is typed, and behind it what is said of it.</summary>
    public static (string Command, string? Comment) Split(string example)
    {
        var mark = example.IndexOf(CommentMark, StringComparison.Ordinal);
        return mark < 0 ? (example, null) : (example[..mark], example[(mark + CommentMark.Length)..]);
    }

    private static string Example(string example) => Split(example) is (var command, { } comment) ? $"{command}{CommentMark}{Speech.Twin(comment)}" : example;

    private static string Bracketed(Argument argument)
    {
        var typed = argument.Arity.MaximumNumberOfValues > 1 ? $"{argument.Name}..." : argument.Name;
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{typed}]" : typed;
    }

    private static HelpEntry Entry(Option option)
    {
        var names = option.Aliases.Append(option.Name).Where(name => name[0] == '-').OrderBy(name => name.Length).Distinct();
        var text = Speech.Twin(option.Description) ?? "";
        if (Value(option) is not null && option.HasDefaultValue && option.GetDefaultValue() is string { Length: > 0 } usual) text += Core.Languages.Text.Of($" (default {usual})").Said();
        if (option.Required) text += Core.Languages.Text.Of(" (needed)").Said();
        return new HelpEntry(string.Join(", ", names) + (Value(option) is { } value ? $" {value}" : ""), text);
    }

    private static string? Value(Option option) => option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? null : option.HelpName ?? "VALUE";
}
