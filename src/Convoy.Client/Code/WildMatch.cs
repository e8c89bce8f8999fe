namespace Convoy.Client.Code;

/// <summary>
/// Git's wildmatch (git's documentation, gitignore: PATTERN FORMAT) over UTF-8 bytes, as git compares them: a <c>?</c> is
/// one byte. Time is bounded by pattern length × text length².
/// </summary>
internal sealed class WildMatch
{
    private readonly byte[] pattern;
    private readonly bool stopAtSlash;

    /// <param name="stopAtSlash">Whether <c>*</c>, <c>?</c> and <c>[…]</c> leave slashes alone; <c>**/</c> never does.</param>
    public WildMatch(ReadOnlySpan<byte> pattern, bool stopAtSlash)
    {
        this.pattern = pattern.ToArray();
        this.stopAtSlash = stopAtSlash;
    }

    public bool Matches(ReadOnlySpan<byte> text) => Matches(0, text, 0, []);

    // failed: places known not to match, so that many stars cost no exponential time.
    private bool Matches(int p, ReadOnlySpan<byte> text, int t, HashSet<(int, int)> failed)
    {
        for (; p < pattern.Length; p++, t++)
        {
            var wanted = pattern[p];
            if (wanted == '*') return MatchesStar(p, text, t, failed);
            if (t >= text.Length) return false;
            switch (wanted)
            {
                case (byte)'?':
                    if (stopAtSlash && text[t] == '/') return false;
                    break;
                case (byte)'[':
                    if (!MatchesSet(ref p, text[t])) return false;
                    break;
                case (byte)'\\':
                    if (++p >= pattern.Length || pattern[p] != text[t]) return false;
                    break;
                default:
                    if (wanted != text[t]) return false;
                    break;
            }
        }

        return t == text.Length;
    }

    private bool MatchesStar(int first, ReadOnlySpan<byte> text, int t, HashSet<(int, int)> failed)
    {
        var p = first;
        while (p < pattern.Length && pattern[p] == '*') p++;
        var overSlashes = !stopAtSlash;
        if (stopAtSlash && p - first >= 2)
        {
            var ends = p == pattern.Length || pattern[p] == '/' || (pattern[p] == '\\' && p + 1 < pattern.Length && pattern[p + 1] == '/');
            overSlashes = ends && (first == 0 || pattern[first - 1] == '/');
            if (overSlashes && p < pattern.Length && pattern[p] == '/' && Matches(p + 1, text, t, failed)) return true;
        }

        for (; ; t++)
        {
            if (p == pattern.Length ? t == text.Length : !failed.Contains((p, t)) && Matches(p, text, t, failed)) return true;
            failed.Add((p, t));
            if (t >= text.Length || (!overSlashes && text[t] == '/')) return false;
        }
    }

    /// <summary>Leaves <paramref name="p"/> at the closing bracket.</summary>
    private bool MatchesSet(ref int p, byte c)
    {
        var negated = false;
        if (++p < pattern.Length && pattern[p] is (byte)'!' or (byte)'^')
        {
            negated = true;
            p++;
        }

        var matched = false;
        var previous = 0;
        for (var first = true; ; first = false, p++)
        {
            if (p >= pattern.Length) return false;
            var now = pattern[p];
            if (now == ']' && !first) break;
            if (now == '-' && previous != 0 && p + 1 < pattern.Length && pattern[p + 1] != ']')
            {
                if (pattern[++p] == '\\' && ++p >= pattern.Length) return false;
                matched |= c >= previous && c <= pattern[p];
                previous = 0;
                continue;
            }

            if (now == '[' && p + 1 < pattern.Length && pattern[p + 1] == ':')
            {
                var end = Array.IndexOf(pattern, (byte)']', p + 2);
                if (end < 0) return false;
                if (end - p >= 3 && pattern[end - 1] == ':')
                {
                    if (InClass(pattern.AsSpan((p + 2)..(end - 1)), c) is not { } member) return false;
                    matched |= member;
                    previous = 0;
                    p = end;
                    continue;
                }
            }

            if (now == '\\')
            {
                if (++p >= pattern.Length) return false;
                now = pattern[p];
            }

            matched |= c == now;
            previous = now;
        }

        return matched != negated && !(stopAtSlash && c == '/');
    }

    private static bool? InClass(ReadOnlySpan<byte> name, byte c)
    {
        var letter = (char)c;
        if (name.SequenceEqual("alnum"u8)) return char.IsAsciiLetterOrDigit(letter);
        if (name.SequenceEqual("alpha"u8)) return char.IsAsciiLetter(letter);
        if (name.SequenceEqual("blank"u8)) return letter is ' ' or '\t';
        if (name.SequenceEqual("cntrl"u8)) return c is < 32 or 127;
        if (name.SequenceEqual("digit"u8)) return char.IsAsciiDigit(letter);
        if (name.SequenceEqual("graph"u8)) return c is > 32 and < 127;
        if (name.SequenceEqual("lower"u8)) return char.IsAsciiLetterLower(letter);
        if (name.SequenceEqual("print"u8)) return c is >= 32 and < 127;
        if (name.SequenceEqual("punct"u8)) return c is > 32 and < 127 && !char.IsAsciiLetterOrDigit(letter);
        if (name.SequenceEqual("space"u8)) return letter is ' ' or '\t' or '\n' or '\v' or '\f' or '\r';
        if (name.SequenceEqual("upper"u8)) return char.IsAsciiLetterUpper(letter);
        return name.SequenceEqual("xdigit"u8) ? char.IsAsciiHexDigit(letter) : null;
    }
}
