using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

/// <summary>In the real shells: what they are told to load, and what they then offer.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    public CompletionTests()
    {
        _server.On("GET /jobs", new JobListView([Views.Job(JobPhase.Running), Views.Job(JobPhase.Failed, "words") with { Id = "j9876543210abcde" }], null), WireJson.Default.JobListView);
        _server.On("GET /queues", new QueueTreeView([Queue("vision"), Queue("speech team"), Queue("it's;$(true)")], null), WireJson.Default.QueueTreeView);
        _convoy.Uses(_server);
        _convoy.Variables["CONVOY_COMPLETION_WAIT"] = "60s";
        _convoy.Variables["PATH"] = $"{Path.GetDirectoryName(ConvoyProgram.Program)}:{Environment.GetEnvironmentVariable("PATH")}";
        Directory.CreateDirectory(Path.GetDirectoryName(_convoy.ContextFile)!);
        File.WriteAllText(_convoy.ContextFile, """{"current": "a", "items": [{"name": "127.0.0.1:7788", "server": "http://127.0.0.1:7788"}, {"name": "work", "server": "http://127.0.0.1:1"}]}""");
        Directory.CreateDirectory(Path.Combine(_convoy.Folder, "some folder"));
    }

    [Theory]
    [InlineData("convoy sub", "submit")]
    [InlineData("convoy node un", "uncordon")]
    [InlineData("convoy list --unf", "--unfinished")]
    [InlineData("convoy list --phase R", "Running")]
    [InlineData("convoy list --phase=Ru", "Running")]
    [InlineData("convoy list -o y", "yaml")]
    [InlineData("convoy logs wo", "words")]
    [InlineData("convoy logs j01", Views.Id)]
    [InlineData("convoy logs words --ro", "--role")]
    [InlineData("convoy submit --queue sp", "speech\\ team")]
    [InlineData("convoy submit --queue i", "it\\'s\\;\\$\\(true\\)")]
    [InlineData("convoy context use 127.0.0.1:77", "7788")]
    [InlineData("convoy help node dr", "drain")]
    [InlineData("convoy completion z", "zsh")]
    public async Task Bash_completes_verbs_flags_choices_and_names(string line, string expected) => (await BashAsync(line)).ShouldBe([expected]);

    [Fact]
    public async Task Bash_leaves_files_to_itself_and_offers_nothing_where_nothing_fits()
    {
        (await BashAsync("convoy submit --workdir so")).ShouldBeEmpty();
        (await BashAsync("convoy submit -- python tr")).ShouldBeEmpty();
        (await BashAsync("convoy list --user")).ShouldBe(["--user"]);
        (await BashAsync("convoy logs nosuch")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_server_nothing_is_printed_into_the_prompt()
    {
        _server.Dispose();

        var ended = await RunAsync("bash", "-c", "source <(convoy completion bash); COMP_WORDS=(convoy logs ''); COMP_CWORD=2; COMP_LINE='convoy logs '; COMP_POINT=12; _convoy; echo \"${#COMPREPLY[@]}\"");

        (ended.ExitCode, ended.Output, ended.Error).ShouldBe((0, "0\n", ""));
        (await _convoy.RunAsync("__complete", "fish", "--", "logs", "")).ShouldSatisfyAllConditions(asked => asked.ExitCode.ShouldBe(0), asked => asked.Error.ShouldBe(""), asked => asked.Output.ShouldBe(":words\n"));
    }

    [Fact]
    public async Task Names_with_control_characters_are_not_offered()
    {
        _server.On("GET /queues", new QueueTreeView([Queue("a\nb"), Queue("a\e[2J"), Queue("abc")], null), WireJson.Default.QueueTreeView);

        (await _convoy.RunAsync("__complete", "zsh", "--", "submit", "--queue", "a")).Output.ShouldBe(":words\nabc\n");
    }

    [Theory]
    [InlineData("convoy logs wo", "words")]
    [InlineData("convoy submit --queue=sp", "--queue=speech team")]
    [InlineData("convoy node un", "uncordon")]
    public async Task Fish_completes_with_descriptions(string line, string expected)
    {
        if (!IsThere("fish")) Assert.Skip("fish is not installed");

        var ended = await RunAsync("fish", "--no-config", "-c", $"convoy completion fish | source; complete -C '{line}'");

        ended.Error.ShouldBe("");
        ended.Output.TrimEnd('\n').Split('\t')[0].ShouldBe(expected);
    }

    [Theory]
    [InlineData("convoy logs wo", "words")]
    [InlineData("convoy submit --queue sp", "speech\\ team")]
    [InlineData("convoy node un", "uncordon")]
    [InlineData("convoy submit --workdir so", "some\\ folder")]
    public async Task Zsh_completes_what_is_typed(string line, string expected)
    {
        if (!IsThere("zsh")) Assert.Skip("zsh is not installed");
        await File.WriteAllTextAsync(Path.Combine(_convoy.Home, ".zshrc"), "PS1='> '; autoload -Uz compinit; compinit -D -u; source <(convoy completion zsh); echo loa''ded\n");
        _convoy.Variables["ZDOTDIR"] = _convoy.Home;
        _convoy.Variables["TERM"] = "dumb";
        using var zsh = Terminal.With(_convoy, "zsh -i");
        await zsh.UntilAsync(text => text.Contains("loaded", StringComparison.Ordinal));

        await zsh.TypeAsync($"{line}\t");

        await zsh.UntilAsync(text => text.Contains(expected, StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }

    private static QueueView Queue(string name) => new(name, null, 0, Core.Queues.QueueOrdering.Fair, 1, true, []);

    private static bool IsThere(string program) => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>As readline calls it: the line cut at bash's own word breaks.</summary>
    private async Task<string[]> BashAsync(string line)
    {
        // Outside of a prompt there is no readline that would say them.
        var script = $$"""
            COMP_WORDBREAKS=$' \t\n"\'><=;|&(:@'
            source <(convoy completion bash)
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=(convoy) COMP_CWORD=1
            _convoy
            for word in "${COMPREPLY[@]}"; do printf '%s\n' "$word"; done
            """;
        var ended = await RunAsync("bash", "--norc", "-c", script);
        ended.Error.ShouldBe("");
        return ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task<Ended> RunAsync(string program, params string[] arguments)
    {
        using var process = _convoy.Start(program, arguments);
        process.StandardInput.Close();
        return await ConvoyProgram.EndAsync(process);
    }
}
