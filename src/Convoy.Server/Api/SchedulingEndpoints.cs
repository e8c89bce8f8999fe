using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Simulation;
using Convoy.Server.Authentication;
using Convoy.Store;

namespace Convoy.Server.Api;

public static class SchedulingEndpoints
{
    public static void MapScheduling(this IEndpointRouteBuilder api)
    {
        api.MapGet("/scheduling/snapshot", SnapshotAsync).Asks(Permission.AdministerJobs).Produces<object>(200, "application/json")
            .WithSummary("All that the scheduler would decide from now: machines, jobs, levels; no environment and no secrets");
        api.MapGet("/scheduling/history", HistoryAsync).Asks(Permission.AdministerJobs).Produces<HistoryView>()
            .WithSummary("What everybody's jobs did in a period up to now, as rows of a trace; a page may have fewer than asked for and still go on")
            .TakesPaging("after").Takes(("since", "when the period begins, such as 2026-01-31T00:00:00Z"));
    }

    private static async Task<IResult> SnapshotAsync(Snapshots snapshots, CancellationToken cancellationToken) =>
        Results.Bytes((await snapshots.TakeAsync(cancellationToken)).ToJson(), "application/json");

    /// <summary>Unfinished jobs first: one that ends while the pages are read comes twice, and never not at all.</summary>
    private static async Task<IResult> HistoryAsync(HttpContext http, Ledger ledger, IStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var text = http.Request.Query["since"].ToString();
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since)) return Problems.BadRequest("BadSince", $"since is a time such as 2026-01-31T00:00:00Z, not '{text}'");
        if (await HistoryCursor.ReadAsync(paging.From, ledger, cancellationToken) is not { } cursor) return Paging.BadCursor(paging.From!);

        IReadOnlyList<Job> jobs = cursor.Finished is { } finished
            ? await store.ListFinishedAsync(since, finished.After, paging.Limit, cancellationToken)
            : [.. ledger.Unfinished.Values.Where(job => job.SubmitSequence > cursor.Unfinished).OrderBy(job => job.SubmitSequence).Take(paging.Limit)];
        var now = time.GetUtcNow();
        return Results.Ok(new HistoryView([.. jobs.Select(job => HistoryTrace.Of(job, since, now)).OfType<SimulatedJob>().Select(HistoryJobView.Of)], cursor.Next(jobs, paging.Limit)));
    }
}
