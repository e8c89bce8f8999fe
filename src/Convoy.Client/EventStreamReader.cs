using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Convoy.Client.Wire;

namespace Convoy.Client;

/// <summary>A server-sent event stream about one job, opened again where it broke off until its <c>end</c> event has come.</summary>
internal sealed class EventStreamReader(ServerLine line, TimeProvider time)
{
    /// <summary>Three heartbeats of the server: after that the connection is dead, whatever TCP thinks.</summary>
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A server that restarts is back by then.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(5);

    public async IAsyncEnumerable<FollowedItem<T>> ReadAsync<T>(string path, string eventName, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        string? lastId = null;
        var response = await line.OpenStreamAsync(path, lastId, cancellationToken);
        while (true)
        {
            using (response)
            {
                await using var events = EventsOf(response, cancellationToken).GetAsyncEnumerator(cancellationToken);
                while (await NextAsync(events, cancellationToken))
                {
                    var (name, id, data) = events.Current;
                    if (name == "end")
                    {
                        yield return new(null, JsonSerializer.Deserialize(data, WireJson.Default.JobView));
                        yield break;
                    }

                    if (!string.IsNullOrEmpty(id)) lastId = id;
                    if (name == eventName) yield return new(JsonSerializer.Deserialize(data, type), null);
                }
            }

            response = await ReopenAsync(path, lastId, cancellationToken);
        }
    }

    /// <summary>False where the stream ended or broke.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<(string Name, string? Id, byte[] Data)> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private async IAsyncEnumerable<(string Name, string? Id, byte[] Data)> EventsOf(HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var body = new ImpatientStream(await response.Content.ReadAsStreamAsync(cancellationToken), SilentFor, time);
        var parser = SseParser.Create(body, static (_, data) => data.ToArray());
        await foreach (var item in parser.EnumerateAsync(cancellationToken)) yield return (item.EventType, item.EventId, item.Data);
    }

    private async Task<HttpResponseMessage> ReopenAsync(string path, string? lastId, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(200);
        while (true)
        {
            await Task.Delay(pause, time, cancellationToken);
            try
            {
                return await line.OpenStreamAsync(path, lastId, cancellationToken);
            }
            catch (ServerUnreachableException) when (time.GetElapsedTime(started) < GiveUpAfter)
            {
                pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
            }
        }
    }
}
