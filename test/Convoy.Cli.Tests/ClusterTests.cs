using Convoy.Client.Wire;

namespace Convoy.Cli.Tests;

public sealed class ClusterTests : IDisposable
{
    private static readonly DateTimeOffset Then = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    public void Dispose()
    {
        _convoy.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task Joining_prints_the_token_alone_and_says_what_to_run_next()
    {
        _server.On("PUT /clusters/east", new ClusterTokenView("east", "kubernetes", "cva_secret"), WireJson.Default.ClusterTokenView);
        var ended = await _convoy.Uses(_server).RunAsync("cluster", "join", "east");
        (ended.ExitCode, ended.Output).ShouldBe((0, "cva_secret\n"));
        ended.Error.ShouldContain("--cluster east --token-file FILE");
        ended.Error.ShouldNotContain("cva_secret");
    }

    [Fact]
    public async Task A_cluster_is_shown_with_its_state_and_who_joined_it()
    {
        var east = new ClusterView("east", "kubernetes", "Silent", 2, 16, 4, Then) { Version = "0.1.0", JoinedAt = Then, JoinedBy = "root" };
        _server.On("GET /clusters/east", east, WireJson.Default.ClusterView);
        _server.On("GET /clusters", new ClusterListView([east], null), WireJson.Default.ClusterListView);
        (await _convoy.Uses(_server).RunAsync("cluster", "get", "east")).Output.ShouldContain("Silent");
        var list = (await _convoy.RunAsync("cluster", "list")).Output.Split('\n');
        list[0].ShouldMatch("^NAME +KIND +STATE +NODES +GPUS +FREE +VERSION +LAST-SEEN$");
        list[1].ShouldMatch("^east +kubernetes +Silent +2 +16 +4 +0.1.0 ");
    }
}
