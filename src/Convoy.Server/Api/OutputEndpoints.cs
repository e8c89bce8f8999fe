using Convoy.Client.Wire;
using Convoy.Clusters;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Operation;
using Microsoft.Net.Http.Headers;

namespace Convoy.Server.Api;

public static class OutputEndpoints
{
    private const string AllAttempts = "all";

    public static void MapOutputs(this IEndpointRouteBuilder api)
    {
        api.MapGet("/jobs/{job}/outputs", ListAsync).Asks(Permission.UseJobs).Produces<OutputListView>().WithSummary("Files that a job's tasks left in CONVOY_OUTPUT_DIR").TakesPaging("after")
            .Takes(("attempt", "from 1, or all; the newest that has any where it is left out"), ("role", "only this role"), ("rank", "only this rank"), ("prefix", "only paths that begin like this"));
        api.MapGet("/jobs/{job}/outputs/content", ContentAsync).Asks(Permission.UseJobs).Produces(200, contentType: "application/octet-stream").Produces(206, contentType: "application/octet-stream").WithSummary("One of these files; its ETag is its SHA-256")
            .Takes(("attempt", "as the list says"), ("rank", "as the list says"), ("path", "as the list says"));
    }

    private static async Task<IResult> ListAsync(string job, HttpContext http, JobLookup lookup, OutputReader reader, HereOnly here, RetentionMarks kept, CancellationToken cancellationToken)
    {
        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { } record) return Problems.NotFound($"job '{job}'");
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var all = http.Request.Query["attempt"] == AllAttempts;
        TaskChoice? tasks;
        (tasks, refusal) = TaskChoice.Read(http.Request, readsAttempt: !all);
        if (tasks is null) return refusal!;
        if (tasks.Impossible(record.Job) is { } impossible) return impossible;
        if (here.Elsewhere(record.Job, tasks.Attempt, anyAttempt: tasks.Attempt is null) is { } cluster) return Problems.NotKept("the outputs", record.Job.Id, cluster);
        if (record.Job.Attempts.Count > 0 && kept.HasRemoved(KeptKind.Outputs, record.Job)) return Problems.Of(410, "OutputsRemoved", $"the outputs of job {record.Job.Id} were removed: outputs are kept for {kept.TimeOf(KeptKind.Outputs)} after a job's end, and it ended {record.Job.EndedAt:yyyy-MM-dd HH:mm} UTC");
        var cursor = paging.From is { } from ? OutputCursor.Parse(from) : null;
        var view = paging.From is not null && cursor is null ? null : await reader.ReadAsync(record.Job, new OutputRequest(tasks, all, http.Request.Query["prefix"].ToString()), cursor, paging.Limit, cancellationToken);
        return view is null ? Paging.BadCursor(paging.From!) : Results.Ok(view);
    }

    private static async Task<IResult> ContentAsync(string job, HttpContext http, JobLookup lookup, ITaskOutputs outputs, HereOnly here, CancellationToken cancellationToken)
    {
        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { } record) return Problems.NotFound($"job '{job}'");
        var (task, refusal) = TaskChoice.Read(http.Request);
        if (task is null) return refusal!;
        var path = http.Request.Query["path"].ToString();
        if (task is not { Attempt: { } attempt, Rank: { } rank } || path.Length == 0) return Problems.BadRequest("BadOutput", "attempt, rank and path say which file; the list of outputs has them");
        if (here.Elsewhere(record.Job, attempt) is { } cluster) return Problems.NotKept("the outputs", record.Job.Id, cluster);
        var entry = await outputs.FindAsync(record.Job.Id, attempt, rank, path, cancellationToken);
        if (entry is { LeftBehind: { } why }) return Problems.Conflict("LeftBehind", $"the content of '{path}' is not kept ({why})");
        if (entry?.Sha256 is null || await outputs.OpenAsync(record.Job.Id, entry.Sha256, cancellationToken) is not { } content) return Problems.NoSuch($"file '{path}' of attempt {attempt}, rank {rank} in job {record.Job.Id}");

        // A task may have written a page that a browser would run.
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.File(content, "application/octet-stream", Path.GetFileName(path), entry.ModifiedAt, new EntityTagHeaderValue($"\"{entry.Sha256}\""), enableRangeProcessing: true);
    }
}
