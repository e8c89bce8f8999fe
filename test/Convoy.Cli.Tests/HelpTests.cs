using System.Text.RegularExpressions;

namespace Convoy.Cli.Tests;

public sealed partial class HelpTests : IDisposable
{
    private readonly ConvoyProgram _convoy = new();

    [Fact]
    public async Task The_program_alone_shows_its_verbs_by_what_they_are_about()
    {
        var ended = await _convoy.RunAsync();

        ended.ExitCode.ShouldBe(0, ended.Error);
        foreach (var group in new[] { "Jobs", "Cluster", "People", "Platform" }) ended.Output.ShouldContain($"\n{group}:\n");
        ended.Output.ShouldNotContain("__");

        // A verb that nobody has sorted would stand here.
        ended.Output.ShouldNotContain("\nVerbs:\n");
        (await _convoy.RunAsync("help")).Output.ShouldBe(ended.Output);
    }

    [Fact]
    public async Task Every_verb_has_a_page_with_a_line_a_synopsis_options_and_examples_that_refers_to_verbs_there_are()
    {
        var verbs = await VerbsAsync([]);
        verbs.Count.ShouldBeGreaterThan(20);
        foreach (var verb in verbs)
        {
            var page = (await _convoy.RunAsync(["help", .. verb])).Output;
            page.ShouldContain($"\nUsage:\n  convoy {string.Join(' ', verb)}", customMessage: string.Join(' ', verb));
            if (page.Contains(" VERB\n", StringComparison.Ordinal)) continue;
            page.ShouldContain($"\nExamples:\n  convoy {string.Join(' ', verb)}", customMessage: string.Join(' ', verb));
            page.ShouldContain("--help", customMessage: string.Join(' ', verb));
            foreach (Match other in SeeAlso().Matches(page.Contains("See also:", StringComparison.Ordinal) ? page.Split("See also:")[1] : ""))
            {
                verbs.Select(each => string.Join(' ', each)).ShouldContain(other.Groups["verb"].Value, string.Join(' ', verb));
            }
        }
    }

    [Fact]
    public async Task Help_is_as_wide_as_its_terminal()
    {
        using var narrow = new Terminal(_convoy, "help submit", columns: 50);
        var lines = (await narrow.EndAsync()).Split("Examples:")[0].Split("\r\n");
        lines.ShouldAllBe(line => line.Length <= 50);
        using var wide = new Terminal(_convoy, "help submit", columns: 200);
        (await wide.EndAsync()).Split("\r\n").Max(line => line.Length).ShouldBeGreaterThan(80);
    }

    [Fact]
    public async Task A_verb_there_is_not_is_named_with_the_nearest_one_there_is()
    {
        var ended = await _convoy.RunAsync("help", "node", "drian");

        (ended.ExitCode, ended.Output).ShouldBe((2, ""));
        ended.Error.ShouldContain("convoy node has no verb 'drian'; did you mean drain?");
    }

    [Fact]
    public async Task Manual_pages_of_all_verbs_are_written_and_render_without_a_warning()
    {
        var folder = Path.Combine(_convoy.Home, "man");
        (await _convoy.RunAsync("__man", folder)).ExitCode.ShouldBe(0);
        var pages = Directory.GetFiles(folder);
        foreach (var verb in await VerbsAsync([])) pages.ShouldContain(Path.Combine(folder, $"convoy-{string.Join('-', verb)}.1"));
        if (!File.Exists("/usr/bin/groff")) Assert.Skip("groff is not installed");
        foreach (var page in pages)
        {
            using var groff = _convoy.Start("groff", ["-ww", "-man", "-Tascii", page]);
            groff.StandardInput.Close();
            var ended = await ConvoyProgram.EndAsync(groff);
            ended.Error.ShouldBe("", page);

            // A bold letter is printed twice, with a step back in between.
            Regex.Replace(ended.Output, ".\u0008", "").ShouldContain("EXIT STATUS", customMessage: page);
        }
    }

    public void Dispose() => _convoy.Dispose();

    /// <summary>As the pages themselves list them.</summary>
    private async Task<List<string[]>> VerbsAsync(string[] above)
    {
        var page = (await _convoy.RunAsync(["help", .. above])).Output;
        var found = new List<string[]>();
        if (above.Length > 0 && !page.Contains("\nVerbs:\n", StringComparison.Ordinal)) return found;
        foreach (Match verb in VerbLine().Matches(page.Split("\nOptions:\n")[0].Split("\nEverywhere:\n")[0].Split("\nUsage:\n")[1].Split('\n', 2)[1]))
        {
            string[] path = [.. above, verb.Groups["verb"].Value];
            found.Add(path);
            found.AddRange(await VerbsAsync(path));
        }

        return found;
    }

    [GeneratedRegex("^  (?<verb>[a-z][a-z-]*)  ", RegexOptions.Multiline)]
    private static partial Regex VerbLine();

    [GeneratedRegex("convoy (?<verb>[a-z -]+)")]
    private static partial Regex SeeAlso();
}
