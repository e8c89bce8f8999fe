using System.Text;

namespace Convoy.Core.Tests.Scenarios;

/// <summary>
/// Every folder beside this file is a story (<c>scenario.txt</c>, see <see cref="Scenario"/>) and what must come of it (<c>expected.txt</c>,
/// see <see cref="Transcript"/>). What came instead is left in <c>actual.txt</c>; with <c>CONVOY_ACCEPT=1</c> it is what must come from now on. A folder with
/// a <c>skip.txt</c> tells of what is not right yet, and why.
/// </summary>
public sealed class ScenarioTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "test", "Convoy.Core.Tests", "Scenarios");

    public static TheoryData<string> Names => [.. Directory.EnumerateDirectories(Folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_scenario_goes_as_it_must(string name)
    {
        var folder = Path.Combine(Folder, name);
        var skipFile = Path.Combine(folder, "skip.txt");
        if (File.Exists(skipFile)) Assert.Skip(File.ReadAllText(skipFile));
        var (expectedFile, actualFile) = (Path.Combine(folder, "expected.txt"), Path.Combine(folder, "actual.txt"));
        var actual = Transcript.Of(Scenario.Read(File.ReadLines(Path.Combine(folder, "scenario.txt"))));
        if (Environment.GetEnvironmentVariable("CONVOY_ACCEPT") == "1") File.WriteAllText(expectedFile, actual);
        var expected = File.Exists(expectedFile) ? File.ReadAllText(expectedFile) : "";
        if (actual == expected)
        {
            File.Delete(actualFile);
            return;
        }

        File.WriteAllText(actualFile, actual);
        throw new ShouldAssertException($"{name} goes otherwise (- expected, + actual):\n{Difference(expected.Split('\n'), actual.Split('\n'))}");
    }

    [Fact]
    public void A_difference_shows_what_is_gone_and_what_is_new() => Difference(["a", "b", "c"], ["a", "x", "c"]).ShouldBe(" a\n-b\n+x\n c\n");

    /// <summary>Lines of a longest common subsequence are told once.</summary>
    private static string Difference(string[] expected, string[] actual)
    {
        int[][] common = [.. Enumerable.Range(0, expected.Length + 1).Select(_ => new int[actual.Length + 1])];
        for (var i = expected.Length - 1; i >= 0; i--)
        {
            for (var j = actual.Length - 1; j >= 0; j--) common[i][j] = expected[i] == actual[j] ? common[i + 1][j + 1] + 1 : Math.Max(common[i + 1][j], common[i][j + 1]);
        }

        var text = new StringBuilder();
        for (var (i, j) = (0, 0); i < expected.Length || j < actual.Length;)
        {
            if (i < expected.Length && j < actual.Length && expected[i] == actual[j])
            {
                text.Append(' ').Append(expected[i++]).Append('\n');
                j++;
            }
            else if (j == actual.Length || (i < expected.Length && common[i + 1][j] >= common[i][j + 1])) text.Append('-').Append(expected[i++]).Append('\n');
            else text.Append('+').Append(actual[j++]).Append('\n');
        }

        return text.ToString();
    }

}
