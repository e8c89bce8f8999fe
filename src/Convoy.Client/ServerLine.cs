using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Convoy.Client.Wire;
using Convoy.Core.Languages;

namespace Convoy.Client;

/// <summary>Requests to one server with one token: retries, and errors as exceptions. The token never leaves for another host.</summary>
internal sealed class ServerLine : IDisposable
{
    private const string ApiPath = "api/v1/";
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan PingPeriod = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PingAnswerWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan[] RetryDelays = [TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1)];

    /// <summary>Of a request whose body takes its time on the way.</summary>
    private static readonly TimeSpan LargeBodyWithin = TimeSpan.FromMinutes(30);
    private static readonly HttpRequestOptionsKey<bool> Repeatable = new("repeatable"), LargeBody = new("largeBody");

    private readonly SocketsHttpHandler handler;
    private readonly HttpClient http;
    private readonly TimeProvider time;

    public ServerLine(Uri server, string? token, TimeProvider time, Language language = Language.English)
    {
        Server = server;
        this.time = time;
        handler = Handler(server);
        http = new HttpClient(handler, disposeHandler: false)
        {
            BaseAddress = new Uri(server.AbsoluteUri.TrimEnd('/') + "/" + ApiPath),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.AcceptLanguage.Add(new StringWithQualityHeaderValue(LanguageTags.Of(language)));
        if (token is not null && !IsToken(token)) throw new ArgumentException("it has characters that no token has", nameof(token));
        if (token is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Uri Server { get; }

    /// <summary>Says of a request that doing it twice does no more than doing it once, though its method does not.</summary>
    public static HttpRequestMessage MayRepeat(HttpRequestMessage message)
    {
        message.Options.Set(Repeatable, true);
        return message;
    }

    public static HttpRequestMessage HasLargeBody(HttpRequestMessage message)
    {
        message.Options.Set(LargeBody, true);
        return message;
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), answer, cancellationToken);

    public Task<TAnswer> SendAsync<TBody, TAnswer>(HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answer, CancellationToken cancellationToken)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, bodyType);
        return SendAsync(() => new HttpRequestMessage(method, path) { Content = Json(bytes) }, answer, cancellationToken);
    }

    public async Task<T> SendAsync<T>(Func<HttpRequestMessage> request, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(request, cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
        try
        {
            await using var body = await BodyAsync(response, cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, answer, cancellationToken) ?? throw new JsonException("the answer is null");
        }
        catch (JsonException e)
        {
            throw NotConvoy(Text.Verbatim(e.Message), e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new ServerUnreachableException(Server, $"its answer broke off ({e.Message})", e);
        }
    }

    /// <summary>Sends until an answer comes or trying again makes no sense. What is not safe to send twice is sent once.</summary>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var message = request();
            var last = attempt == RetryDelays.Length || !IsSafeToRepeat(message);
            try
            {
                var response = await SendOnceAsync(message, cancellationToken);
                if (last || !IsGatewayTrouble(response.StatusCode)) return response;
                response.Dispose();
            }
            catch (ServerUnreachableException e) when (!last && !WasRefused(e))
            {
                // The answer was lost on its way: asking again finds what the first request did.
            }

            await Task.Delay(RetryDelays[attempt], time, cancellationToken);
        }
    }

    /// <summary>Opens a stream; the caller reads the body as long as it likes.</summary>
    public async Task<HttpResponseMessage> OpenStreamAsync(string path, string? lastEventId, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, path);
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null) message.Headers.Add("Last-Event-ID", lastEventId);
        var response = await SendOnceAsync(message, cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream") return response;
        response.Dispose();
        throw NotConvoy("it is no event stream", null);
    }

    /// <summary>Opens a WebSocket, with pings that notice when the other side is gone.</summary>
    public async Task<WebSocket> OpenSocketAsync(string path, CancellationToken cancellationToken)
    {
        var address = new UriBuilder(new Uri(http.BaseAddress!, path)) { Scheme = Server.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs }.Uri;
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        using var late = new CancellationTokenSource(AnswerWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.SetRequestHeader("Authorization", http.DefaultRequestHeaders.Authorization?.ToString());
            socket.Options.CollectHttpResponseDetails = true;
            (socket.Options.KeepAliveInterval, socket.Options.KeepAliveTimeout) = (PingPeriod, PingAnswerWithin);
            await socket.ConnectAsync(address, invoker, either.Token);
            return socket;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            if ((int)status < 400) throw new ServerUnreachableException(Server, e is WebSocketException ? Text.Verbatim(e.InnerException?.Message ?? e.Message) : $"no answer within {AnswerWithin.TotalSeconds:0} s", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        throw await WhyNoSocketAsync(path, cancellationToken);
    }

    /// <summary>Somebody else answers at this address.</summary>
    public ServerUnreachableException NotConvoy(Text why, Exception? inner) => new(Server, $"its answer is not Convoy's; is the address right? ({why})", inner);

    public async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode) return;
        using (response)
        {
            throw await RefusalAsync(response, cancellationToken);
        }
    }

    /// <summary>Fails where nothing comes for too long.</summary>
    public async Task<Stream> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        new ImpatientStream(await response.Content.ReadAsStreamAsync(cancellationToken), AnswerWithin, time);

    public void Dispose()
    {
        http.Dispose();
        handler.Dispose();
    }

    private static SocketsHttpHandler Handler(Uri server) => new()
    {
        // A redirect would carry the token to whoever it names.
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),

        // A proxy of the environment is for the world outside.
        UseProxy = !server.IsLoopback,
    };

    private static ByteArrayContent Json(byte[] bytes) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static bool IsGatewayTrouble(HttpStatusCode status) => status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static bool IsToken(string text) => text.Length > 0 && text.All(c => c is > ' ' and <= '~');

    /// <summary>What RFC 9110 (9.2.2) calls idempotent.</summary>
    private static bool IsSafeToRepeat(HttpRequestMessage message) => (message.Method != HttpMethod.Post && message.Method != HttpMethod.Patch) || message.Options.TryGetValue(Repeatable, out _);

    private static bool WasRefused(ServerUnreachableException e) => e.InnerException is HttpRequestException { InnerException: SocketException } or HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError };

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        var within = message.Options.TryGetValue(LargeBody, out _) ? LargeBodyWithin : AnswerWithin;
        using var late = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            return await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (HttpRequestException e)
        {
            throw new ServerUnreachableException(Server, Text.Verbatim(e.InnerException?.Message ?? e.Message), e);
        }
        catch (SocketException e)
        {
            // So the HTTP library tells of a connection that is reset just when it is made.
            throw new ServerUnreachableException(Server, Text.Verbatim(e.Message), new HttpRequestException(e.Message, e));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerUnreachableException(Server, $"no answer within {within.TotalSeconds:0} s", e);
        }
    }

    /// <summary>The handshake keeps the reason to itself. Asked plainly, the server says it.</summary>
    private async Task<Exception> WhyNoSocketAsync(string path, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, path);
        using var response = await SendOnceAsync(message, cancellationToken);
        return response.IsSuccessStatusCode ? NotConvoy("it opens no WebSocket", null) : await RefusalAsync(response, cancellationToken);
    }

    private async Task<Exception> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (IsGatewayTrouble(response.StatusCode)) return new ServerUnreachableException(Server, $"answered {(int)response.StatusCode} {response.ReasonPhrase}");
        var requestId = response.Headers.TryGetValues("X-Request-Id", out var ids) ? ids.First() : "";
        try
        {
            await using var body = await BodyAsync(response, cancellationToken);
            if (await JsonSerializer.DeserializeAsync(body, WireJson.Default.Problem, cancellationToken) is { Code: not null } problem) return new ConvoyException(problem with { Status = (int)response.StatusCode });
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            // Somebody else answers here, or in words of their own: the status is all there is to tell.
        }

        var title = response.ReasonPhrase ?? "";
        return new ConvoyException(new Problem("about:blank", title, (int)response.StatusCode, $"{Server.GetLeftPart(UriPartial.Authority)} answered {(int)response.StatusCode} {title}", $"Http{(int)response.StatusCode}", requestId));
    }
}
