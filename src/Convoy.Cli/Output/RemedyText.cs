using Convoy.Client.Wire;

namespace Convoy.Cli.Output;

/// <summary>What to change, as short as it can be typed.</summary>
internal static class RemedyText
{
    /// <summary>Flags, else the keys of a file; null where there is nothing to change, or it is in no file.</summary>
    public static string? Of(RemedyView remedy) => remedy switch
    {
        { Flags: { } flags } => flags,
        { Changes.Count: > 0 } => string.Join(", ", remedy.Changes.Select(change => $"{change.Key}: {change.Value}")) + (remedy.By == "administrator" ? " (needs an administrator)" : ""),
        _ => null,
    };
}
