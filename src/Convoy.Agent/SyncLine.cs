using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Clusters.Remote;

namespace Convoy.Agent;

/// <summary>One call of the agent's to its server, once.</summary>
/// <param name="token">Asked for each call: the file may have been written anew.</param>
public sealed class SyncLine(HttpMessageHandler handler, Uri server, string cluster, Func<string> token, TimeProvider time) : IDisposable
{
    /// <summary>A server holds a call that says nothing for so long at most; what is added is for the way.</summary>
    private static readonly TimeSpan AnswerWithin = RemoteCluster.LongestHold + TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker http = new(handler);
    private readonly Uri address = new($"{server.AbsoluteUri.TrimEnd('/')}/api/v1/clusters/{Uri.EscapeDataString(cluster)}/sync");

    /// <param name="authority">Certificates (PEM) that alone are trusted; null trusts those of this machine.</param>
    public static SocketsHttpHandler Handler(Uri server, string? authority)
    {
        var handler = new SocketsHttpHandler
        {
            // A redirect would carry the token to whoever it names.
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),

            // A proxy of the environment is for the world outside.
            UseProxy = !server.IsLoopback,
        };
        if (authority is null) return handler;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        handler.SslOptions.CertificateChainPolicy = policy;
        return handler;
    }

    /// <exception cref="SyncRefusedException">The server says no.</exception>
    /// <exception cref="IOException">No answer came; whether the call did nobody knows.</exception>
    public async Task<SyncAnswer> CallAsync(SyncCall call, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(AnswerWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        using var message = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(call, SyncJson.Default.SyncCall)) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token());
        try
        {
            using var response = await http.SendAsync(message, either.Token);
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            if (response.StatusCode != HttpStatusCode.OK) throw await RefusalAsync(response.StatusCode, body, either.Token);
            return await JsonSerializer.DeserializeAsync(body, SyncJson.Default.SyncAnswer, either.Token) ?? throw new IOException("the answer is null");
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            // The bare one is how the HTTP library tells of a connection that is reset just when it is made.
            throw new IOException(e.InnerException?.Message ?? e.Message, e);
        }
        catch (JsonException e)
        {
            throw new IOException($"the answer is not Convoy's ({e.Message})", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"no answer within {AnswerWithin.TotalSeconds:0} s", e);
        }
    }

    public void Dispose() => http.Dispose();

    private static async Task<Exception> RefusalAsync(HttpStatusCode status, Stream body, CancellationToken cancellationToken)
    {
        var (code, detail) = ($"Http{(int)status}", "");
        try
        {
            if (await JsonSerializer.DeserializeAsync(body, WireJson.Default.Problem, cancellationToken) is { Code: not null } problem) (code, detail) = (problem.Code, problem.Detail?.ToString() ?? "");
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            // Somebody else answers here, or in words of their own: the status is all there is to tell.
        }

        return (int)status >= 500 ? new IOException($"the server answered {(int)status} {code}: {detail}") : new SyncRefusedException(status, code, detail);
    }
}

/// <summary>The server does not hear this agent, however often it calls: something has to change first.</summary>
public sealed class SyncRefusedException(HttpStatusCode status, string code, string detail) : Exception($"{(int)status} {code}: {detail}")
{
    public HttpStatusCode Status => status;

    public string Code => code;
}
