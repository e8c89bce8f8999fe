using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Objects;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server.Api;

/// <summary>What may be done to a job once it is there. Each may be asked again: the second time changes nothing.</summary>
public static class JobSteeringEndpoints
{
    public static void MapJobSteering(this IEndpointRouteBuilder api)
    {
        api.MapPost("/jobs/{job}/cancel", CancelAsync).Asks(Permission.UseJobs).Produces<JobView>().WithSummary("Cancel a job");
        api.MapPost("/jobs/{job}/suspend", SuspendAsync).Asks(Permission.UseJobs).Produces<JobView>().WithSummary("Set a job aside: what it holds is freed, its place stays its own");
        api.MapPost("/jobs/{job}/resume", ResumeAsync).Asks(Permission.UseJobs).Produces<JobView>().WithSummary("Queue a suspended job again");
        api.MapPost("/jobs/{job}/retry", RetryAsync).Asks(Permission.UseJobs).Produces<JobView>().WithSummary("Submit a finished job again, as a new attempt")
            .Takes(("attempt", "the attempt that it is to begin; where the job has had it already, nothing happens"));
        api.MapPatch("/jobs/{job}", UpdateAsync).Asks(Permission.UseJobs).Produces<JobUpdateView>().WithSummary("Change queue, priority and limits of an unfinished job");
        api.MapDelete("/jobs/{job}", DeleteAsync).Asks(Permission.UseJobs).Produces<JobView>().WithSummary("Delete a finished job, with its logs, checkpoints and events");
    }

    private static Task<IResult> CancelAsync(string job, HttpContext http, JobSteering steering, CancellationToken cancellationToken) =>
        steering.TellOneAsync(job, http.Caller(), by => new JobCommand.Cancel(by), cancellationToken);

    private static Task<IResult> SuspendAsync(string job, HttpContext http, JobSteering steering, CancellationToken cancellationToken) =>
        steering.TellOneAsync(job, http.Caller(), by => new JobCommand.Suspend(by), cancellationToken);

    private static async Task<IResult> ResumeAsync(string job, HttpContext http, JobLookup lookup, JobSteering steering, CancellationToken cancellationToken) =>
        await lookup.FindAsync(job, http.Caller(), cancellationToken) is { } found
            ? await steering.TellAsync(found.Job.Id, new JobCommand.Resume(http.Caller().User), cancellationToken)
            : Problems.NotFound($"job '{job}'");

