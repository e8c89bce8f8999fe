using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using Convoy.Server.Authentication;
using Convoy.Server.Datasets;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server.Api;

public static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder api)
    {
        api.MapPut("/jobs/{id}", SubmitAsync).Asks(Permission.UseJobs).Accepts<SubmitRequest>("application/json").Produces<JobView>(201).Produces<JobView>().WithSummary("Submit a job under an id made by the client");
        api.MapPost("/jobs:check", CheckAsync).Asks(Permission.UseJobs).Accepts<SubmitRequest>("application/json").Produces<SubmitCheckView>().WithSummary("What a submission would do now");
        api.MapGet("/jobs", ListAsync).Asks(Permission.UseJobs).Produces<JobListView>().WithSummary("List jobs, newest first; watched where text/event-stream is accepted")
            .TakesPaging("before").Takes(("all", "true: everybody's, for administrators"), ("user", "whose"), ("queue", "in that queue"), ("phase", "in that phase"), ("name", "of that name"), ("unfinished", "true: only those that have not finished"));
        api.MapGet("/jobs/{job}", GetAsync).Asks(Permission.UseJobs).Produces<JobView>().WithSummary("One job, by id or name");
        api.MapGet("/jobs/{job}/why", WhyAsync).Asks(Permission.UseJobs).Produces<WhyView>().WithSummary("Why a job is where it is, and what to try");
    }

    private static async Task<IResult> SubmitAsync(
        string id, HttpContext http, Submissions submissions, People people, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!JobId.TryParse(id, out var jobId)) return Problems.BadRequest("BadJobId", $"'{id}' is not a job id: j followed by 7 to 31 of a-z and 0-9");
        var (spec, invalid) = await SpecBody.ReadAsync(http, cancellationToken);
        if (spec is null) return invalid!;
        var owner = (await people.FindAsync(http.Caller().User, cancellationToken))!;
        var (job, isNew, refusal) = await submissions.SubmitAsync(jobId, owner, spec, cancellationToken);
        if (job is null) return refusal!;
        var view = JobViews.Full(job, null, scheduling.Latest, time.GetUtcNow());
        return isNew ? Results.Created($"/api/v1/jobs/{jobId}", view) : Results.Ok(view);
    }

    private static async Task<IResult> CheckAsync(HttpContext http, Admission admission, DiskReserve disk, Restraints restraints, Ledger ledger, People people, SchedulingLoop scheduling, WhatIf whatIf, CancellationToken cancellationToken)
    {
        var (spec, invalid) = await SpecBody.ReadAsync(http, cancellationToken);
        if (spec is null) return invalid!;
        var owner = (await people.FindAsync(http.Caller().User, cancellationToken))!;
        var (admitted, refusal) = await admission.AdmitAsync(owner, spec, cancellationToken);
        if (admitted is null) return refusal!;
        if (disk.ShortOf() is { } shortage) return Problems.DiskFull(shortage);
        if (Ledger.OverSubmitted(owner.Name, ledger.Unfinished.Values.Count(job => job.Owner == owner.Name), admitted.Level.MaxSubmitted) is { } over) return Problems.OverCap(over.Code, over.Message);

        var check = DryRun.Of(await scheduling.TryAsync(admitted.Probe, cancellationToken), ledger.Unfinished, http.Caller());
        if (restraints.Halt is { } halt) return Results.Ok(check with { StartsNow = false, Reason = halt.Code, Message = halt.Message });
        if (check.Reason is null) return Results.Ok(check);
        var prospect = await whatIf.ProspectAsync(admitted.Probe, cancellationToken);
        return Results.Ok(check with { EarliestStart = check.EarliestStart ?? prospect.EarliestStart, Remedy = RemedyViews.Of(prospect.Remedy, admitted.Spec) });
    }

    private static async Task<IResult> ListAsync(HttpContext http, IStore store, JobWatch watch, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        var (paging, refusal) = Paging.Read(http, "before");
        if (refusal is not null) return refusal;
        var (before, badCursor) = paging.Number(long.MaxValue);
        if (badCursor is not null) return badCursor;
        var query = http.Request.Query;
        JobPhase? phase = null;
        if (query["phase"].ToString() is { Length: > 0 } text)
        {
            if (!Enum.TryParse<JobPhase>(text, ignoreCase: true, out var parsed) || !char.IsLetter(text[0])) return Problems.BadRequest("BadPhase", $"there is no phase '{text}'; phases are {string.Join(", ", Enum.GetNames<JobPhase>())}");
            phase = parsed;
        }

        var caller = http.Caller();
        var wanted = query["user"].ToString();
        var all = query["all"] == "true" && caller.May(Permission.AdministerJobs);
        var owner = wanted.Length > 0 ? wanted : all ? null : caller.User;
        if (owner is not null && !caller.MaySee(owner)) return EventStream.IsWanted(http) ? Problems.NotFound($"user '{owner}'") : Results.Ok(new JobListView([], null));
        var filter = new JobFilter(owner, NullIfEmpty(query["queue"]), phase, NullIfEmpty(query["name"]), query["unfinished"] == "true");
        if (EventStream.IsWanted(http))
        {
            await EventStream.RunAsync(http, (stream, end) => watch.StreamAsync(stream, filter, paging.Limit, http.Request.Headers["Last-Event-ID"], end));
            return Results.Empty;
        }

        var found = await store.ListJobsAsync(filter, before, paging.Limit, cancellationToken);
        var plan = scheduling.Latest;
        var now = time.GetUtcNow();
        return Results.Ok(new JobListView(
            [.. found.Select(record => JobViews.Brief(record.Job, record.ProgressPermille, plan, now))],
            found.Count == 0 ? null : paging.Next(found.Count, found[^1].Job.SubmitSequence)));

        static string? NullIfEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;
    }

    private static async Task<IResult> GetAsync(string job, HttpContext http, JobLookup lookup, SchedulingLoop scheduling, JobDatasetViews datasets, TimeProvider time, CancellationToken cancellationToken) =>
        await lookup.FindAsync(job, http.Caller(), cancellationToken) is { } record
            ? Results.Ok(datasets.With(JobViews.Full(record.Job, record.ProgressPermille, scheduling.Latest, time.GetUtcNow()), record.Job))
            : Problems.NotFound($"job '{job}'");

    private static async Task<IResult> WhyAsync(string job, HttpContext http, JobLookup lookup, SchedulingLoop scheduling, WhatIf whatIf, Ledger ledger, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        if (await lookup.FindAsync(job, caller, cancellationToken) is not { } record) return Problems.NotFound($"job '{job}'");
        var prospect = record.Job.Phase == JobPhase.Pending ? await whatIf.ProspectAsync(record.Job.Id, cancellationToken) : Prospect.None;
        return Results.Ok(Why.Of(record.Job, scheduling.Latest, prospect, ledger.Unfinished.Values, caller, time.GetUtcNow()));
    }
}
