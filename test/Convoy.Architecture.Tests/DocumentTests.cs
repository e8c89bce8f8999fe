using System.Text.RegularExpressions;

namespace Convoy.Architecture.Tests;

public sealed partial class DocumentTests
{
    private const string English = "README.md";

    /// <summary>The guide: every page of docs/ but the decisions.</summary>
    public static TheoryData<string> Pages { get; } = [.. Directory.GetFiles(Path.Combine(Checkout.Root, "docs"), "*.md").Select(file => $"docs/{Path.GetFileName(file)}").Append(English).Where(page => page == EnglishOf(page)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_document_and_its_chinese_twin_show_the_same_commands(string english) => CodeBlocks(ChineseOf(english)).ShouldBe(CodeBlocks(english));

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_document_and_its_chinese_twin_have_the_same_sections_and_tables(string english)
    {
        Shape(english).Count.ShouldBeGreaterThan(1);
        Shape(ChineseOf(english)).ShouldBe(Shape(english));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_document_and_its_chinese_twin_name_the_same_words_of_code(string english) => Words(ChineseOf(english)).ShouldBe(Words(english));

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_chinese_document_leads_to_chinese_ones_and_each_twin_to_the_other(string english)
    {
        var (links, chinese) = (Links(ChineseOf(english)), Path.GetFileName(ChineseOf(english)));
        Links(english).ShouldContain(chinese);
        links[0].ShouldBe(Path.GetFileName(english));
        links[1..].Where(link => link.EndsWith(".md", StringComparison.Ordinal) && !link.EndsWith(".zh-CN.md", StringComparison.Ordinal) && File.Exists(Path.Combine(Checkout.Root, Path.GetDirectoryName(english)!, ChineseOf(link)))).ShouldBeEmpty();
    }

    [Fact]
    public void Set_up_takes_exactly_two_commands() =>
        CodeBlocks(English)[0].ShouldBe(["./demo.sh", "./test.sh"]);

    [Fact]
    public void Every_verb_of_the_readme_is_a_verb_of_the_command_line()
    {
        var verbs = TableRows(English, "| command | what it does |").SelectMany(row => CodeWord().Matches(row.Split('|')[1])).Select(match => match.Groups[1].Value).ToArray();
        verbs.Length.ShouldBeGreaterThan(10);
        var sources = string.Concat(Checkout.Files("src/Convoy.Cli/Verbs", ".cs").Select(Checkout.Read));
        verbs.Where(verb => !Regex.IsMatch(sources, $"(Verb|Command|new)\\(\"{verb}\"")).ShouldBeEmpty();
    }

    [Fact]
    public void Every_exit_code_of_the_readme_is_one_of_the_command_line()
    {
        var told = TableRows(English, "| code | meaning |").Select(row => row.Split('|')[1].Trim()).ToArray();
        var known = ExitCode().Matches(Checkout.Read("src/Convoy.Cli/ExitCodes.cs")).Select(match => match.Groups[1].Value).Except(["141"]);
        told.Order().ShouldBe(known.Order());
    }

    [Fact]
    public void Every_folder_named_in_the_architecture_is_there()
    {
        var folders = TableRows("ARCHITECTURE.md", "| folder | what is in it |").Select(row => CodeWord().Match(row).Groups[1].Value).ToArray();
        folders.Length.ShouldBeGreaterThan(10);
        folders.Where(folder => !Directory.Exists(Path.Combine(Checkout.Root, folder))).ShouldBeEmpty();
    }

    [Fact]
    public void Every_link_leads_somewhere()
    {
        foreach (var file in Pages.Select(page => page.Data).SelectMany(page => new[] { page, ChineseOf(page) }).Concat(["ARCHITECTURE.md", "CONTRIBUTING.md"]))
        {
            var links = Links(file);
            links.ShouldNotBeEmpty(file);
            links.Where(link => !Path.Exists(Path.Combine(Checkout.Root, Path.GetDirectoryName(file)!, link))).ShouldBeEmpty(file);
        }
    }

    [Fact]
    public void A_job_can_be_followed_in_seven_files() =>
        Checkout.Read("ARCHITECTURE.md").Split("## Follow a job in seven files")[1].Split('\n').Count(line => Regex.IsMatch(line, @"^\d\. \[src/")).ShouldBe(7);

    private static string EnglishOf(string page) => page.Replace(".zh-CN.md", ".md", StringComparison.Ordinal);

    private static string ChineseOf(string page) => EnglishOf(page).Replace(".md", ".zh-CN.md", StringComparison.Ordinal);

    /// <summary>Without what is said in comments.</summary>
    private static List<string[]> CodeBlocks(string file) =>
        [.. CodeBlock().Matches(Checkout.Read(file)).Select(match => match.Groups["code"].Value.Trim().Split('\n').Select(line => Comment().Replace(line, "").TrimEnd()).ToArray())];

    /// <summary>To files; without the heading that they lead to.</summary>
    private static string[] Links(string file) =>
        [.. Link().Matches(CodeBlock().Replace(Checkout.Read(file), "")).Select(match => match.Groups[1].Value.Split('#')[0]).Where(link => link.Length > 0 && !link.Contains("://", StringComparison.Ordinal))];

    /// <summary>Headings by level, table rows by their number of cells, list items, and what only tests see, in order.</summary>
    private static List<string> Shape(string file) =>
    [
        .. from line in CodeBlock().Replace(Checkout.Read(file), "").Split('\n')
           where line.StartsWith('#') || line.StartsWith('|') || line.StartsWith("- ", StringComparison.Ordinal) || line.StartsWith("<!-- ", StringComparison.Ordinal)
           select line[0] switch { '#' => line.Split(' ')[0], '|' => $"{line.Count(c => c == '|')} bars", '<' => line, _ => "-" },
    ];

    private static List<string> Words(string file) =>
        [.. CodeWord().Matches(CodeBlock().Replace(Checkout.Read(file), "")).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> TableRows(string file, string header) =>
        Checkout.Read(file).Split('\n').SkipWhile(line => line != header).Skip(2).TakeWhile(line => line.StartsWith('|'));

    [GeneratedRegex(@"^```\w*\n(?<code>.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"(^|\s)# .*$")]
    private static partial Regex Comment();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeWord();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"const int \w+ = (\d+);")]
    private static partial Regex ExitCode();
}
