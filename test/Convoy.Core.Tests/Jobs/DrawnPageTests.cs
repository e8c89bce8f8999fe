using System.Text;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Languages;

namespace Convoy.Core.Tests.Jobs;

/// <summary>What docs/ say of phases and keys is drawn from the code. <c>CONVOY_UPDATE_DOCS=1 ./test.sh Core</c> draws it anew.</summary>
public sealed class DrawnPageTests
{
    private const string Begin = "<!-- drawn from the code -->\n";
    private const string End = "<!-- end of what is drawn -->\n";

    [Theory]
    [InlineData("job-file.md", Language.English)]
    [InlineData("job-file.zh-CN.md", Language.Chinese)]
    public void The_reference_of_the_job_file_is_drawn_from_its_keys(string page, Language language) => Compare(page, Keys(language));

    [Theory]
    [InlineData("job-lifecycle.md", Language.English)]
    [InlineData("job-lifecycle.zh-CN.md", Language.Chinese)]
    public void The_life_of_a_job_is_drawn_from_the_table_of_transitions(string page, Language language) => Compare(page, Phases(language));

    private static void Compare(string name, string drawn)
    {
        var page = Path.Combine(Repository.Root, "docs", name);
        var text = File.ReadAllText(page);
        var (start, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        end.ShouldBeGreaterThanOrEqualTo(start, $"{page} has no place for it");
        if (Environment.GetEnvironmentVariable("CONVOY_UPDATE_DOCS") == "1") File.WriteAllText(page, text[..start] + drawn + text[end..]);
        else text[start..end].ShouldBe(drawn, $"CONVOY_UPDATE_DOCS=1 ./test.sh Core draws {page} anew");
    }

    private static string Keys(Language language)
    {
        string[] headings = language == Language.English ? ["key", "type", "default", "rule", "meaning"] : ["键", "类型", "默认", "规则", "含义"];
        var table = new StringBuilder($"| {string.Join(" | ", headings)} |\n|---|---|---|---|---|\n");
        foreach (var key in JobKeys.All)
        {
            var usual = key.IsRequired ? Text.Of("required").In(language) : key.Default is { } value ? $"`{value}`" : "";
            table.Append($"| `{key.Path}` | {key.Type.In(language)} | {usual} | {key.Rule?.In(language)} | {key.Meaning.In(language)} |\n");
        }

        return table.ToString();
    }

    private static string Phases(Language language)
    {
        var text = new StringBuilder("```mermaid\nstateDiagram-v2\n");
        foreach (var row in JobTransitions.Table) text.Append($"    {Name(row.From)} --> {row.To}: {Word(row.Event)}\n");
        foreach (var phase in Enum.GetValues<JobPhase>().Where(phase => phase.IsFinished())) text.Append($"    {phase} --> [*]\n");
        string[] headings = language == Language.English ? ["from", "event", "to", "when"] : ["从", "事件", "到", "何时"];
        text.Append($"```\n\n| {string.Join(" | ", headings)} |\n|---|---|---|---|\n");
        foreach (var row in JobTransitions.Table) text.Append($"| {row.From} | {Word(row.Event)} | {row.To} | {row.Why.In(language)} |\n");
        return text.ToString();

        static string Name(JobPhase? phase) => phase?.ToString() ?? "[*]";
        static string Word(Type type) => type.Name.StartsWith("Job", StringComparison.Ordinal) ? type.Name[3..] : type.Name;
    }
}
