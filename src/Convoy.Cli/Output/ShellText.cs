namespace Convoy.Cli.Output;

/// <summary>A command line as one could type it again.</summary>
internal static class ShellText
{
    public static string Of(IEnumerable<string> command) => string.Join(' ', command.Select(Word));

    private static string Word(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,@%+".Contains(c, StringComparison.Ordinal)) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
