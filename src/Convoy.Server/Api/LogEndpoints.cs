using System.Globalization;
using Convoy.Clusters;
using Convoy.Core.Jobs;
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

    private static async Task<IResult> ReadAsync(string job, HttpContext http, JobLookup lookup, LogReader reader, RetentionMarks kept, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { } record) return Problems.NotFound($"job '{job}'");
        var (wanted, refusal) = Read(http.Request, time.GetUtcNow());
        if (wanted is null) return refusal!;
        var cursor = LogCursor.Parse(http.Request.Headers["Last-Event-ID"]);
        if (Impossible(record.Job, wanted) is { } impossible) return impossible;
        if (record.Job.Attempts.Count > 0 && kept.HasRemoved(KeptKind.Logs, record.Job)) return Problems.Of(410, "LogsRemoved", $"the logs of job {record.Job.Id} were removed: logs are kept for {kept.TimeOf(KeptKind.Logs)} after a job's end, and it ended {record.Job.EndedAt:yyyy-MM-dd HH:mm} UTC");
        await EventStream.RunAsync(http, (stream, end) => reader.StreamAsync(stream, record.Job.Id, wanted, cursor, end));
        return Results.Empty;
    }

    private static (LogRequest? Wanted, IResult? Refusal) Read(HttpRequest request, DateTimeOffset now)
    {
        var query = request.Query;
        if (!TryNumber("attempt", 1, out var attempt, out var refusal) || !TryNumber("rank", 0, out var rank, out refusal) || !TryNumber("tail", 0, out var tail, out refusal)) return (null, refusal);
        DateTimeOffset? since = null;
        if (query["since"].ToString() is { Length: > 0 } text)
        {
            if (!DurationText.TryParse(text, out var ago) || ago > now - DateTimeOffset.UnixEpoch) return (null, Problems.BadRequest("BadDuration", $"since is a duration such as 10m, not '{text}'"));
            since = now - ago;
        }

        var role = query["role"].ToString();
        return (new LogRequest(attempt, role.Length == 0 ? null : role, rank, since, tail, query["follow"] == "true"), null);

        bool TryNumber(string name, int least, out int? number, out IResult? problem)
        {
            (number, problem) = (null, null);
            var value = query[name].ToString();
            if (value.Length == 0) return true;
            if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) && parsed >= least)
            {
                number = parsed;
                return true;
            }

            problem = Problems.BadRequest("BadNumber", $"{name} is a number of at least {least}, not '{value}'");
            return false;
        }
    }

    private static IResult? Impossible(Job job, LogRequest wanted)
    {
        if (wanted.Attempt > job.Attempts.Count) return Problems.NoSuch($"attempt {wanted.Attempt} of job {job.Id} (it has had {job.Attempts.Count})");
        if (wanted.Role is not null && !job.Spec.Roles.ContainsKey(wanted.Role)) return Problems.NoSuch($"role '{wanted.Role}' in job {job.Id}; it has {string.Join(", ", job.Spec.Roles.Keys)}");
        var most = job.Spec.Roles.Values.Sum(role => role.Replicas.Max);
        return wanted.Rank >= most ? Problems.NoSuch($"rank {wanted.Rank} in job {job.Id}; {(most == 1 ? "its only rank is 0" : $"its ranks are 0 to {most - 1}")}") : null;
    }
}
