using System.CommandLine;
using System.CommandLine.Completions;

namespace Convoy.Cli.Completion;

internal enum CompletionKind
{
    /// <summary>What is offered is all there is.</summary>
    Words,

    /// <summary>The shell knows files better.</summary>
    Files,
    Folders,
}

/// <param name="Prefix">What stands before the values in the same word, such as <c>--queue=</c>.</param>
/// <param name="Named">Names that the server knows, such as JOB; null where none are wanted.</param>
internal sealed record Completions(CompletionKind Kind, IReadOnlyList<Candidate> Candidates, string Prefix = "", string? Named = null)
{
    public static Completions Nothing { get; } = new(CompletionKind.Words, []);

    public static Completions Files { get; } = new(CompletionKind.Files, []);
}

internal sealed record Candidate(string Value, string? Description = null);

/// <summary>What may stand at the end of a command line, as far as the tree of verbs tells.</summary>
internal static class Completer
{
    /// <param name="words">After the program's own name; the last one is what is being typed.</param>
    public static Completions Of(RootCommand root, IReadOnlyList<string> words)
    {
        Command command = root;
        Option? asking = null;
        var arguments = 0;
        foreach (var word in words.SkipLast(1))
        {
            if (word == "--") return Completions.Files;
            if (asking is not null)
            {
                asking = null;
            }
            else if (word.StartsWith('-'))
            {
                asking = word.Contains('=', StringComparison.Ordinal) || Find(command, word) is not { } option || !TakesValue(option) ? null : option;
            }
            else if (arguments == 0 && Below(command, word) is { } verb)
            {
                command = verb;
            }
            else
            {
                if (IsHelp(command) && Below(root, words.SkipLast(1).SkipWhile(each => each != command.Name).Skip(1).ToArray()) is { } told) return new(CompletionKind.Words, Verbs(told));
                arguments++;
            }
        }

        var current = words.Count == 0 ? "" : words[^1];
        if (asking is not null) return Values(asking.HelpName, Own(asking));
        if (current.StartsWith('-') && current.Split('=', 2) is [var name, _] && Find(command, name) is { } assigned && TakesValue(assigned)) return Values(assigned.HelpName, Own(assigned)) with { Prefix = $"{name}=" };
        if (current.StartsWith('-')) return new(CompletionKind.Words, Flags(command));
        if (IsHelp(command)) return new(CompletionKind.Words, Verbs(root));
        var visible = command.Arguments.Where(argument => !argument.Hidden).ToArray();
        var next = arguments < visible.Length ? visible[arguments] : visible is [.., { Arity.MaximumNumberOfValues: > 1 } repeated] ? repeated : null;
        var verbs = arguments == 0 ? Verbs(command) : [];
        if (next is null) return new(CompletionKind.Words, command is Verb { TakesCommand: true } ? [.. verbs, new Candidate("--", Text.Of("before the command to run").Said())] : verbs);
        var values = Values(next.Name, Own(next));
        return values with { Candidates = [.. verbs, .. values.Candidates] };
    }

    private static Candidate[] Verbs(Command command) => [.. command.Subcommands.Where(verb => !verb.Hidden).Select(verb => new Candidate(verb.Name, Speech.Twin(verb.Description)))];

    private static Candidate[] Flags(Command command) => [.. Visible(command).SelectMany(option => option.Aliases.Append(option.Name).Where(name => name.StartsWith("--", StringComparison.Ordinal)).Select(name => new Candidate(name, Speech.Twin(option.Description))))];

    private static IEnumerable<Option> Visible(Command command) => CommandLine.Ancestry(command).SelectMany(at => at.Options.Where(option => at == command || option.Recursive)).Where(option => !option.Hidden).Distinct();

    private static Option? Find(Command command, string name) => Visible(command).FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));

    private static Command? Below(Command command, params string[] path)
    {
        Command? at = command;
        foreach (var word in path) at = at?.Subcommands.FirstOrDefault(verb => verb.Name == word && !verb.Hidden);
        return at;
    }

    private static bool IsHelp(Command command) => command is Verb { Name: "help" };

    private static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);

    /// <summary>The values that a symbol lists itself.</summary>
    private static Candidate[] Own(Symbol symbol)
    {
        var sources = symbol switch { Option option => option.CompletionSources, Argument argument => argument.CompletionSources, _ => [] };
        return [.. sources.SelectMany(source => source(CompletionContext.Empty)).Select(item => new Candidate(item.InsertText ?? item.Label))];
    }

    /// <param name="placeholder">What a value is called in the help says what it is.</param>
    private static Completions Values(string? placeholder, Candidate[] own) => placeholder switch
    {
        _ when own.Length > 0 => new(CompletionKind.Words, own),
        "FILE" or "PATH" => Completions.Files,
        "DIR" => new(CompletionKind.Folders, []),
        not null when ServerNames.Kinds.Contains(placeholder) => new(CompletionKind.Words, [], Named: placeholder),
        _ => Completions.Nothing,
    };
}
