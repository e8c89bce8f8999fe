using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Convoy.Bench.Kubernetes;

/// <summary>A line between two programs of this machine: it counts what passes, and takes a while for it.</summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource closing = new();
    private readonly Uri target;
    private readonly TimeSpan delay;
    private long up;
    private long down;

    /// <param name="delay">Each way.</param>
    public Relay(Uri target, TimeSpan delay)
    {
        (this.target, this.delay) = (target, delay);
        listener.Start();
        Url = new Uri($"http://{listener.LocalEndpoint}");
        _ = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>Bytes towards the target and back, with HTTP's own.</summary>
    public (long Up, long Down) Passed => (Interlocked.Read(ref up), Interlocked.Read(ref down));

    public void Dispose()
    {
        closing.Cancel();
        listener.Dispose();
        closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptTcpClientAsync(closing.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            try
            {
                (near.NoDelay, far.NoDelay) = (true, true);
                await far.ConnectAsync(target.Host, target.Port, closing.Token);
                await Task.WhenAll(PassAsync(near.GetStream(), far, count => Interlocked.Add(ref up, count)), PassAsync(far.GetStream(), near, count => Interlocked.Add(ref down, count)));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One of them is gone.
            }
        }
    }

    private async Task PassAsync(NetworkStream from, TcpClient to, Action<int> count)
    {
        var way = Channel.CreateUnbounded<(DateTime Due, byte[] Bytes)>();
        var arriving = ArriveAsync();
        var buffer = new byte[64 << 10];
        while (await from.ReadAsync(buffer, closing.Token) is > 0 and var read)
        {
            count(read);
            way.Writer.TryWrite((DateTime.UtcNow + delay, buffer[..read]));
        }

        way.Writer.Complete();
        await arriving;
        to.Client.Shutdown(SocketShutdown.Send);

        async Task ArriveAsync()
        {
            await foreach (var (due, bytes) in way.Reader.ReadAllAsync(closing.Token))
            {
                if (due - DateTime.UtcNow is var left && left > TimeSpan.Zero) await Task.Delay(left, closing.Token);
                await to.GetStream().WriteAsync(bytes, closing.Token);
            }
        }
    }
}
