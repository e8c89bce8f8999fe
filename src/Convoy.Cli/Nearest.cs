namespace Convoy.Cli;

/// <summary>What somebody probably meant to type.</summary>
internal static class Nearest
{
    /// <summary>The nearest word within about a third of its letters, or null.</summary>
    public static string? To(string typed, IEnumerable<string> words) => words
        .Select(word => (Word: word, Distance: Distance(typed.ToLowerInvariant(), word.ToLowerInvariant())))
        .Where(candidate => candidate.Distance <= Math.Max(1, candidate.Word.TrimStart('-').Length / 3) || IsStem(typed, candidate.Word))
        .OrderBy(candidate => candidate.Distance)
        .ThenBy(candidate => candidate.Word, StringComparer.Ordinal)
        .Select(candidate => candidate.Word)
        .FirstOrDefault();

    /// <summary><c>--work</c> for <c>--workdir</c>.</summary>
    private static bool IsStem(string typed, string word) => typed.TrimStart('-').Length >= 3 && word.StartsWith(typed, StringComparison.OrdinalIgnoreCase);

    /// <summary>Letters to insert, delete, replace or swap with their neighbour (Damerau's distance, restricted).</summary>
    private static int Distance(string a, string b)
    {
        var rows = Enumerable.Range(0, a.Length + 1).Select(i => Enumerable.Range(0, b.Length + 1).Select(j => i == 0 ? j : j == 0 ? i : 0).ToArray()).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i][j] = Math.Min(replace, Math.Min(rows[i - 1][j], rows[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) rows[i][j] = Math.Min(rows[i][j], rows[i - 2][j - 2] + 1);
            }
        }

        return rows[^1][^1];
    }
}
