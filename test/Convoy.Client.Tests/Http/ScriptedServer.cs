using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Convoy.Client.Tests.Http;

/// <param name="Target">Of the request line: path and query, or the whole address where it was sent to a proxy.</param>
internal sealed record Request(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <param name="Bytes">What goes back, byte for byte; the connection is closed behind it.</param>
internal sealed record Answer(byte[] Bytes)
{
    /// <summary>Not even a status.</summary>
    public static Answer Nothing { get; } = new([]);

    public static Answer Of(int status, string body, string type = "application/json", string? headers = null) =>
        new(Encoding.UTF8.GetBytes($"HTTP/1.1 {status} Status\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{headers}\r\n{body}"));

    /// <summary>A stream of which only the first bytes arrive.</summary>
    public static Answer Stream(byte[] body, int bytes) =>
        new([.. Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body.AsSpan(0, bytes)]);
}

/// <summary>Answers each request as the test says and may drop the connection at any byte.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<Request, Answer> script;
    private readonly Func<Request, bool> cuts;

    /// <param name="cuts">Where true, the connection is reset before the request's body is read.</param>
    public ScriptedServer(Func<Request, Answer> script, Func<Request, bool>? cuts = null)
    {
        this.script = script;
        this.cuts = cuts ?? (_ => false);
        listener.Start();
        _ = AcceptAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    public ConcurrentQueue<Request> Seen { get; } = new();

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(TcpClient connection)
    {
        using (connection)
        {
            try
            {
                connection.NoDelay = true;
                var stream = connection.GetStream();
                var head = await ReadHeadAsync(stream);
                if (head.Length == 0) return;
                var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
                var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
                var words = lines[0].Split(' ');
                var body = new byte[headers.TryGetValue("Content-Length", out var length) ? int.Parse(length) : 0];
                var request = new Request(words[0], words[1], headers, body);
                Seen.Enqueue(request);
                if (cuts(request))
                {
                    connection.Client.LingerState = new LingerOption(true, 0);
                    return;
                }

                await stream.ReadExactlyAsync(body);
                await stream.WriteAsync(script(request).Bytes);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // The client went away.
            }
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1) head.Append((char)one[0]);
        return head.ToString();
    }
}
