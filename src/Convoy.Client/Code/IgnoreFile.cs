using System.Text;

namespace Convoy.Client.Code;

/// <summary>The patterns of one <c>.gitignore</c> or <c>.convoyignore</c>, for what lies in and under its folder.</summary>
internal sealed class IgnoreFile
{
    private readonly List<IgnorePattern> patterns = [];

    public IgnoreFile(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith("\uFEFF"u8)) content = content[3..];
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range];
            if (line.EndsWith("\r"u8)) line = line[..^1];
            if (!line.StartsWith("#"u8) && IgnorePattern.Parse(line) is { } pattern) patterns.Add(pattern);
        }
    }

    /// <summary>The last pattern that matches decides; null where none does.</summary>
    /// <param name="path">Below this file's folder, with slashes.</param>
    public bool? Ignores(string path, bool isFolder)
    {
        if (patterns.Count == 0) return null;
        var bytes = Encoding.UTF8.GetBytes(path);
        for (var i = patterns.Count - 1; i >= 0; i--)
        {
            if (patterns[i].Matches(bytes, isFolder)) return !patterns[i].Negated;
        }

        return null;
    }
}

internal sealed class IgnorePattern
{
    private byte[] prefix = [];
    private WildMatch? rest;
    private bool anywhere;
    private bool onlyFolders;

    public bool Negated { get; private init; }

    public static IgnorePattern? Parse(ReadOnlySpan<byte> line)
    {
        line = TrimSpaces(line);
        var negated = line.StartsWith("!"u8);
        if (negated) line = line[1..];
        var onlyFolders = line.EndsWith("/"u8);
        if (onlyFolders) line = line[..^1];
        if (line.IsEmpty) return null;
        var anywhere = !line.Contains((byte)'/');
        if (line[0] == '/') line = line[1..];

        // Git compares the part before the first wildcard by itself, so that "a**" is an "a" and then a "**" of its own.
        var plain = line.IndexOfAny("*?[\\"u8);
        var cut = plain < 0 ? line.Length : anywhere ? 0 : plain;
        return new IgnorePattern
        {
            Negated = negated,
            onlyFolders = onlyFolders,
            anywhere = anywhere,
            prefix = line[..cut].ToArray(),
            rest = plain < 0 ? null : new WildMatch(line[cut..], stopAtSlash: !anywhere),
        };
    }

    public bool Matches(ReadOnlySpan<byte> path, bool isFolder)
    {
        if (onlyFolders && !isFolder) return false;
        if (anywhere) path = path[(path.LastIndexOf((byte)'/') + 1)..];
        if (!path.StartsWith(prefix)) return false;
        path = path[prefix.Length..];
        return rest?.Matches(path) ?? path.IsEmpty;
    }

    /// <summary>Spaces at the end do not count but after a backslash.</summary>
    private static ReadOnlySpan<byte> TrimSpaces(ReadOnlySpan<byte> line)
    {
        var end = 0;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\\') end = Math.Min(++i + 1, line.Length);
            else if (line[i] != ' ') end = i + 1;
        }

        return line[..end];
    }
}
