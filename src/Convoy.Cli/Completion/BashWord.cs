using System.Text;

namespace Convoy.Cli.Completion;

/// <summary>
/// A word as bash wants it back. Bash cuts words at more characters than blanks (COMP_WORDBREAKS has the colon and the equals sign) and puts in what it
/// is given behind the last of them, as it is: what has a meaning to it has to be escaped here.
/// </summary>
internal static class BashWord
{
    private const string Plain = "-_./:=@%+,";

    /// <param name="typed">What stands on the line so far, quotes included.</param>
    public static string Of(string word, string typed, string breaks)
    {
        // Within quotes it takes the word as it is, up to the quote that closes.
        if (typed is ['\'' or '"', ..]) return word;
        var cut = -1;
        for (var at = 0; at < Math.Min(typed.Length, word.Length) && typed[at] == word[at]; at++)
        {
            if (typed[at] is ':' or '=' or '@' && breaks.Contains(typed[at], StringComparison.Ordinal)) cut = at;
        }

        var escaped = new StringBuilder();
        foreach (var c in word.AsSpan(cut + 1))
        {
            if (!char.IsLetterOrDigit(c) && !Plain.Contains(c, StringComparison.Ordinal)) escaped.Append('\\');
            escaped.Append(c);
        }

        return escaped.ToString();
    }
}
