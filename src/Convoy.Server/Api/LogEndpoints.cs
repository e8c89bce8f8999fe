using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Server.Authentication;
using Convoy.Server.Operation;

namespace Convoy.Server.Api;

public static class LogEndpoints
{
    public static void MapLogs(this IEndpointRouteBuilder api) =>
        api.MapGet("/jobs/{job}/logs", ReadAsync).Asks(Permission.UseJobs).Produces(200, contentType: EventStream.MediaType).WithSummary("What the tasks printed, as a stream")
            .Takes(("follow", "true: goes on until the job has ended"), ("attempt", "from 1; the latest where it is left out"), ("role", "only this role"), ("rank", "only this rank"), ("since", "a duration such as 10m"), ("tail", "only so many last lines"));

    private static async Task<IResult> ReadAsync(string job, HttpContext http, JobLookup lookup, LogReader reader, HereOnly here, RetentionMarks kept, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { } record) return Problems.NotFound($"job '{job}'");
        var (wanted, refusal) = Read(http.Request, time.GetUtcNow());
        if (wanted is null) return refusal!;
        var cursor = LogCursor.Parse(http.Request.Headers["Last-Event-ID"]);
        if (new TaskChoice(wanted.Attempt, wanted.Role, wanted.Rank).Impossible(record.Job) is { } impossible) return impossible;
        if (here.Elsewhere(record.Job, wanted.Attempt) is { } cluster) return Problems.NotKept("the logs", record.Job.Id, cluster);
        if (record.Job.Attempts.Count > 0 && kept.HasRemoved(KeptKind.Logs, record.Job)) return Problems.Of(410, "LogsRemoved", $"the logs of job {record.Job.Id} were removed: logs are kept for {kept.TimeOf(KeptKind.Logs)} after a job's end, and it ended {record.Job.EndedAt:yyyy-MM-dd HH:mm} UTC");
        await EventStream.RunAsync(http, (stream, end) => reader.StreamAsync(stream, record.Job.Id, wanted, cursor, end));
        return Results.Empty;
    }

    private static (LogRequest? Wanted, IResult? Refusal) Read(HttpRequest request, DateTimeOffset now)
    {
        var (tasks, refusal) = TaskChoice.Read(request);
        if (tasks is null || !TaskChoice.TryNumber(request, "tail", 0, out var tail, out refusal)) return (null, refusal);
        DateTimeOffset? since = null;
        if (request.Query["since"].ToString() is { Length: > 0 } text)
        {
            if (!DurationText.TryParse(text, out var ago) || ago > now - DateTimeOffset.UnixEpoch) return (null, Problems.BadRequest("BadDuration", $"since is a duration such as 10m, not '{text}'"));
            since = now - ago;
        }

        return (new LogRequest(tasks.Attempt, tasks.Role, tasks.Rank, since, tail, request.Query["follow"] == "true"), null);
    }
}
