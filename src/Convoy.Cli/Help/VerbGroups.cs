using System.CommandLine;

namespace Convoy.Cli.Help;

/// <summary>The verbs by what they are about.</summary>
internal static class VerbGroups
{
    private const string Others = "Verbs";

    private static readonly (string Title, string[] Verbs)[] Groups =
    [
        ("Jobs", ["submit", "run", "list", "get", "logs", "events", "metrics", "why", "queue", "top", "wait", "exec", "ssh", "port-forward", "update", "suspend", "resume", "retry", "cancel", "delete"]),
        ("Data", ["output", "dataset"]),
        ("Cluster", ["node", "cluster", "scheduling", "simulate"]),
        ("People", ["login", "whoami", "context", "user", "team", "level", "quota", "token", "apply", "usage", "audit"]),
        ("Platform", ["up", "explain", "completion", "help", "version"]),
    ];

    /// <summary>What is below a command; hidden verbs are not.</summary>
    public static IReadOnlyList<HelpSection> Of(Command command)
    {
        var verbs = command.Subcommands.Where(verb => !verb.Hidden).ToArray();
        if (command is not RootCommand) return verbs.Length == 0 ? [] : [new HelpSection(Others, [.. verbs.Select(Entry)])];
        return
        [
            .. Groups.Select(group => new HelpSection(group.Title, [.. group.Verbs.Select(name => Array.Find(verbs, verb => verb.Name == name)).OfType<Command>().Select(Entry)])),
            .. new[] { new HelpSection(Others, [.. verbs.Where(verb => !Groups.Any(group => group.Verbs.Contains(verb.Name))).Select(Entry)]) },
        ];
    }

    private static HelpEntry Entry(Command verb) => new(verb.Name, Speech.Twin(verb.Description) ?? "");
}
