using System.Text.RegularExpressions;
using Convoy.Client;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;

namespace Convoy.EndToEnd.Tests.Guide;

/// <summary>Whoever types what README.md and docs/ show gets what they say.</summary>
public sealed partial class GuideTests
{
    /// <summary>A command that is not run here needs one of these; "takes minutes" are those that every build runs.</summary>
    private static readonly string[] Reasons = ["takes minutes", "needs another machine", "needs PyTorch", "needs systemd", "installs a package"];

    private static readonly string Root = RootOf(AppContext.BaseDirectory);

    /// <summary>The page whose command starts the platform for all the others, as somebody would read them.</summary>
    private const string First = "docs/quick-start.md";

    [Fact]
    public async Task Every_command_of_every_page_works_and_prints_what_the_page_shows()
    {
        await using var machine = await GuideSandbox.StartAsync(Path.Combine(Root, "samples"));
        var pages = GuidePage.Paths(Root).Select(path => GuidePage.Read(Root, path)).OrderBy(page => page.Path != First).ToArray();
        pages[0].Blocks.Count(block => block.Mark == GuideScript.KeepsRunning).ShouldBe(1);
        pages.Sum(page => page.Blocks.Count(block => block.IsShell && block.NotRun is null)).ShouldBeGreaterThan(30);
        var wrong = new List<string>();
        foreach (var page in pages) wrong.AddRange(await FollowAsync(machine, page));
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void A_command_that_is_not_run_has_a_reason()
    {
        foreach (var page in GuidePage.Paths(Root).Select(path => GuidePage.Read(Root, path)))
        {
            foreach (var block in page.Blocks.Where(block => block.NotRun is not null)) Reasons.ShouldContain(block.NotRun, $"{page.Path}:{block.Line}");
        }
    }

    [Fact]
    public void Every_example_of_a_file_is_read_without_a_problem()
    {
        JobFile.Read(Example("docs/job-file.md")).Problems.ShouldBeEmpty();
        OrganisationFile.Read(Example("docs/organisation.md")).Problems.ShouldBeEmpty();
        ClusterFile.Read(Example("docs/simulation.md")).Problems.ShouldBeEmpty();
    }

    [Fact]
    public void The_example_of_a_job_file_has_every_key_but_those_that_exclude_each_other()
    {
        var example = Example("docs/job-file.md");
        JobKeys.All.Select(key => key.Path.Split('.')[^1]).Where(key => !Regex.IsMatch(example, $@"\b{key}:")).ShouldBe(["archive", "required"]);
    }

    /// <summary>What is not as the page says.</summary>
    private static async Task<IReadOnlyList<string>> FollowAsync(GuideSandbox machine, GuidePage page)
    {
        var (notes, folder) = (Path.Combine(machine.Root, "notes", page.Path), Path.Combine(machine.Root, "home", "work", page.Path.Replace('/', '-')));
        var (exitCode, log) = await machine.RunAsync(GuideScript.Of(page, folder, notes));
        if (exitCode != 0)
        {
            var at = Note("at").Trim();
            var (number, _) = page.Blocks.Index().Single(block => $"{block.Item.Line}" == at);
            return [$"{page.Path}:{at} fails with {exitCode} at `{Note("command").Trim()}`:\n{Note($"out.{number}")}{log}"];
        }

        var wrong = new List<string>();
        var printed = "";
        foreach (var (number, block) in page.Blocks.Index())
        {
            if (block.IsShell) printed = Note($"out.{number}");
            if (block is not { Language: "text", Mark: null }) continue;
            var shapes = printed.Split('\n').Select(Shape).ToHashSet();
            var untrue = block.Code.Split('\n').Where(line => line != "…" && !shapes.Contains(Shape(line))).ToArray();
            if (untrue.Length > 0) wrong.Add($"{page.Path}:{block.Line} says\n  {string.Join("\n  ", untrue)}\nand no line of this is like it:\n{printed}");
        }

        return wrong;

        string Note(string name) => File.Exists(Path.Combine(notes, name)) ? File.ReadAllText(Path.Combine(notes, name)) : "";
    }

    private static string Example(string path) => GuidePage.Read(Root, path).Blocks.First(block => block.Language == "yaml").Code;

    /// <summary>A line without what differs from run to run: ids, numbers, times, and how wide columns are.</summary>
    private static string Shape(string line) => Spaces().Replace(Differing().Replace(line, "#"), " ").Trim();

    private static string RootOf(string folder) => File.Exists(Path.Combine(folder, "Convoy.slnx")) ? folder : RootOf(Path.GetDirectoryName(folder)!);

    [GeneratedRegex(@"[\w.:+/-]*\d[\w.:+/-]*")]
    private static partial Regex Differing();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
