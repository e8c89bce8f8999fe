using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Convoy.Client.Wire;

namespace Convoy.Client;

/// <summary>A server-sent event stream, opened again where it broke off; one about a job until its <c>end</c> event has come.</summary>
internal sealed class EventStreamReader(ServerLine line, TimeProvider time)
{
    /// <summary>Three heartbeats of the server: after that the connection is dead, whatever TCP thinks.</summary>
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A server that restarts is back by then.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(5);

    public async IAsyncEnumerable<FollowedItem<T>> ReadAsync<T>(string path, string eventName, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        await foreach (var (name, data) in ReadAllAsync(path, cancellationToken))
        {
            if (name == "end")
            {
                yield return new(null, Payload(data, WireJson.Default.JobView));
                yield break;
            }

            if (name == eventName) yield return new(Payload(data, type), null);
        }
    }

    /// <summary>All events; they have no end.</summary>
    public async IAsyncEnumerable<(string Name, byte[] Data)> ReadAllAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? lastId = null;
        var response = await line.OpenStreamAsync(path, lastId, cancellationToken);
        var trouble = new Trouble(time);
        while (true)
        {
            var opened = time.GetTimestamp();
            using (response)
            {
                await using var events = EventsOf(response, cancellationToken).GetAsyncEnumerator(cancellationToken);
                while (await NextAsync(events, cancellationToken))
                {
                    trouble.IsOver();
                    var (name, id, data) = events.Current;
                    if (!string.IsNullOrEmpty(id)) lastId = id.All(c => c is > ' ' and <= '~') ? id : throw line.NotConvoy("an event's id is no cursor", null);
                    yield return (name, data);
                }
            }

            // A quiet stream that lived on heartbeats was a good one.
            if (time.GetElapsedTime(opened) > SilentFor) trouble.IsOver();
            response = await ReopenAsync(path, lastId, trouble, cancellationToken);
        }
    }

    public T Payload<T>(byte[] data, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(data, type) ?? throw new JsonException("an event is null");
        }
        catch (JsonException e)
        {
            throw line.NotConvoy(Core.Languages.Text.Verbatim(e.Message), e);
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

    private async Task<HttpResponseMessage> ReopenAsync(string path, string? lastId, Trouble trouble, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (trouble.Lasts > GiveUpAfter) throw new ServerUnreachableException(line.Server, $"the stream breaks off again and again, for {GiveUpAfter.TotalMinutes:0} minutes now");
            await Task.Delay(trouble.NextPause(), time, cancellationToken);
            try
            {
                return await line.OpenStreamAsync(path, lastId, cancellationToken);
            }
            catch (ServerUnreachableException) when (trouble.Lasts < GiveUpAfter)
            {
                // Once more, after a longer pause.
            }
        }
    }

    /// <summary>How long a stream has brought nothing although it was opened again.</summary>
    private sealed class Trouble(TimeProvider time)
    {
        private long? since;
        private TimeSpan pause = ShortestPause;

        public TimeSpan Lasts => since is { } start ? time.GetElapsedTime(start) : TimeSpan.Zero;

        public void IsOver() => (since, pause) = (null, ShortestPause);

        public TimeSpan NextPause()
        {
            since ??= time.GetTimestamp();
            var next = pause;
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
            return next;
        }
    }
}
