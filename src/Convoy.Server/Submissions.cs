using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Server.Datasets;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>From a valid spec to a person's job: the one way, whoever brings the spec.</summary>
public sealed class Submissions(Admission admission, CodeShelf shelf, DiskReserve disk, Ledger ledger, IStore store)
{
    /// <summary>The same id with the same spec is the same submission, however often it comes.</summary>
    /// <returns>The job, and whether it is new; or the answer that says no.</returns>
    public async Task<(Job? Job, bool IsNew, IResult? Refusal)> SubmitAsync(JobId id, User owner, JobSpec spec, CancellationToken cancellationToken)
    {
        if (await ledger.FindAsync(id, cancellationToken) is { } known) return Again(known, owner, spec);
        if (disk.ShortOf() is { } shortage) return (null, false, Problems.DiskFull(shortage));
        if (await store.IsBeingDeletedAsync(id, cancellationToken)) return (null, false, Problems.Conflict("BeingDeleted", $"a job {id} was deleted, and what it left is still being removed; try again in a moment, or use another id or idempotency key"));

        await shelf.TouchAsync(owner.Name, spec, cancellationToken);
        var (admitted, refusal) = await admission.AdmitAsync(owner, spec, cancellationToken);
        if (admitted is null) return (null, false, refusal);
        var answer = await ledger.SubmitAsync(id, owner, admitted.Queue, admitted.Spec, admitted.Level.MaxSubmitted, cancellationToken);
        return answer.Decision switch
        {
            Decision.Accepted => (answer.Job, true, null),
            Decision.Rejected { Code: "AlreadyExists" } => Again(answer.Job!, owner, spec),
            Decision.Rejected over => (null, false, Problems.OverCap(over.Code, over.Message)),
            _ => throw new InvalidOperationException("a decision is one of two things"),
        };
    }

    /// <summary>The level's duration, and the versions of data sets, were filled in by the platform, not asked for.</summary>
    private static (Job? Job, bool IsNew, IResult? Refusal) Again(Job stored, User caller, JobSpec asked)
    {
        var submitted = stored.SubmittedSpec;
        var filled = JobDatasets.AsFilledIn(asked.Limits.MaxDuration is null ? asked with { Limits = asked.Limits with { MaxDuration = submitted.Limits.MaxDuration } } : asked, submitted);
        return stored.Owner == caller.Name && JobSpecJson.Canonical(filled).AsSpan().SequenceEqual(JobSpecJson.Canonical(submitted))
            ? (stored, false, null)
            : (null, false, Problems.Conflict("IdempotencyConflict", $"job {stored.Id} exists with another content; use another id or idempotency key"));
    }
}
