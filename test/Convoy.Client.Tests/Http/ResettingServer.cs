using System.Net.Sockets;

namespace Convoy.Client.Tests.Http;

/// <summary>Resets every connection as soon as it is made, as a server does that is killed.</summary>
internal sealed class ResettingServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
    private readonly Task resetting;

    public ResettingServer()
    {
        listener.Start();
        resetting = ResetAsync();
    }

    public Uri Url => new($"http://{listener.LocalEndpoint}");

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await resetting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
    }

    private async Task ResetAsync()
    {
        while (true)
        {
            using var connection = await listener.AcceptSocketAsync();
            connection.LingerState = new LingerOption(enable: true, seconds: 0);
        }
    }
}
