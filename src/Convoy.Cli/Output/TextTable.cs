using Spectre.Console;

namespace Convoy.Cli.Output;

/// <summary>
/// Columns for people and for awk: two spaces apart, no borders, never cut. Widths count terminal cells, so that Chinese
/// names line up.
/// </summary>
internal sealed class TextTable(params Text[] columns)
{
    private const string Gap = "  ";
    private readonly string[] headings = [.. columns.Select(column => column.Said())];
    private readonly List<string[]> rows = [];
    private readonly HashSet<int> rightAligned = [];

    public TextTable AlignRight(params int[] right)
    {
        rightAligned.UnionWith(right);
        return this;
    }

    /// <summary>Cells come from people: control characters would move the cursor.</summary>
    public void Add(params string?[] cells) => rows.Add([.. cells.Select(cell => string.IsNullOrEmpty(cell) ? "-" : Printable.Of(cell))]);

    /// <summary>Cells from side to side.</summary>
    public int Width => Widths(null).Sum() + (Gap.Length * (headings.Length - 1));

    /// <param name="paint">Colours a finished cell by (column, text); widths are settled before.</param>
    /// <param name="atLeast">What columns above it have.</param>
    /// <returns>The widths it has.</returns>
    public int[] Write(TextWriter writer, Func<int, string, string>? paint = null, int[]? atLeast = null, bool withHeadings = true)
    {
        var widths = Widths(atLeast);
        if (withHeadings) WriteRow(writer, headings, widths, null);
        foreach (var row in rows) WriteRow(writer, row, widths, paint);
        return widths;
    }

    private int[] Widths(int[]? atLeast)
    {
        var widths = atLeast?.ToArray() ?? new int[headings.Length];
        foreach (var row in rows.Prepend(headings))
        {
            for (var i = 0; i < widths.Length; i++) widths[i] = Math.Max(widths[i], row[i].GetCellWidth());
        }

        return widths;
    }

    private void WriteRow(TextWriter writer, string[] row, int[] widths, Func<int, string, string>? paint)
    {
        for (var i = 0; i < row.Length; i++)
        {
            var padding = new string(' ', widths[i] - row[i].GetCellWidth());
            var cell = paint is null ? row[i] : paint(i, row[i]);
            if (i > 0) writer.Write(Gap);
            if (rightAligned.Contains(i)) writer.Write(padding + cell);
            else writer.Write(i == row.Length - 1 ? cell : cell + padding);
        }

        writer.Write('\n');
    }
}
