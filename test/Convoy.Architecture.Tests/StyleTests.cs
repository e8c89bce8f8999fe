using System.Text.RegularExpressions;

namespace Convoy.Architecture.Tests;

public sealed partial class StyleTests
{
    private const int MostLines = 400;

    private static readonly string[] Sources = [.. Checkout.Files("src", ".cs")];

    [Fact]
    public void No_file_of_src_is_longer_than_four_hundred_lines()
    {
        Sources.Length.ShouldBeGreaterThan(100);
        Sources.Where(path => Checkout.Read(path).Count(c => c == '\n') > MostLines).ShouldBeEmpty();
    }

    [Fact]
    public void No_file_or_type_bears_a_name_that_hides_a_noun()
    {
        var wrong =
            from path in Sources.Concat(Checkout.Files("test", ".cs"))
            let types = TypeDeclaration().Matches(Checkout.Read(path)).Select(match => match.Groups["name"].Value)
            from name in types.Append(Path.GetFileNameWithoutExtension(path))
            where NounlessName().IsMatch(name)
            select $"{path}: {name}";
        wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("JobManager")]
    [InlineData("StringUtils")]
    [InlineData("PathHelper")]
    [InlineData("IJobService")]
    [InlineData("LogProcessor")]
    public void Such_names_are_known(string name) => NounlessName().IsMatch(name).ShouldBeTrue();

    [Fact]
    public void Work_left_to_do_is_an_issue_and_no_comment()
    {
        string[] folders = ["src", "test", "python", "samples", "eng"];
        var wrong =
            from path in folders.SelectMany(folder => Checkout.Files(folder, ".cs", ".py", ".sh", ".sql", ".yaml", ".csproj", ".md"))
            where WorkLeft().IsMatch(Checkout.Read(path))
            select path;
        wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("eng/analyzers.globalconfig")]
    [InlineData("eng/analyzers.tests.globalconfig")]
    public void Every_rule_that_is_off_has_its_reason(string file)
    {
        var rules = 0;
        var reason = false;
        foreach (var line in Checkout.Read(file).Split('\n'))
        {
            // Rules that follow each other share the reason above them.
            if (line.StartsWith("# ", StringComparison.Ordinal)) reason = true;
            else if (line.Length == 0) reason = false;
            else if (line.StartsWith("dotnet_diagnostic.", StringComparison.Ordinal))
            {
                rules++;
                reason.ShouldBeTrue(line);
            }
        }

        rules.ShouldBeGreaterThan(5);
    }

    [Fact]
    public void No_project_turns_warnings_off_for_itself()
    {
        var wrong =
            from path in Checkout.Files("src", ".csproj").Concat(Checkout.Files("test", ".csproj"))
            where Checkout.Project(path).Descendants().Any(element => element.Name.LocalName is "NoWarn" or "WarningsNotAsErrors")
            select path;
        wrong.ShouldBeEmpty();
    }

    [GeneratedRegex(@"\b(class|struct|record|interface|enum)\s+(class\s+|struct\s+)?(?<name>[A-Z]\w*)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex("(Manager|Helpers?|Utils?|Utilities|Service|Processor)$")]
    private static partial Regex NounlessName();

    // Written apart, lest this file be found.
    [GeneratedRegex(@"\b(TO" + @"DO|FIX" + @"ME|XX" + @"X)\b")]
    private static partial Regex WorkLeft();
}
