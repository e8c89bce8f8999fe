using Convoy.Clusters;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Agent.Tests;

/// <summary>One life of an agent. Killed, it says nothing more, and nothing waits for what it was doing.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly SyncLine line;

    public RunningAgent(ICluster cluster, HttpMessageHandler way, IClusterRequests? requests = null, TimeProvider? time = null)
    {
        line = new SyncLine(way, new Uri("http://localhost:1"), "fake", () => "cva_token", time ?? TimeProvider.System);
        Ended = new SyncLoop(cluster, requests, line, "0.0.1", time ?? TimeProvider.System, NullLogger<SyncLoop>.Instance).RunAsync(stop.Token);
    }

    public Task Ended { get; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
