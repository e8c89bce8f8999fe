using System.Text.RegularExpressions;
using Convoy.Core.Queues;

namespace Convoy.Client.Tests.JobFiles;

public sealed partial class OrganisationFileTests
{
    [Fact]
    public void The_documented_file_is_sound()
    {
        var document = File.ReadAllText(Path.Combine(Repository(), "docs", "organisation.md"));
        var organisation = OrganisationFile.Read(Example().Match(document).Groups[1].Value).Organisation.ShouldNotBeNull();
        var tree = QueueTree.Of(organisation.Queues).Tree.ShouldNotBeNull();
        tree[tree.IdOf("vision")].Quotas["A100-80G"].ShouldBe(new Quota(16, 8, 4));
        organisation.Levels.ShouldHaveSingleItem().MinRunTime.ShouldBe(TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Problems_have_the_place_in_the_file()
    {
        var problems = OrganisationFile.Read("queues:\n  - name: a\n    weight: 0\n    members: [ann, 7]\n").Problems;
        problems.Select(problem => (problem.Path, problem.Line, problem.Column)).ShouldBe([("queues[0].weight", 3, 13), ("queues[0].members[1]", 4, 20)]);
    }

    [Fact]
    public void What_is_no_yaml_is_said_of_the_file() => OrganisationFile.Read("queues: [").Problems.ShouldHaveSingleItem().Path.ShouldBe("");

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Convoy.slnx"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
