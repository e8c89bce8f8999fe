using System.Globalization;
using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server.Api;

public static class MetricEndpoints
{
    private const int MostPointsPerReport = 1000;
    private const int PageOfStream = 1000;

    public static void MapJobMetrics(this IEndpointRouteBuilder api)
    {
        api.MapGet("/jobs/{job}/metrics", ListAsync).Asks(Permission.UseJobs).Produces<MetricListView>().WithSummary("A job's metrics; streamed where text/event-stream is accepted").TakesPaging("after").Takes(("name", "only this series"));
        api.MapPost("/jobs/{job}/metrics", ReportAsync).Asks(Permission.ReportForJob).Produces(204).WithSummary("Report metrics, as a task");
        api.MapPost("/jobs/{job}/progress", ProgressAsync).Asks(Permission.ReportForJob).Produces(204).WithSummary("Report progress, as a task");
    }

    private static async Task<IResult> ListAsync(
        string job, HttpContext http, JobLookup lookup, IStore store, JobFeed feed, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { } record) return Problems.NotFound($"job '{job}'");
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var (after, badCursor) = paging.Number(0);
        if (badCursor is not null) return badCursor;
        var name = http.Request.Query["name"].ToString() is { Length: > 0 } given ? given : null;
        if (!EventStream.IsWanted(http))
        {
            var points = await store.ListMetricsAsync(record.Job.Id, name, after, paging.Limit, cancellationToken);
            return Results.Ok(new MetricListView([.. points.Select(View)], points.Count == 0 ? null : paging.Next(points.Count, points[^1].Sequence)));
        }

        if (long.TryParse(http.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var seen)) after = seen;
        await EventStream.RunAsync(http, (stream, end) => FollowAsync(stream, record.Job.Id, name, after, store, feed, scheduling, time, end));
        return Results.Empty;
    }

    private static async Task FollowAsync(EventStream stream, JobId id, string? name, long after, IStore store, JobFeed feed, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = feed.NextChange(id);

            // The job first: what it reported before it finished is then in the page.
            var record = (await store.GetJobAsync(id, cancellationToken))!;
            var points = await store.ListMetricsAsync(id, name, after, PageOfStream, cancellationToken);
            foreach (var point in points)
            {
                after = point.Sequence;
                await stream.SendAsync("metric", point.Sequence.ToString(CultureInfo.InvariantCulture), JsonSerializer.SerializeToUtf8Bytes(View(point), RequestLanguage.Json.MetricView), cancellationToken);
            }

            if (points.Count == PageOfStream) continue;
            if (record.Job.Phase.IsFinished())
            {
                feed.Wake(id);
                await stream.SendEndAsync(record, scheduling, time, cancellationToken);
                return;
            }

            await stream.WaitAsync(change, Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }

    private static async Task<IResult> ReportAsync(string job, MetricReport report, HttpContext http, Ledger ledger, IStore store, JobFeed feed, CancellationToken cancellationToken)
    {
        if (await OwnJobAsync(job, report.Attempt, http, ledger, cancellationToken) is not { } own) return Problems.NotFound($"job '{job}'");
        if (Malformed(report, own) is { } wrong) return Problems.Invalid("BadMetrics", wrong);
        var points = report.Points.Select(point => new MetricPoint(point.Step, point.Name, point.Value, point.At)).ToArray();
        if (points.Length == 0) return Results.NoContent();
        var outcome = await store.AppendMetricsAsync(new MetricBatch(own.Id, report.Attempt, report.Rank, report.BatchId, points), cancellationToken);
        if (outcome == MetricsOutcome.Full) return Problems.Conflict("MetricsFull", "the job has as many metric points or series as it may have; log less often, or fewer names");
        feed.Wake(own.Id);
        return Results.NoContent();
    }

    private static async Task<IResult> ProgressAsync(string job, ProgressReport report, HttpContext http, Ledger ledger, IStore store, JobFeed feed, CancellationToken cancellationToken)
    {
        if (await OwnJobAsync(job, report.Attempt, http, ledger, cancellationToken) is not { } own) return Problems.NotFound($"job '{job}'");
        if (report.Fraction is not (>= 0 and <= 1)) return Problems.Invalid("BadProgress", "fraction is a number from 0 to 1");
        await store.SetProgressAsync(own.Id, report.Attempt, (int)Math.Round(report.Fraction * 1000), cancellationToken);
        feed.Wake(own.Id);
        return Results.NoContent();
    }

    /// <summary>The token names the job; a task that asks about another one finds nothing.</summary>
    private static async Task<Job?> OwnJobAsync(string id, int attempt, HttpContext http, Ledger ledger, CancellationToken cancellationToken) =>
        http.Caller().ReportsFor == id && await ledger.FindAsync(JobId.Parse(id), cancellationToken) is { } job && job.Attempts.Count == attempt ? job : null;

    private static Text? Malformed(MetricReport report, Job job)
    {
        if (report.Points is null || report.BatchId is null or { Length: 0 or > 64 }) return "batchId has 1 to 64 characters, and points is a list";
        if (report.Points.Count > MostPointsPerReport) return $"a report has at most {MostPointsPerReport} points";
        if (report.Rank < 0 || report.Rank >= job.Attempts[^1].Tasks.Count) return $"the attempt's ranks are 0 to {job.Attempts[^1].Tasks.Count - 1}";
        return report.Points.Any(point => point?.Name is null or { Length: 0 or > 128 } || point.Name.Any(char.IsControl) || point.Step < 0)
            ? (Text)$"a point of job {job.Id} has a step of at least 0 and a name of 1 to 128 characters without control characters"
            : null;
    }

    private static MetricView View(StoredMetric metric) => new(metric.Sequence, metric.Attempt, metric.Rank, metric.Point.Step, metric.Point.Name, metric.Point.Value, metric.Point.At);
}
