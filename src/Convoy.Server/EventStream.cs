using System.Text;

namespace Convoy.Server;

/// <summary>One server-sent event stream. A comment every so often tells both ends that the other is there.</summary>
public sealed class EventStream
{
    public const string MediaType = "text/event-stream";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private readonly HttpContext http;
    private readonly TimeProvider time;
    private DateTimeOffset lastSent;

    private EventStream(HttpContext http, TimeProvider time)
    {
        this.http = http;
        this.time = time;
        lastSent = time.GetUtcNow();
    }

    public static bool IsWanted(HttpContext http) => http.Request.Headers.Accept.ToString().Contains(MediaType, StringComparison.OrdinalIgnoreCase);

    /// <summary>Streams until <paramref name="body"/> returns, the caller hangs up or the server stops.</summary>
    public static async Task RunAsync(HttpContext http, Func<EventStream, CancellationToken, Task> body)
    {
        var services = http.RequestServices;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        http.Response.ContentType = MediaType;
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await http.Response.StartAsync(end.Token);
            await http.Response.Body.FlushAsync(end.Token);
            await body(new EventStream(http, services.GetRequiredService<TimeProvider>()), end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client reconnects with the last id it has seen.
        }
    }

    public async Task SendAsync(string name, string? id, byte[] json, CancellationToken cancellationToken)
    {
        await AddAsync(name, id, json, cancellationToken);
        await FlushAsync(cancellationToken);
    }

    /// <summary>One of several events: they go out together.</summary>
    public async Task AddAsync(string name, string? id, byte[] json, CancellationToken cancellationToken)
    {
        var head = id is null ? $"event: {name}\ndata: " : $"event: {name}\nid: {id}\ndata: ";
        var body = http.Response.Body;
        await body.WriteAsync(Encoding.UTF8.GetBytes(head), cancellationToken);
        await body.WriteAsync(json, cancellationToken);
        await body.WriteAsync("\n\n"u8.ToArray(), cancellationToken);
        lastSent = time.GetUtcNow();
    }

    public Task FlushAsync(CancellationToken cancellationToken) => http.Response.Body.FlushAsync(cancellationToken);

    /// <summary>Returns when the task has ended or the time is up.</summary>
    public async Task WaitAsync(Task change, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - lastSent >= Heartbeat)
        {
            await http.Response.Body.WriteAsync(": still here\n\n"u8.ToArray(), cancellationToken);
            await http.Response.Body.FlushAsync(cancellationToken);
            lastSent = now;
        }

        try
        {
            await change.WaitAsync(atMost == Timeout.InfiniteTimeSpan || atMost > Heartbeat ? Heartbeat : atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Looks again.
        }
    }
}
