using System.Text;

namespace Convoy.Cli.Completion;

/// <summary>A command line as bash has it, cut into words where the shell would: up to the cursor, so the last word may be unfinished.</summary>
/// <param name="Typed">The last word as typed, quotes included.</param>
internal sealed record CommandWords(IReadOnlyList<string> Words, string Typed)
{
    public static CommandWords Of(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (start, quote) = (0, '\0');
        for (var at = 0; at < line.Length; at++)
        {
            var c = line[at];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (at > start) words.Add(word.ToString());
                word.Clear();
                start = at + 1;
            }
            else if (c == '\\' && quote != '\'' && at + 1 < line.Length)
            {
                word.Append(line[++at]);
            }
            else if (quote == '\0' && c is '"' or '\'')
            {
                quote = c;
            }
            else if (c == quote)
            {
                quote = '\0';
            }
            else
            {
                word.Append(c);
            }
        }

        words.Add(word.ToString());
        return new CommandWords(words, line[start..]);
    }
}
