using Convoy.Core.Documents;

namespace Convoy.Client.Tests.JobFiles;

public sealed class YamlDocumentTests
{
    [Theory]
    [InlineData("8", ScalarKind.Number)]
    [InlineData("-0.5", ScalarKind.Number)]
    [InlineData(".5", ScalarKind.Number)]
    [InlineData("1e3", ScalarKind.Number)]
    [InlineData("0x1F", ScalarKind.Number)]
    [InlineData("0o17", ScalarKind.Number)]
    [InlineData(".inf", ScalarKind.Number)]
    [InlineData(".NaN", ScalarKind.Number)]
    [InlineData("true", ScalarKind.Boolean)]
    [InlineData("FALSE", ScalarKind.Boolean)]
    [InlineData("null", ScalarKind.Null)]
    [InlineData("~", ScalarKind.Null)]
    [InlineData("", ScalarKind.Null)]
    [InlineData("no", ScalarKind.Text)]
    [InlineData("On", ScalarKind.Text)]
    [InlineData("y", ScalarKind.Text)]
    [InlineData("tRue", ScalarKind.Text)]
    [InlineData("1_000", ScalarKind.Text)]
    [InlineData("2..8", ScalarKind.Text)]
    [InlineData("12:30:45", ScalarKind.Text)]
    [InlineData("2026-01-31", ScalarKind.Text)]
    [InlineData("512Gi", ScalarKind.Text)]
    [InlineData("\"8\"", ScalarKind.Text)]
    [InlineData("'true'", ScalarKind.Text)]
    [InlineData("\"\"", ScalarKind.Text)]
    [InlineData("'~'", ScalarKind.Text)]
    [InlineData("|\n  8", ScalarKind.Text)]
    [InlineData(">-\n  null", ScalarKind.Text)]
    public void Plain_scalars_mean_what_yaml_1_2_says_and_quoted_ones_are_text(string written, ScalarKind kind) =>
        Value($"key: {written}\n").ShouldBeOfType<ScalarNode>().Kind.ShouldBe(kind);

    [Fact]
    public void A_number_keeps_its_digits() => Value("key: 0.10000000000000000000000001").ShouldBeOfType<ScalarNode>().Text.ShouldBe("0.10000000000000000000000001");

    /// <param name="marked">The problem is expected where » stands.</param>
    [Theory]
    [InlineData("a: »&x 1\nb: 2", "anchors")]
    [InlineData("a: 1\nb: »*a", "aliases")]
    [InlineData("a: »!!str 1", "tags")]
    [InlineData("a: »!python/object:os.system {}", "tags")]
    [InlineData("a: »! 1", "tags")]
    [InlineData("»&x {a: 1}", "anchors")]
    [InlineData("a: [1, »&x 2]", "anchors")]
    [InlineData("»&k a: 1", "anchors")]
    [InlineData("a: {»<<: {b: 1}}", "merge keys")]
    [InlineData("»<<: {b: 1}", "merge keys")]
    [InlineData("a: {»\"<<\": {b: 1}}", "merge keys")]
    [InlineData("a: 1\n»---\nb: 2", "second document")]
    [InlineData("a: 1\n...\n»---\nb: 2", "second document")]
    [InlineData("? »[1, 2]\n: 3", "a key must be text")]
    [InlineData("? »{a: 1}\n: 3", "a key must be text")]
    public void What_a_job_file_may_not_use_is_refused_at_its_place(string marked, string word)
    {
        var problem = Broken(marked.Replace("»", "", StringComparison.Ordinal));
        problem.Message.ToString().ShouldContain(word);
        (problem.Line, problem.Column).ShouldBe(Place.Of(marked, "»"));
    }

