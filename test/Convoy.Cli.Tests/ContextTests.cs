namespace Convoy.Cli.Tests;

public sealed class ContextTests : IDisposable
{
    private const string Secret = "cvy_t_secret";

    private readonly ConvoyProgram _convoy = new();

    public ContextTests()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_convoy.ContextFile)!);
        File.WriteAllText(_convoy.ContextFile, $$"""
            {"current": "work", "items": [
              {"name": "work", "server": "https://convoy.example.org", "token": "{{Secret}}"},
              {"name": "127.0.0.1:7788", "server": "http://127.0.0.1:7788", "tokenFile": "/nowhere/token"}]}
            """);
    }

    [Fact]
    public async Task Contexts_are_listed_and_shown_without_their_tokens()
    {
        var list = await _convoy.RunAsync("context", "list");
        list.Output.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["*", "work", "https://convoy.example.org", "saved"]);
        foreach (var form in new[] { "table", "wide", "csv", "yaml", "json" }) (await _convoy.RunAsync("context", "list", "-o", form)).Output.ShouldNotContain(Secret);
        foreach (var form in new[] { "table", "yaml", "json" }) (await _convoy.RunAsync("context", "show", "-o", form)).Output.ShouldSatisfyAllConditions(text => text.ShouldNotContain(Secret), text => text.ShouldContain("convoy.example.org"));
        (await _convoy.RunAsync("context", "show", "127.0.0.1:7788")).Output.ShouldContain("in /nowhere/token");
    }

    [Fact]
    public async Task Another_context_is_used_renamed_and_forgotten_and_the_file_stays_ones_own()
    {
        (await _convoy.RunAsync("context", "use", "127.0.0.1:7788")).ExitCode.ShouldBe(0);
        (await _convoy.RunAsync("context", "show", "-o", "name")).Output.ShouldBe("127.0.0.1:7788\n");
        (await _convoy.RunAsync("context", "rename", "127.0.0.1:7788", "laptop")).ExitCode.ShouldBe(0);
        (await _convoy.RunAsync("context", "show", "-o", "name")).Output.ShouldBe("laptop\n");
        (await _convoy.RunAsync("context", "delete", "laptop")).ExitCode.ShouldBe(0);
        (await _convoy.RunAsync("context", "list", "-o", "name")).Output.ShouldBe("work\n");
        (await _convoy.RunAsync("context", "show")).ExitCode.ShouldBe(102);
        File.GetUnixFileMode(_convoy.ContextFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await File.ReadAllTextAsync(_convoy.ContextFile)).ShouldContain(Secret);
    }

    [Fact]
    public async Task What_cannot_be_done_changes_nothing()
    {
        var before = await File.ReadAllTextAsync(_convoy.ContextFile);
        (await _convoy.RunAsync("context", "use", "nowhere")).ShouldSatisfyAllConditions(ended => ended.ExitCode.ShouldBe(102), ended => ended.Error.ShouldContain("error[NoContext]"));
        (await _convoy.RunAsync("context", "rename", "work", "127.0.0.1:7788")).ExitCode.ShouldBe(7);
        (await _convoy.RunAsync("context", "rename", "work", "")).ExitCode.ShouldBe(2);
        (await _convoy.RunAsync("context", "delete", "nowhere")).ExitCode.ShouldBe(102);
        (await File.ReadAllTextAsync(_convoy.ContextFile)).ShouldBe(before);
    }

    public void Dispose() => _convoy.Dispose();
}
