namespace Convoy.Cli.Output;

/// <summary>RFC 4180: quoted where needed, lines end with CRLF.</summary>
internal static class Csv
{
    public static void WriteRow(TextWriter writer, IEnumerable<string?> cells) => writer.Write(string.Join(',', cells.Select(Cell)) + "\r\n");

    private static string Cell(string? text) =>
        text is null ? "" : text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
