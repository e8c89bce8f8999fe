using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Convoy.EndToEnd.Tests;

/// <summary>Stands between a node agent and the platform: hands on what is asked for, packs no faster than they are wanted, and keeps which bytes of them were.</summary>
internal sealed class SlowStore : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly HttpClient platform;
    private readonly TimeSpan delay;
    private readonly Task serving;
    private readonly ConcurrentQueue<(string Pack, long First, long Last)> asked = [];

    /// <param name="delay">Of each answer with bytes of a pack.</param>
    public SlowStore(Uri platform, TimeSpan delay)
    {
        this.delay = delay;
        this.platform = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = platform };
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Url = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        }

        listener.Prefixes.Add(Url.ToString());
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Url { get; }

    /// <summary>Ranges of packs, in the order in which they were asked for.</summary>
    public IReadOnlyCollection<(string Pack, long First, long Last)> Asked => asked;

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
        platform.Dispose();
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        try
        {
            while (true) answers.Add(AnswerAsync(await listener.GetContextAsync()));
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }

        await Task.WhenAll(answers);
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var path = context.Request.RawUrl!;
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            foreach (var name in new[] { "Authorization", "Range", "Accept-Language" })
            {
                if (context.Request.Headers[name] is { } value) request.Headers.TryAddWithoutValidation(name, value);
            }

            if (path.Contains("/packs/", StringComparison.Ordinal))
            {
                var range = RangeHeaderValue.Parse(context.Request.Headers["Range"]!).Ranges.Single();
                asked.Enqueue((path[^64..], range.From!.Value, range.To!.Value));
                await Task.Delay(delay);
            }

            using var answer = await platform.SendAsync(request);
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Content.Headers.Where(header => header.Key is "Content-Range" or "Content-Type")) context.Response.Headers[name] = string.Join(", ", values);
            var content = await answer.Content.ReadAsByteArrayAsync();
            context.Response.ContentLength64 = content.Length;
            await context.Response.OutputStream.WriteAsync(content);
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or HttpRequestException or ObjectDisposedException or InvalidOperationException)
        {
            // The agent was killed, or the test is over.
        }
    }
}
