using System.Text;
using Convoy.Core.Languages;

namespace Convoy.Core.Simulation;

/// <summary>A cell and where it begins; line and column count from 1.</summary>
internal readonly record struct CsvCell(string Text, int Line, int Column);

/// <summary>A record and its cells; an error where it cannot be read, which then is the last record.</summary>
internal readonly record struct CsvRecord(IReadOnlyList<CsvCell> Cells, Text? Error);

/// <summary>
/// Splits RFC 4180 text: cells in quotes may hold commas, doubled quotes and line ends; lines end with LF or CRLF. A byte order mark,
/// empty lines, and blanks around cells without quotes are passed over.
/// </summary>
internal sealed class CsvText(string text)
{
    private int at = text.StartsWith('\uFEFF') ? 1 : 0;
    private int line = 1;
    private int lineStart = text.StartsWith('\uFEFF') ? 1 : 0;

    public IEnumerable<CsvRecord> Records()
    {
        while (at < text.Length)
        {
            var record = Next();
            if (record.Error is not null || record.Cells is not [{ Text: "" }]) yield return record;
            if (record.Error is not null) yield break;
        }
    }

    private CsvRecord Next()
    {
        var cells = new List<CsvCell>();
        while (true)
        {
            while (at < text.Length && text[at] is ' ' or '\t') at++;
            var (cellLine, cellColumn) = (line, at - lineStart + 1);
            var (cell, error) = at < text.Length && text[at] == '"' ? Quoted() : (Plain(), null);
            cells.Add(new CsvCell(cell, cellLine, cellColumn));
            if (error is not null) return new CsvRecord(cells, error);
            if (at < text.Length && text[at] == ',')
            {
                at++;
                continue;
            }

            EndLine();
            return new CsvRecord(cells, null);
        }
    }

    private string Plain()
    {
        var start = at;
        while (at < text.Length && text[at] is not (',' or '\n' or '\r')) at++;
        return text[start..at].TrimEnd(' ', '\t');
    }

    private (string Cell, Text? Error) Quoted()
    {
        var cell = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '\n') (line, lineStart) = (line + 1, at + 1);
            if (text[at] != '"')
            {
                cell.Append(text[at]);
                continue;
            }

            at++;
            if (at < text.Length && text[at] == '"')
            {
                cell.Append('"');
                continue;
            }

            while (at < text.Length && text[at] is ' ' or '\t') at++;
            return (cell.ToString(), at == text.Length || text[at] is ',' or '\n' or '\r' ? null : (Text)"something follows the closing quote; double the quotes inside: \"\"");
        }

        return (cell.ToString(), "the quote that begins here is never closed");
    }

    private void EndLine()
    {
        if (at < text.Length && text[at] == '\r') at++;
        if (at < text.Length && text[at] == '\n') at++;
        (line, lineStart) = (line + 1, at);
    }
}
