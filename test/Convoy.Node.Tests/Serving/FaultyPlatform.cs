using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Tests.Serving;

/// <summary>Hands out a data set's packs as the platform does, over a network that harms its answers.</summary>
internal sealed partial class FaultyPlatform : IAsyncDisposable
{
    private readonly PackShop shop;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Task serving;
    private int requests;

    public FaultyPlatform(PackShop shop)
    {
        this.shop = shop;
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Url => new($"http://{listener.LocalEndpoint}/");

    /// <summary>Of the answer to each request, which are numbered.</summary>
    public Func<int, Fault> Fault { get; set; } = _ => Serving.Fault.None;

    public int Requests => Volatile.Read(ref requests);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await serving;
        listener.Dispose();
        ending.Dispose();
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        try
        {
            while (true) answers.Add(AnswerAsync(await listener.AcceptTcpClientAsync(ending.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(answers);
        }
    }

    /// <summary>One request for each connection: so a broken one harms no other.</summary>
    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                if (await HeadAsync(stream) is { } head) await AnswerAsync(client, stream, head, Fault(Interlocked.Increment(ref requests) - 1));
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Who asked has gone, or the test is over.
            }
        }
    }

    private async Task AnswerAsync(TcpClient client, NetworkStream stream, string head, Fault fault)
    {
        var asked = Asked().Match(head);
        Sha256.TryParse(asked.Groups["pack"].Value, out var name).ShouldBeTrue();
        var (first, last) = (At("first"), At("last"));
        var pack = shop.Packs[name];
        var bytes = pack[first..(last + 1)];
        switch (fault)
        {
            case Serving.Fault.Unavailable:
                await SayAsync(stream, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                return;
            case Serving.Fault.NoHttp:
                await SayAsync(stream, "SSH-2.0-OpenSSH_9.9\r\n");
                return;
            case Serving.Fault.Stall:
                await Task.Delay(Timeout.Infinite, ending.Token);
                return;
            case Serving.Fault.Reset:
                client.Client.LingerState = new LingerOption(true, 0);
                return;
            case Serving.Fault.WrongByte:
                bytes[bytes.Length / 2] ^= 0x40;
                break;
            case Serving.Fault.Less:
                bytes = bytes[..(bytes.Length / 2)];
                break;
            case Serving.Fault.More:
                bytes = [.. bytes, 7];
                break;
            case Serving.Fault.OtherPart:
                (first, last) = first > 0 ? (first - 1, last - 1) : (first + 1, last + 1);
                break;
        }

        await SayAsync(stream, $"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{last}/{pack.Length}\r\nContent-Length: {bytes.Length}\r\nConnection: close\r\n\r\n");
        var isCutOff = fault is Serving.Fault.CutOff or Serving.Fault.ResetMidway or Serving.Fault.StallMidway;
        await stream.WriteAsync(bytes.AsMemory(0, isCutOff ? bytes.Length / 2 : bytes.Length), ending.Token);
        if (fault is Serving.Fault.StallMidway) await Task.Delay(Timeout.Infinite, ending.Token);
        if (fault is Serving.Fault.ResetMidway) client.Client.LingerState = new LingerOption(true, 0);

        int At(string group) => int.Parse(asked.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    private async Task<string?> HeadAsync(NetworkStream stream)
    {
        var (head, buffer) = (new StringBuilder(), new byte[4096]);
        while (await stream.ReadAsync(buffer, ending.Token) is > 0 and var read)
        {
            head.Append(Encoding.ASCII.GetString(buffer, 0, read));
            if (head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)) return head.ToString();
        }

        return null;
    }

    private async Task SayAsync(NetworkStream stream, string words) => await stream.WriteAsync(Encoding.ASCII.GetBytes(words), ending.Token);

    [GeneratedRegex(@"^GET /api/v1/datasets/kitti/packs/(?<pack>[0-9a-f]{64}) HTTP/1.1\r\n.*\r\nRange: bytes=(?<first>\d+)-(?<last>\d+)\r\n", RegexOptions.Singleline)]
    private static partial Regex Asked();
}
