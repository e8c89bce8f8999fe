using Convoy.Clusters;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Agent.Tests;

/// <summary>One life of an agent. Killed, it says nothing more, and nothing waits for what it was doing.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly SyncLine line;

    public RunningAgent(ICluster cluster, HttpMessageHandler way, IClusterRequests? requests = null, TimeProvider? time = null, string server = "http://localhost:1", string name = "fake", string token = "cva_token")
    {
        line = new SyncLine(way, new Uri(server), name, () => token, time ?? TimeProvider.System);
        Ended = new SyncLoop(cluster, requests, line, "0.0.1", time ?? TimeProvider.System, NullLogger<SyncLoop>.Instance).RunAsync(stop.Token);
    }

    public Task Ended { get; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
