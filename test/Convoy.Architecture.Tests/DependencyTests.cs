namespace Convoy.Architecture.Tests;

public sealed class DependencyTests
{
    private static readonly string[] Projects = [.. Checkout.Files("src", ".csproj")];

    [Fact]
    public void Every_project_of_src_stands_in_the_dependency_table()
    {
        var table = Table();
        Projects.Length.ShouldBeGreaterThan(5);
        table.Keys.Order().ShouldBe(Projects.Select(ShortName).Order());
    }

    [Fact]
    public void Projects_use_only_what_the_dependency_table_allows()
    {
        var table = Table();
        var wrong =
            from project in Projects
            from used in Checkout.Project(project).Items("ProjectReference").Select(ShortName)
            where !table[ShortName(project)].Contains(used)
            select $"{ShortName(project)} uses {used}";
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void Core_has_no_package_but_its_analyzer() =>
        Checkout.Project("src/Convoy.Core/Convoy.Core.csproj").Items("PackageReference").ShouldBe(["Microsoft.CodeAnalysis.BannedApiAnalyzers"]);

    [Fact]
    public void Core_is_built_with_its_list_of_banned_symbols() =>
        Checkout.Project("src/Convoy.Core/Convoy.Core.csproj").Items("AdditionalFiles").ShouldContain("../../eng/BannedSymbols.Core.txt");

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Checkout.Project("Convoy.slnx").Descendants("Project").Select(project => (string)project.Attribute("Path")!);
        solution.Order().ShouldBe([.. Projects.Concat(Checkout.Files("test", ".csproj")).Concat(Checkout.Files("bench", ".csproj")).Order()]);
    }

    [Fact]
    public void Package_versions_stand_in_one_file_alone()
    {
        var wrong =
            from project in Projects.Concat(Checkout.Files("test", ".csproj")).Concat(Checkout.Files("bench", ".csproj"))
            from package in Checkout.Project(project).Descendants("PackageReference")
            where package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null
            select $"{project}: {package}";
        wrong.ShouldBeEmpty();
    }

    private static string ShortName(string path) => Path.GetFileNameWithoutExtension(path)["Convoy.".Length..];

    /// <summary>ARCHITECTURE.md's table under "| project | may use |".</summary>
    private static Dictionary<string, string[]> Table()
    {
        var rows = Checkout.Read("ARCHITECTURE.md").Split('\n').SkipWhile(line => line != "| project | may use |").Skip(2).TakeWhile(line => line.StartsWith('|'));
        return (
            from row in rows
            let cells = row.Trim('|').Split('|', StringSplitOptions.TrimEntries)
            let allowed = cells[1] == "nothing" ? [] : cells[1].Split(", ")
            from project in cells[0].Split(", ")
            select (project, allowed)).ToDictionary(row => row.project, row => row.allowed);
    }
}
