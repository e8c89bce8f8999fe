namespace Convoy.Cli.Tests;

public sealed class ExplainTests : IDisposable
{
    private readonly ConvoyProgram _convoy = new();

    [Fact]
    public async Task The_keys_of_a_job_file_are_told_without_a_server()
    {
        var all = await _convoy.RunAsync("explain", "-o", "name");
        (all.ExitCode, all.Error).ShouldBe((0, ""));
        all.Output.Split('\n').ShouldContain("recovery.maxRestarts");
        var below = await _convoy.RunAsync("explain", "recovery", "-o", "csv");
        below.Output.ShouldStartWith("key,type,default,meaning,rule\r\n");
        below.Output.ShouldContain("recovery.maxRestarts,whole number,0,");
        below.Output.ShouldContain("must be 0 to 1000");
        below.Output.ShouldNotContain("placement");
        (await _convoy.RunAsync("explain", "recovery.maxRestarts", "-o", "json", "--lang", "zh")).Output.ShouldContain("必须是 0 到 1000");
    }

    [Fact]
    public async Task A_key_that_there_is_not_is_refused_with_the_nearest()
    {
        var ended = await _convoy.RunAsync("explain", "recovery.maxRestart");
        (ended.ExitCode, ended.Output).ShouldBe((2, ""));
        ended.Error.ShouldContain("did you mean recovery.maxRestarts?");
    }

    public void Dispose() => _convoy.Dispose();
}
