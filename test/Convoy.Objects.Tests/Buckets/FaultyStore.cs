using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Convoy.Objects.Tests.Buckets;

internal enum Fault
{
    None,

    /// <summary>503 SlowDown, as a store with too much to do says it.</summary>
    SlowDown,

    /// <summary>500 InternalError.</summary>
    Broken,

    /// <summary>Nothing is answered, ever.</summary>
    Silence,

    /// <summary>The question is cut off by a reset.</summary>
    QuestionLost,

    /// <summary>The store did what it was asked, but its answer is not heard: reset.</summary>
    AnswerLost,

    /// <summary>The answer ends early, as if that were all.</summary>
    AnswerShort,

    /// <summary>The answer is cut off by a reset.</summary>
    AnswerReset,

    /// <summary>The answer begins and does not go on.</summary>
    AnswerStalls,
}

/// <summary>Stands before a store and lets each request come to what a schedule says.</summary>
/// <param name="Bytes">After which it happens.</param>
internal readonly record struct Mishap(Fault Fault, int Bytes)
{
    public static Mishap None => new(Fault.None, 0);

    /// <summary>From a seed; rate of all requests, and at most every fifth of the faults costs a wait.</summary>
    public static Func<int, Mishap> Seeded(int seed, double rate)
    {
        var random = new Random(seed);
        Fault[] faults = [Fault.SlowDown, Fault.Broken, Fault.QuestionLost, Fault.AnswerLost, Fault.AnswerShort, Fault.AnswerReset, Fault.AnswerShort, Fault.AnswerReset, Fault.Silence, Fault.AnswerStalls];
        return _ =>
        {
            lock (random) return random.NextDouble() < rate ? new Mishap(faults[random.Next(faults.Length)], random.Next(400_000)) : None;
        };
    }
}

/// <summary>A forwarder on loopback: one request a connection, which needs nothing of HTTP but where a head ends.</summary>
internal sealed class FaultyStore : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopped = new();
    private readonly Uri store;
    private readonly Func<int, Mishap> schedule;
    private readonly Task accepting;
    private int requests;
    private int faults;

    /// <param name="schedule">By the number of the request, from 0.</param>
    public FaultyStore(Uri store, Func<int, Mishap> schedule)
    {
        (this.store, this.schedule) = (store, schedule);
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Endpoint => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

    public int Requests => Volatile.Read(ref requests);

    public int Faults => Volatile.Read(ref faults);

    public async ValueTask DisposeAsync()
    {
        if (stopped.IsCancellationRequested) return;
        await stopped.CancelAsync();
        listener.Stop();
        await accepting;
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stopped.Token);
                open.Add(Task.Run(() => ServeAsync(client)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await ForwardAsync(client);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side went away.
            }
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        var asking = client.GetStream();
        if (await ReadHeadAsync(asking) is not { } head) return;
        var mishap = schedule(Interlocked.Increment(ref requests) - 1);
        if (mishap.Fault != Fault.None) Interlocked.Increment(ref faults);
        switch (mishap.Fault)
        {
            case Fault.SlowDown:
                await asking.WriteAsync(Refusal("503 Slow Down", "SlowDown"), stopped.Token);
                return;
            case Fault.Broken:
                await asking.WriteAsync(Refusal("500 Internal Server Error", "InternalError"), stopped.Token);
                return;
            case Fault.Silence:
                await Task.Delay(Timeout.Infinite, stopped.Token);
                return;
        }

        using var upstream = new TcpClient();
        await upstream.ConnectAsync(IPAddress.Loopback, store.Port, stopped.Token);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopped.Token);
        await upstream.GetStream().WriteAsync(head, stopped.Token);
        await Task.WhenAll(SendAsync(client, upstream, mishap, ended), AnswerAsync(client, upstream, mishap, ended));
    }

    private static async Task SendAsync(TcpClient client, TcpClient upstream, Mishap mishap, CancellationTokenSource ended)
    {
        var isCut = mishap.Fault == Fault.QuestionLost;
        await PumpAsync(client.GetStream(), upstream.GetStream(), isCut ? mishap.Bytes : long.MaxValue, ended.Token);
        if (!isCut) return;
        Reset(client);
        await ended.CancelAsync();
    }

    private async Task AnswerAsync(TcpClient client, TcpClient upstream, Mishap mishap, CancellationTokenSource ended)
    {
        Stream hears = mishap.Fault is Fault.AnswerLost or Fault.QuestionLost ? Stream.Null : client.GetStream();
        await PumpAsync(upstream.GetStream(), hears, mishap.Fault >= Fault.AnswerShort ? mishap.Bytes : long.MaxValue, ended.Token);
        if (mishap.Fault == Fault.AnswerStalls) await Task.Delay(Timeout.Infinite, stopped.Token);
        if (mishap.Fault is Fault.None or Fault.AnswerShort) client.Client.Shutdown(SocketShutdown.Send);
        else Reset(client);
        await ended.CancelAsync();
    }

    /// <summary>Tells the store to close behind its answer, so that the end of the connection is the end of the answer.</summary>
    private async Task<byte[]?> ReadHeadAsync(NetworkStream asking)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await asking.ReadAsync(one, stopped.Token) == 0) return null;
            head.Add(one[0]);
        }

        return [.. head[..^2], .. "Connection: close\r\n\r\n"u8];
    }

    private static async Task PumpAsync(Stream from, Stream to, long bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (bytes > 0 && await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, bytes)), cancellationToken) is > 0 and var read)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                bytes -= read;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One side went away.
        }
    }

    private static void Reset(TcpClient client)
    {
        client.LingerState = new LingerOption(true, 0);
        client.Client.Close();
    }

    private static byte[] Refusal(string status, string code)
    {
        var body = $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>simulated</Message></Error>";
        return Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }
}