    [Theory]
    [InlineData("a: *nobody")]
    [InlineData("a: [1, 2")]
    [InlineData("a: \"open")]
    [InlineData("a: b: c")]
    [InlineData("a: 1\n b: 2")]
    [InlineData("a:\n\tb: 1")]
    [InlineData("\ta: 1")]
    [InlineData("roles:\n  worker:\n\tcommand: [x]")]
    [InlineData("\ta: 1\n b: 2")]
    [InlineData("-\ta: 1")]
    [InlineData("a: 1\n\0b: 2")]
    [InlineData("a: \"\\ud800\"")]
    [InlineData("a: \"\\UFFFFFFFF\"")]
    [InlineData("a: \"\\x0\"")]
    [InlineData("a: %b")]
    [InlineData("%YAML 9.9\n---\na: 1")]
    [InlineData("a: @b")]
    [InlineData("a: `b")]
    [InlineData("a: }")]
    [InlineData("a: \u0001")]
    [InlineData("a: \0")]
    public void What_is_no_yaml_is_a_problem_with_a_place(string text)
    {
        var problem = Broken(text);
        problem.Line.ShouldBeInRange(1, text.Count(c => c == '\n') + 1);
        problem.Column.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_at_its_place()
    {
        var problem = Broken("a: 1\nb: \"🚂" + '\uD83D' + "\"");
        problem.Message.ToString().ShouldContain("U+D83D");
        (problem.Line, problem.Column).ShouldBe((2, 7));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n\n")]
    [InlineData("# only a comment\n")]
    [InlineData("\uFEFF")]
    [InlineData("...\n")]
    public void A_file_without_a_document_is_empty(string text) => Broken(text).Message.ToString().ShouldContain("empty");

    [Theory]
    [InlineData("a:\t1\n")]
    [InlineData("a: 1\t# tab before a comment\n")]
    [InlineData("---\na: 1\n...\n")]
    [InlineData("\uFEFFa: 1\n")]
    [InlineData("a: 1\r\n")]
    [InlineData("# first\n\na: 1 # last")]
    public void Harmless_forms_are_read(string text) =>
        Root(text).ShouldBeOfType<MappingNode>().Entries.ShouldHaveSingleItem().Value.ShouldBeOfType<ScalarNode>().Text.ShouldBe("1");

    public static TheoryData<string> DeepTexts => new(
        new string('[', 100_000),
        new string('{', 100_000),
        string.Concat(Enumerable.Repeat("- ", 100_000)),
        string.Concat(Enumerable.Repeat("? ", 100_000)),
        string.Concat(Enumerable.Repeat("[{a: ", 50_000)),
        string.Concat(Enumerable.Range(0, 1000).Select(i => new string(' ', i) + "a:\n")),
        new string('[', 300) + new string(']', 300));

    [Theory]
    [MemberData(nameof(DeepTexts))]
    public async Task Deep_files_are_refused_without_unfolding_them(string text)
    {
        var reading = await Bounded.Run(() => YamlDocument.Read(text));
        reading.Root.ShouldBeNull();
        reading.Problem.ShouldNotBeNull().Code.ShouldBe("Syntax");
    }

    public static TheoryData<string> LargeTexts => new(
        string.Concat(Enumerable.Range(0, 70_000).Select(i => $"k{i}: {i}\n")),
        string.Concat(Enumerable.Repeat("a: 1\n", 200_000)),
        "a: " + new string('x', 1_000_000),
        "a: \"" + string.Concat(Enumerable.Repeat("\\n", 500_000)) + "\"",
        new string('#', 1_000_000),
        new string('\n', 1_000_000) + "a: 1",
        "a: [" + string.Concat(Enumerable.Repeat("1,", 500_000)) + "]",
        "env: {" + string.Concat(Enumerable.Repeat("a: ,", 250_000)) + "}",
        new string('a', 1_000_000),
        string.Concat(Enumerable.Repeat("a: b: ", 170_000)),
        "a: |\n" + string.Concat(Enumerable.Repeat(" x\n", 300_000)));

    [Theory]
    [MemberData(nameof(LargeTexts))]
    public async Task Large_files_are_read_or_refused_in_good_time(string text)
    {
        var reading = await Bounded.Run(() => JobFile.Read(text));
        reading.Spec.ShouldBeNull();
        reading.Problems.Count.ShouldBeInRange(1, 100);
    }

    [Fact]
    public void A_file_beyond_the_limit_is_refused() => Broken(new string(' ', YamlDocument.MaxCharacters + 1)).Message.ToString().ShouldContain("larger than");

    private static DocumentNode Root(string text)
    {
        var reading = YamlDocument.Read(text);
        reading.Problem.ShouldBeNull();
        return reading.Root.ShouldNotBeNull();
    }

    private static DocumentNode Value(string text) => Root(text).ShouldBeOfType<MappingNode>().Entries.ShouldHaveSingleItem().Value;

    private static Core.Jobs.SpecProblem Broken(string text)
    {
        var reading = YamlDocument.Read(text);
        reading.Root.ShouldBeNull();
        var problem = reading.Problem.ShouldNotBeNull();
        problem.Code.ShouldBe("Syntax");
        return problem;
    }
}
