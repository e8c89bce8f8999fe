namespace Convoy.EndToEnd.Tests.Guide;

/// <summary>A fenced block of a page.</summary>
/// <param name="Line">Of its first line of code, from 1.</param>
/// <param name="Mark">A comment on the line before it, which readers do not see: how the block is run, or why it is not.</param>
internal sealed record GuideBlock(int Line, string Language, string? Mark, string Code)
{
    private const string NotRunMark = "not run: ";

    public bool IsShell => Language == "sh";

    /// <summary>Why nobody runs it here.</summary>
    public string? NotRun => Mark?.StartsWith(NotRunMark, StringComparison.Ordinal) == true ? Mark[NotRunMark.Length..] : null;
}

/// <summary>A page of the guide, as somebody reads it who types what it shows.</summary>
internal sealed record GuidePage(string Path, IReadOnlyList<GuideBlock> Blocks)
{
    private const string Fence = "```";

    /// <summary>The English pages; their Chinese twins show the same commands, which another test sees to.</summary>
    public static IEnumerable<string> Paths(string root) =>
    [
        "README.md",
        .. Directory.GetFiles(System.IO.Path.Combine(root, "docs"), "*.md").Select(file => $"docs/{System.IO.Path.GetFileName(file)}")
            .Where(path => !path.EndsWith(".zh-CN.md", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];

    public static GuidePage Read(string root, string path)
    {
        var blocks = new List<GuideBlock>();
        var lines = File.ReadAllLines(System.IO.Path.Combine(root, path));
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal)) continue;
            var first = i + 1;
            var last = Array.IndexOf(lines, Fence, first);
            if (last < 0) throw new InvalidDataException($"{path}:{first} begins a block that has no end");
            blocks.Add(new GuideBlock(first + 1, lines[i][Fence.Length..], first > 1 ? MarkOf(lines[first - 2]) : null, string.Join('\n', lines[first..last])));
            i = last;
        }

        return new GuidePage(path, blocks);
    }

    private static string? MarkOf(string line) =>
        line.StartsWith("<!-- ", StringComparison.Ordinal) && line.EndsWith(" -->", StringComparison.Ordinal) ? line[5..^4] : null;
}
