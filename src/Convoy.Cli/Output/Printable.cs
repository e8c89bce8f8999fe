using System.Text;

namespace Convoy.Cli.Output;

/// <summary>Text of others (names, messages) made harmless for a terminal. A task's own log is passed through as it is.</summary>
internal static class Printable
{
    /// <summary>What the server said.</summary>
    public static Text Of(Text text) => Text.Verbatim(Of(text.Said()));

    public static string Of(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        var clean = new StringBuilder(text.Length);
        foreach (var c in text) clean.Append(char.IsControl(c) ? ' ' : c);
        return clean.ToString();
    }
}