    private static async Task<IResult> RetryAsync(
        string job, HttpContext http, JobLookup lookup, JobSteering steering, Admission admission, CodeShelf shelf, DiskReserve disk, Ledger ledger, People people, IObjectStore objects, CancellationToken cancellationToken)
    {
        int? attempt = null;
        if (http.Request.Query["attempt"].ToString() is { Length: > 0 } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1) return Problems.BadRequest("BadAttempt", $"attempt is a number of at least 1, not '{text}'");
            attempt = number;
        }

        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { Job: var found }) return Problems.NotFound($"job '{job}'");

        // Nothing to submit: a job that finishes at this very moment is not queued without the checks below.
        if (!found.Phase.IsFinished()) return steering.Answer(new LedgerAnswer(JobLifecycle.Decide(found, new JobCommand.Retry(http.Caller().User, attempt, found.Level, null, found.Place), default), found));
        if (disk.ShortOf() is { } shortage) return Problems.DiskFull(shortage);
        await shelf.TouchAsync(found.Owner, found.Spec, cancellationToken);
        if (found.Spec.Code?.Archive is { } archive && !await objects.HasAsync(archive, cancellationToken))
        {
            return Problems.Conflict("CodeGone", $"job {found.Id} cannot run again: its code {archive[..12]}… is no longer kept; submit it anew, with its folder");
        }

        var owner = (await people.FindAsync(found.Owner, cancellationToken))!;
        var (admitted, refusal) = await admission.AdmitAsync(owner, found.Spec with { Queue = found.Queue }, cancellationToken);
        if (admitted is null) return refusal!;
        var answer = await ledger.RetryAsync(found.Id, http.Caller().User, attempt, owner, admitted.Spec.Limits.MaxDuration, admitted.Level.MaxSubmitted, cancellationToken);
        return steering.Answer(answer);
    }

    private static async Task<IResult> UpdateAsync(
        string job, JobUpdateRequest request, HttpContext http, JobLookup lookup, JobSteering steering, Admission admission, Ledger ledger, People people, SchedulingLoop scheduling, CancellationToken cancellationToken)
    {
        if (Read(request) is not { } change) return Problems.Invalid("BadDuration", $"maxDuration is a duration such as 4h, or none, not '{request.MaxDuration}'");
        if (change == new TermsChange()) return Problems.Invalid("NothingToChange", "nothing is to change; give queue, priority or maxDuration");
        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { Job: var found }) return Problems.NotFound($"job '{job}'");
        if (found.Phase.IsFinished()) return steering.Answer(new LedgerAnswer(JobLifecycle.Decide(found, new JobCommand.Update(http.Caller().User, change), default), found));
        var owner = (await people.FindAsync(found.Owner, cancellationToken))!;
        var (allowed, refusal) = await admission.MayChangeAsync(owner, change, cancellationToken);
        if (allowed is null) return refusal!;
        if (allowed.Queue is { } queue && queue != found.Queue && found.Current is not null && await scheduling.WouldWaitInAsync(found, queue, cancellationToken) is { } waits)
        {
            return Problems.OverCap("ExceedsQueueQuota", $"job {found.Id} has machines, and in queue {queue} it could not have them now: {Sentences.Of(waits)}; suspend it first, or try again when there is room");
        }

        var answer = await ledger.TellAsync(found.Id, new JobCommand.Update(http.Caller().User, allowed), cancellationToken);
        if (answer.Decision is not Decision.Accepted accepted) return steering.Answer(answer);
        var updated = accepted.Events.OfType<JobUpdated>().LastOrDefault();
        var now = JobTerms.Of(answer.Job!);
        return Results.Ok(new JobUpdateView(steering.View(answer.Job!), View(updated?.Before ?? now), View(updated?.After ?? now)));

        static JobTermsView View(JobTerms terms) => new(terms.Queue, terms.Priority, terms.MaxDuration is { } longest ? DurationText.Format(longest) : null);
    }

    /// <summary>Null where the duration cannot be read.</summary>
    private static TermsChange? Read(JobUpdateRequest request)
    {
        var change = new TermsChange(request.Queue, request.Priority);
        if (request.MaxDuration is null) return change;
        if (request.MaxDuration == "none") return change with { ClearsMaxDuration = true };
        return DurationText.TryParse(request.MaxDuration, out var longest) && longest > TimeSpan.Zero ? change with { MaxDuration = longest } : null;
    }

    private static async Task<IResult> DeleteAsync(string job, HttpContext http, JobLookup lookup, JobSteering steering, IStore store, DeletionLoop deletions, ILogger<DeletionLoop> log, CancellationToken cancellationToken)
    {
        var found = await lookup.FindToChangeAsync(job, http.Caller(), cancellationToken);
        if (found.Count != 1) return JobSteering.NotOne(job, found);
        if (!found[0].Phase.IsFinished()) return Problems.Conflict("NotFinished", $"job {found[0].Id} has not finished (it is {found[0].Phase}); cancel it first: `convoy cancel {found[0].Id}`");
        if (await store.DeleteJobAsync(found[0].Id, found[0].Revision, cancellationToken) == CommitOutcome.Conflict)
        {
            return Problems.Conflict("Changed", $"job {found[0].Id} has changed at this moment; look at it again with `convoy get {found[0].Id}`");
        }

        var by = http.Caller().User;
        JobSteering.LogDeleted(log, found[0].Id, found[0].Owner, by);
        deletions.Wake();
        return Results.Ok(steering.View(found[0]));
    }
}
