namespace Convoy.Client.Tests.JobFiles;

/// <summary>Where a word stands in a text, counted by other means than the reader's.</summary>
internal static class Place
{
    /// <summary>Line and column, from 1, of the first time the word comes.</summary>
    public static (int Line, int Column) Of(string text, string word)
    {
        var at = text.IndexOf(word, StringComparison.Ordinal);
        at.ShouldBeGreaterThanOrEqualTo(0, word);
        return (text[..at].Count(c => c == '\n') + 1, at - text.LastIndexOf('\n', at));
    }
}
