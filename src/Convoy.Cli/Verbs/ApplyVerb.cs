using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Queues;

namespace Convoy.Cli.Verbs;

internal static class ApplyVerb
{
    private const long LargestFile = 4 << 20;

    public static Command Build()
    {
        var file = Options.InputFile("--file", "The organisation's file (YAML): all queues, and levels", "-f");
        file.Required = true;
        var dryRun = Options.Switch("--dry-run", "Say what would change; change nothing");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("apply", "Give the organisation its queues and levels (for administrators)")
        {
            Examples = ["convoy apply -f org.yaml --dry-run", "convoy apply -f org.yaml"],
            About = "The file says all queues of the organisation; a queue that it does not name is removed. What is not sound is refused whole.",
            SeeAlso = ["queue list", "level update"],
            Options = { file, dryRun, format },
            Body = async (call, cancellationToken) =>
            {
                var name = call.Get(file)!;
                var reading = OrganisationFile.Read(await InputFile.ReadTextAsync(name, LargestFile, "file of queues", cancellationToken));
                if (reading.Organisation is not { } organisation) throw new InvalidFileException(InputFile.NameOf(name), reading.Problems, reading.Problems.Count, "changed");
                var change = await call.Client.ApplyAsync(organisation, call.Get(dryRun), cancellationToken);
                return call.Write(call.Get(format), change, Rendering.Indented.OrganisationChangeView, _ => Tell(call.Output, change));
            },
        };
    }

    private static void Tell(TextWriter writer, OrganisationChangeView change)
    {
        foreach (var name in change.Queues.Added) writer.Tell($"queue {name} added");
        foreach (var name in change.Queues.Changed) writer.Tell($"queue {name} changed");
        foreach (var name in change.Queues.Removed) writer.Tell($"queue {name} removed");
        foreach (var name in change.Levels.Added) writer.Tell($"level {name} added");
        foreach (var name in change.Levels.Changed) writer.Tell($"level {name} changed");
        foreach (var name in change.Levels.Removed) writer.Tell($"level {name} removed");
        writer.Tell(change.Applied ? (Text)$"the organisation has revision {change.Revision}" : "it is sound; nothing was changed");
    }
}
