using System.CommandLine;
using Convoy.Cli.Help;

namespace Convoy.Cli.Verbs;

internal static class HelpVerbs
{
    public static Command Build(RootCommand root)
    {
        var words = new Argument<string[]>("VERB") { Description = "What to tell about, such as submit or node list; all verbs where it is left out", Arity = ArgumentArity.ZeroOrMore };
        return new Verb("help", "Tell about a verb")
        {
            Examples = ["convoy help", "convoy help submit", "convoy help node list"],
            Arguments = { words },
            Body = (call, _) =>
            {
                Command at = root;
                foreach (var word in call.Get(words))
                {
                    at = at.Subcommands.FirstOrDefault(verb => verb.Name == word && !verb.Hidden)
                        ?? throw CommandException.Usage($"{CommandLine.PathOf(at)} has no verb '{word}'{CommandLine.Guess(word, at.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name))}; `{CommandLine.PathOf(at)} --help` lists them");
                }

                return Task.FromResult(ShowHelp.Write(at, call.Output));
            },
        };
    }

    /// <summary>For packages, which bring the pages along.</summary>
    public static Command BuildManual(RootCommand root)
    {
        var folder = new Argument<string>("DIR") { Description = "Folder to write the pages to; it is made where it is missing" };
        return new Verb("__man", "Write manual pages of all verbs")
        {
            Examples = ["convoy __man share/man/man1"],
            Hidden = true,
            Arguments = { folder },
            Body = async (call, cancellationToken) =>
            {
                OutputFile.MakeFolder(call.Get(folder));
                foreach (var command in All(root))
                {
                    var page = HelpPage.Of(command);
                    await File.WriteAllTextAsync(Path.Combine(call.Get(folder), ManPage.FileName(page.Path)), ManPage.Of(page, VersionVerb.Version.Split('+')[0]), cancellationToken);
                }

                return ExitCodes.Success;
            },
        };
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.Where(verb => !verb.Hidden).SelectMany(All).Prepend(command);
}
