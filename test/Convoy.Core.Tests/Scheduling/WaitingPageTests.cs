using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

public sealed class WaitingPageTests
{
    [Theory]
    [InlineData("waiting.md")]
    [InlineData("waiting.zh-CN.md")]
    public void Every_reason_and_every_remedy_is_explained(string page)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", page));
        foreach (var token in Enum.GetNames<WaitingToken>()) text.ShouldContain($"`{token}`", Case.Sensitive);
        foreach (var unit in Enum.GetNames<WaitingUnit>()) text.ShouldContain($"`{unit}`", Case.Sensitive);
        foreach (var remedy in typeof(Remedy).GetNestedTypes().Where(type => !type.IsAbstract)) text.ShouldContain($"`{remedy.Name}`", Case.Sensitive);
    }
}
