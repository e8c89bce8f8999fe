using System.Net;
using System.Text;
using System.Text.Json;
using Convoy.Clusters;
using Convoy.Clusters.Remote;

namespace Convoy.Agent.Tests;

/// <summary>The server's half as an agent reaches it: bytes in, bytes out. Nobody answers while there is none.</summary>
internal sealed class SyncServer : HttpMessageHandler
{
    private readonly Lock gate = new();
    private readonly List<SyncCall> calls = [];

    public RemoteCluster? Half { get; set; }

    public Func<IReadOnlyList<RequestMessage>, IReadOnlyList<RequestAnswer>> Decide { get; set; } = _ => [];

    /// <summary>Instead of all else, where it is set.</summary>
    public HttpStatusCode? Refuses { get; set; }

    public int LargestCall { get; private set; }

    /// <summary>All that has been heard, in the order in which it came.</summary>
    public IReadOnlyList<SyncCall> Calls
    {
        get
        {
            lock (gate) return [.. calls];
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        var call = SyncJson.ReadCall(body);
        lock (gate)
        {
            calls.Add(call);
            LargestCall = Math.Max(LargestCall, body.Length);
        }

        if (Refuses is { } status) return Problem(status, "NotSignedIn");
        if (Half is not { } half) throw new HttpRequestException("connection refused");
        try
        {
            var answer = await half.SyncAsync(call, (requests, _) => Task.FromResult(Decide(requests)), cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(answer, SyncJson.Default.SyncAnswer)) };
        }
        catch (SupersededException)
        {
            return Problem(HttpStatusCode.Conflict, "Superseded");
        }
        catch (ObjectDisposedException)
        {
            return Problem(HttpStatusCode.ServiceUnavailable, "Stopping");
        }
    }

    private static HttpResponseMessage Problem(HttpStatusCode status, string code) =>
        new(status) { Content = new StringContent($$"""{"type":"x","title":"x","status":{{(int)status}},"code":"{{code}}","requestId":"x"}""", Encoding.UTF8, "application/problem+json") };
}

/// <summary>A bad way to the server: calls and answers are lost, come late, twice, or when all has long gone on. From a seed.</summary>
internal sealed class BadWay(int seed, HttpMessageHandler server) : DelegatingHandler(server)
{
    private readonly Lock gate = new();
    private readonly Random random = new(seed);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        switch (Next(10))
        {
            case 0:
                throw new HttpRequestException("the call was lost");
            case 1:
                using (await base.SendAsync(Again(request, body), cancellationToken)) throw new HttpRequestException("the answer was lost");
            case 2:
                _ = LateAsync(Again(request, body), Next(5));
                break;
            case 3:
                _ = LateAsync(Again(request, body), Next(300));
                throw new HttpRequestException("the call came late");
            case 4:
                await Task.Delay(Next(40), cancellationToken);
                break;
        }

        var answer = await base.SendAsync(Again(request, body), cancellationToken);
        if (Next(8) == 0) await Task.Delay(Next(60), cancellationToken);
        return answer;
    }

    private async Task LateAsync(HttpRequestMessage request, int milliseconds)
    {
        await Task.Delay(milliseconds);
        await ((Task)base.SendAsync(request, CancellationToken.None)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private int Next(int below)
    {
        lock (gate) return random.Next(below);
    }

    private static HttpRequestMessage Again(HttpRequestMessage request, byte[] body) => new(request.Method, request.RequestUri) { Content = new ByteArrayContent(body) };
}
