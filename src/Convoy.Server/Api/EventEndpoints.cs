using System.Globalization;
using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server.Api;

public static class EventEndpoints
{
    private const int PageOfStream = 500;

    public static void MapEvents(this IEndpointRouteBuilder api) =>
        api.MapGet("/jobs/{job}/events", ListAsync).Asks(Permission.UseJobs).Produces<EventListView>().WithSummary("A job's events; streamed where text/event-stream is accepted").TakesPaging("after");

    private static async Task<IResult> ListAsync(
        string job, HttpContext http, JobLookup lookup, IStore store, JobFeed feed, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { } record) return Problems.NotFound($"job '{job}'");
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var (after, badCursor) = paging.Number(0);
        if (badCursor is not null) return badCursor;
        if (!EventStream.IsWanted(http))
        {
            var events = await store.ListEventsAsync(record.Job.Id, after, paging.Limit, cancellationToken);
            return Results.Ok(new EventListView([.. events.Select(e => JobViews.Event(e.Sequence, e.Event))], events.Count == 0 ? null : paging.Next(events.Count, events[^1].Sequence)));
        }

        if (long.TryParse(http.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var seen)) after = seen;
        await EventStream.RunAsync(http, (stream, end) => FollowAsync(stream, record.Job.Id, after, store, feed, scheduling, time, end));
        return Results.Empty;
    }

    private static async Task FollowAsync(EventStream stream, JobId id, long after, IStore store, JobFeed feed, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = feed.NextChange(id);
            var events = await store.ListEventsAsync(id, after, PageOfStream, cancellationToken);
            foreach (var e in events)
            {
                after = e.Sequence;
                await stream.SendAsync("event", e.Sequence.ToString(CultureInfo.InvariantCulture), JsonSerializer.SerializeToUtf8Bytes(JobViews.Event(e.Sequence, e.Event), RequestLanguage.Json.EventView), cancellationToken);
            }

            if (events.Count == PageOfStream) continue;
            if (await store.GetJobAsync(id, cancellationToken) is { } record && record.Job.Phase.IsFinished() && record.Job.Revision <= after)
            {
                feed.Wake(id);
                await stream.SendEndAsync(record, scheduling, time, cancellationToken);
                return;
            }

            await stream.WaitAsync(change, Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }
}
