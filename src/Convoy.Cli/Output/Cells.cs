using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Convoy.Cli.Output;

/// <summary>Text in cells of a terminal, in which a Chinese character takes two, and a colour none.</summary>
internal static class Cells
{
    private const string StaysWithPrevious = "，。；：、？！）";
    private const string StaysWithNext = "（";

    /// <summary>No more than so many cells; colours stay.</summary>
    public static string Crop(string line, int width)
    {
        var kept = new StringBuilder(line.Length);
        var at = 0;
        while (at < line.Length)
        {
            if (line[at] == '\e')
            {
                var end = line.IndexOf('m', at);
                if (end < 0) break;
                kept.Append(line, at, end + 1 - at);
                at = end + 1;
                continue;
            }

            var element = StringInfo.GetNextTextElement(line, at);
            var cells = element.GetCellWidth();
            at += element.Length;
            if (cells > width)
            {
                // Later colours still count, later text does not.
                width = 0;
                continue;
            }

            width -= cells;
            kept.Append(element);
        }

        return kept.ToString();
    }

    /// <summary>Words on lines of at most so many cells, without an end-of-line space. Between Chinese characters, too, a line may end.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var (piece, gap) in Pieces(text))
        {
            if (line.Length > 0 && line.GetCellWidth() + gap.Length + piece.GetCellWidth() > width)
            {
                yield return line;
                line = piece;
            }
            else
            {
                line = line.Length == 0 ? piece : line + gap + piece;
            }
        }

        yield return line;
    }

    /// <summary>What is never parted, and what stands before it.</summary>
    private static IEnumerable<(string Piece, string Gap)> Pieces(string text)
    {
        foreach (var word in text.Split(' '))
        {
            var (start, gap) = (0, " ");
            for (var i = 1; i < word.Length; i++)
            {
                if ((!IsWide(word[i - 1]) && !IsWide(word[i])) || StaysWithPrevious.Contains(word[i], StringComparison.Ordinal) || StaysWithNext.Contains(word[i - 1], StringComparison.Ordinal)) continue;
                yield return (word[start..i], gap);
                (start, gap) = (i, "");
            }

            yield return (word[start..], gap);
        }
    }

    private static bool IsWide(char c) => c >= '\u2E80';
}
