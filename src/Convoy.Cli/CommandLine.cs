using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Convoy.Cli.Help;
using Convoy.Cli.Verbs;
using Convoy.Core.Documents;

namespace Convoy.Cli;

/// <summary>The tree of verbs, and what the arguments ask for.</summary>
internal static class CommandLine
{
    /// <summary>Verbs of later versions, by the command they belong to.</summary>
    private static readonly Dictionary<string, string[]> LaterVerbs = new()
    {
        ["convoy"] =
        [
            "exec", "ssh", "port-forward", "team", "quota",
            "usage", "audit",
        ],
        ["convoy dataset"] = ["warm", "replicate", "usage"],
    };

    public static RootCommand Build()
    {
        var root = new RootCommand("Convoy: submit training jobs to one place, whatever machines they run on.")
        {
            SubmitVerb.Build(), RunVerb.Build(), ListVerb.Build(), GetVerb.Build(), LogsVerb.Build(), OutputVerbs.Build(), DatasetVerbs.Build(), WhyVerb.Build(), QueueVerb.Build(), EventsVerb.Build(), MetricsVerb.Build(),
            WaitVerb.Build(), CancelVerb.Build(), SuspendVerb.Build(), ResumeVerb.Build(), RetryVerb.Build(), UpdateVerb.Build(), DeleteVerb.Build(), NodeVerbs.Build(), ClusterVerbs.Build(), SchedulingVerbs.Build(), LoginVerb.Build(), WhoAmIVerb.Build(), UserVerbs.Build(),
            TokenVerbs.Build(), LevelVerbs.Build(), ApplyVerb.Build(), SimulateVerb.Build(), UpVerb.Build(), VersionVerb.Build(),
            TopVerb.Build(), ContextVerbs.Build(), ExplainVerb.Build(), CompletionVerbs.Build(), CompletionVerbs.BuildComplete(),
        };
        root.Add(HelpVerbs.Build(root));
        root.Add(HelpVerbs.BuildManual(root));
        root.Add(Call.ServerOption);
        root.Add(Call.TokenOption);
        root.Add(Speech.LanguageOption);
        foreach (var help in root.Options.OfType<HelpOption>()) help.Action = new ShowHelp();
        return root;
    }

    /// <summary>What is ours, and what follows the first <c>--</c>.</summary>
    public static (string[] Own, string[]? Command) Split(string[] args)
    {
        var dashes = Array.IndexOf(args, "--");
        return dashes < 0 ? (args, null) : (args[..dashes], args[(dashes + 1)..]);
    }

    public static ParseResult Parse(RootCommand root, string[] args) =>
        root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    /// <summary>Throws what is wrong with the arguments, and returns the verb otherwise.</summary>
    public static Verb Check(ParseResult parsed, string[]? trailing)
    {
        var command = parsed.CommandResult.Command;
        var path = PathOf(command);

        // The parser takes the next flag for the value.
        if (parsed.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(result => result.Tokens is [{ Value: var value }] && command.Options.Any(flag => flag.Name == value)) is { } empty)
        {
            throw CommandException.Usage($"{NoValue(empty)}; see {path} --help");
        }

        if (parsed.UnmatchedTokens.Count > 0) throw Unmatched(command, path, parsed.UnmatchedTokens[0]);
        if (command is not Verb verb) throw CommandException.Usage($"{path} needs a verb: {string.Join(", ", command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name))}; see {path} --help");
        if (parsed.Errors.Count > 0)
        {
            throw CommandException.Usage($"{Text.Join("; ", parsed.Errors.Select(Told).Distinct())}; see {path} --help");
        }

        if (trailing is not null && !verb.TakesCommand) throw CommandException.Usage($"{path} takes no command after --; see {path} --help");
        return verb;
    }

    private static CommandException Unmatched(Command command, string path, string token)
    {
        var name = token.Split('=', 2)[0];
        if (token.StartsWith('-'))
        {
            if (command is Verb { LaterFlags: var later } && later.Contains(name)) return NotYet($"{path} {name}");
            var flags = Ancestry(command).SelectMany(c => c.Options.Where(o => c == command || o.Recursive)).Where(o => !o.Hidden).SelectMany(o => o.Aliases.Append(o.Name));
            return CommandException.Usage($"{path} has no flag {name}{Guess(name, flags.Where(flag => flag.StartsWith("--", StringComparison.Ordinal)))}; see {path} --help");
        }

        if (command is not Verb)
        {
            if (LaterVerbs.GetValueOrDefault(path)?.Contains(name) == true) return NotYet($"{path} {name}");
            return CommandException.Usage($"{path} has no verb '{token}'{Guess(token, command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name))}; see {path} --help");
        }

        return CommandException.Usage(command is Verb { TakesCommand: true }
            ? (Text)$"'{token}' is not a flag; put -- before the command to run: {path} [flags] -- {token}"
            : $"'{token}' is one argument too many; see {path} --help");
    }

    private static CommandException NotYet(string what) => new(ExitCodes.Invalid, "NotAvailableYet", $"`{what}` is not available yet: this version of Convoy does not have that feature; nothing was done");

    /// <summary>A word to try instead, as the end of a message.</summary>
    public static Text Guess(string typed, IEnumerable<string> words) => NearestWord.To(typed, words) is { } word ? (Text)$"; did you mean {word}?" : "";

    /// <summary>In our words where the parser speaks of its own terms; what values should be, their options say.</summary>
    private static Text Told(ParseError error)
    {
        var result = error.SymbolResult;
        while (result is not (null or OptionResult)) result = result.Parent;
        if (result is OptionResult { Option: { Arity: var arity, HelpName: var value } option, Tokens.Count: var given } told)
        {
            var name = told.IdentifierToken?.Value ?? option.Name;
            if (given < arity.MinimumNumberOfValues) return told.IdentifierToken is null ? (Text)$"{name} {value} is missing" : NoValue(told);
            if (given > arity.MaximumNumberOfValues) return $"{name} is given {given} times, and may be given once";
        }

        if (error.SymbolResult is ArgumentResult { Argument: { Arity.MinimumNumberOfValues: > 0 } missing, Tokens.Count: 0 }) return $"{missing.Name} is missing";
        return Text.Verbatim(error.Message.ReplaceLineEndings(" ").TrimEnd('.', ' '));
    }

    private static Text NoValue(OptionResult result) => $"{result.IdentifierToken?.Value} has no value; give {result.IdentifierToken?.Value} {result.Option.HelpName}";

    /// <summary>From the command up to the program itself.</summary>
    public static IEnumerable<Command> Ancestry(Command command)
    {
        for (var at = command; at is not null; at = at.Parents.OfType<Command>().FirstOrDefault()) yield return at;
    }

    /// <summary>As typed.</summary>
    public static string PathOf(Command command) => string.Join(' ', Ancestry(command).Reverse().Select(c => c is RootCommand ? "convoy" : c.Name));
}
