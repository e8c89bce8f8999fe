using Convoy.Client.Wire;

namespace Convoy.Cli.Output;

/// <summary>What to change, as short as it can be typed.</summary>
internal static class RemedyText
{
    /// <summary>Flags, else the keys of a file; null where there is nothing to change, or it is in no file.</summary>
    public static Text? Of(RemedyView remedy) => remedy switch
    {
        { Flags: { } flags } => Text.Verbatim(flags),
        { Changes.Count: > 0, By: "administrator" } => $"{Changes(remedy)} (needs an administrator)",
        { Changes.Count: > 0 } => Text.Verbatim(Changes(remedy)),
        _ => null,
    };

    private static string Changes(RemedyView remedy) => string.Join(", ", remedy.Changes.Select(change => $"{change.Key}: {change.Value}"));
}
