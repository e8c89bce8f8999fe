namespace Convoy.NodeAgent.Tests;

/// <summary>Files that are awkward by name or by size.</summary>
internal static class Samples
{
    public const int Segment = 4 << 20;

    private static readonly (string Path, int Size)[] Sizes =
    [
        ("caf\u00e9.jpg", 1000),
        ("cafe\u0301.jpg", 1001),
        ("\U0001F69A/\U0001F69A \U0001F69A.bin", 4097),
        ("line\nbreak", 17),
        ("Case", 5),
        ("case", 6),
        ("CASE/x", 7),
        ("empty", 0),
        (" ", 1),
        ("-rf", 63),
        ("deep/er/and/deeper/still/here.txt", 64),
        ("page", 4096),
        ("segment", Segment),
        ("segment and one", Segment + 1),
        ("large", (3 * Segment) + 12345),
        ("uncut", 1 << 20),
        (new string('n', 255), 300),
        ("data/\u6570\u636E\u96C6.bin", 100_000),
    ];

    public static (string Path, byte[] Content)[] Awkward { get; } = [.. Sizes.Select((file, i) => (file.Path, Drawn(i, file.Size)))];

    /// <summary>As many files of the size as a test wants.</summary>
    public static (string Path, byte[] Content)[] Alike(int count, int size) => [.. Enumerable.Range(0, count).Select(i => ($"{i % 10}/{i:d5}", Drawn(i, size)))];

    public static byte[] Drawn(int seed, int size)
    {
        var content = new byte[size];
        new Random(seed).NextBytes(content);
        return content;
    }
}
