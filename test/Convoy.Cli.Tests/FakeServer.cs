using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Convoy.Client.Wire;

namespace Convoy.Cli.Tests;

internal sealed record SeenRequest(string Method, string Path, string Query, string? Authorization, string? LastEventId, byte[] Body, string? Language = null);

/// <summary>Speaks the API as far as a test tells it to, and remembers what it was asked.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly ConcurrentDictionary<string, Func<HttpListenerContext, SeenRequest, Task>> _routes = new();

    public FakeServer()
    {
        (_listener, Url) = Listen();
        _ = AcceptAsync();
    }

    public string Url { get; }

    public ConcurrentQueue<SeenRequest> Seen { get; } = new();

    /// <param name="route">Such as <c>GET /jobs</c>.</param>
    public FakeServer On(string route, Func<HttpListenerContext, SeenRequest, Task> answer)
    {
        _routes[route] = answer;
        return this;
    }

    public FakeServer On<T>(string route, T answer, JsonTypeInfo<T> type, int status = 200) => On(route, (context, _) => JsonAsync(context, answer, type, status));

    public FakeServer Refuse(string route, int status, string code, string detail) =>
        On(route, new Problem("urn:x", "no", status, detail, code, "req-1"), WireJson.Default.Problem, status);

    /// <summary>A stream of server-sent events, each written by itself.</summary>
    public FakeServer Stream(string route, params string[] events) => On(route, async (context, _) =>
    {
        OpenStream(context);
        foreach (var e in events) await SendAsync(context, e);
        context.Response.Close();
    });

    public static void OpenStream(HttpListenerContext context)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.SendChunked = true;
    }

    public static async Task SendAsync(HttpListenerContext context, string e)
    {
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(e + "\n\n"));
        await context.Response.OutputStream.FlushAsync();
    }

    public static string Event<T>(string name, string? id, T data, JsonTypeInfo<T> type) => $"event: {name}\n{(id is null ? "" : $"id: {id}\n")}data: {JsonSerializer.Serialize(data, type)}";

    public static async Task JsonAsync<T>(HttpListenerContext context, T answer, JsonTypeInfo<T> type, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = status < 400 ? "application/json" : "application/problem+json";
        context.Response.Headers["X-Request-Id"] = "req-1";
        await context.Response.OutputStream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, type));
        context.Response.Close();
    }

    public void Dispose() => _listener.Close();

    private static (HttpListener Listener, string Url) Listen()
    {
        for (var attempt = 0; ; attempt++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
            probe.Stop();
            var listener = new HttpListener { Prefixes = { url + "/" } };
            try
            {
                listener.Start();
                return (listener, url);
            }
            catch (HttpListenerException) when (attempt < 10)
            {
                // Somebody else took the port in between.
            }
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await _listener.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var request = context.Request;
        var body = new MemoryStream();
        try
        {
            await request.InputStream.CopyToAsync(body);
            var path = request.Url!.AbsolutePath["/api/v1".Length..];
            var seen = new SeenRequest(request.HttpMethod, path, request.Url.Query, request.Headers["Authorization"], request.Headers["Last-Event-ID"], body.ToArray(), request.Headers["Accept-Language"]);
            Seen.Enqueue(seen);
            var route = _routes.Keys.Where(key => Matches(key, $"{seen.Method} {path}")).OrderByDescending(key => key.Length).FirstOrDefault();
            if (route is null) await JsonAsync(context, new Problem("urn:x", "Not Found", 404, $"there is no {path}", "NotFound", "req-1"), WireJson.Default.Problem, 404);
            else await _routes[route](context, seen);
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The program hung up.
        }
    }

    /// <summary>A route that ends in <c>*</c> takes every end without a slash.</summary>
    private static bool Matches(string route, string asked) => route.EndsWith('*') ? asked.StartsWith(route[..^1], StringComparison.Ordinal) && !asked[(route.Length - 1)..].Contains('/') : route == asked;
}
