using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Convoy.Cli.Output;

/// <summary>Text in cells of a terminal, in which a Chinese character takes two, and a colour none.</summary>
internal static class Cells
{
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

    /// <summary>Words on lines of at most so many cells, without an end-of-line space.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.GetCellWidth() + 1 + word.GetCellWidth() > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        yield return line;
    }
}
