using System.CommandLine;
using Convoy.Cli;
using Convoy.Cli.Help;

namespace Convoy.Architecture.Tests.Languages;

/// <summary>All that <c>--help</c> says of its own, of every verb.</summary>
internal static class HelpWords
{
    public static IEnumerable<string> OfTree() => Of(CommandLine.Build()).Distinct();

    private static IEnumerable<string> Of(Command command) =>
    [
        .. Said(command),
        .. command.Arguments.Where(argument => !argument.Hidden).SelectMany(Said),
        .. command.Options.Where(option => !option.Hidden).SelectMany(Said),
        .. HelpPage.Of(command) is var page ? page.Verbs.Concat(page.Options).Select(section => section.Title) : [],
        .. command is Verb { About: { } about } ? [about] : Array.Empty<string>(),
        .. command is Verb coded ? ExitCodes.Usual.Concat(coded.Exits).Select(ExitCodes.Meaning) : [],
        .. command is Verb verb ? verb.Examples.Select(example => HelpPage.Split(example).Comment).OfType<string>() : [],
        .. command.Subcommands.Where(verb => !verb.Hidden).SelectMany(Of),
    ];

    private static IEnumerable<string> Said(Symbol symbol) => [symbol.Description ?? $"{symbol.Name} says nothing of itself"];
}
