namespace Convoy.Client;

/// <summary>Where the lines of a text begin, counted as the YAML parser counts them: U+0085, U+2028 and U+2029 end a line, too.</summary>
internal sealed class TextLines
{
    private readonly string text;
    private readonly List<int> starts = [0];

    public TextLines(string text)
    {
        this.text = text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '\n' or '\x85' or '\u2028' or '\u2029' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n'))) starts.Add(i + 1);
        }
    }

    /// <summary>Line and column, from 1, of a character.</summary>
    public (int Line, int Column) PlaceOf(int index)
    {
        var found = starts.BinarySearch(index);
        var line = found >= 0 ? found : ~found - 1;
        return (line + 1, index - starts[line] + 1);
    }

    /// <summary>The place, or the end of the text where it lies behind that.</summary>
    public (int Line, int Column) Within(long line, long column) =>
        line < 1 || column < 1 ? (1, 1) : line > starts.Count ? PlaceOf(text.Length) : ((int)line, (int)Math.Min(column, text.Length - starts[(int)line - 1] + 1));

    /// <summary>What stands on the line before the column.</summary>
    public ReadOnlySpan<char> Before(long line, long column)
    {
        var place = Within(line, column);
        return text.AsSpan(starts[place.Line - 1], place.Column - 1);
    }
}
