using Convoy.Core.Jobs;
using Convoy.Server;
using Convoy.Store;

namespace Convoy.Simulation.Tests;

internal enum SubmitAnswer
{
    Created,
    Same,
    Conflict,
    Refused,
}

/// <summary>One job as its owner sees it: asked for until there is an answer, now and then asked for again, perhaps cancelled or set aside.</summary>
internal sealed class Submission(Simulation simulation, string owner, string key, JobSpec spec)
{
    private readonly Timeline timeline = simulation.Timeline;
    private int openQuestions;

    /// <summary>The revision as which it was last found finished and asked to go on: what was said of it before is about an earlier life.</summary>
    private long retriedAt;

    public JobId Id { get; } = JobId.FromKey(owner, key);

    public string Owner => owner;

    public bool IsAccepted { get; private set; }

    public bool IsRefused { get; private set; }

    /// <summary>The platform has said yes to a cancellation.</summary>
    public bool IsCancelled { get; private set; }

    /// <summary>Its owner has asked for it to be deleted, and may not know whether it was; nothing else is asked about it any more.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>Its owner waits for no answer.</summary>
    public bool IsSettled => openQuestions == 0 && (IsAccepted || IsRefused);

    public void Submit() => Insist((server, cancellationToken) => SubmitAsync(server, spec, cancellationToken), answer =>
    {
        timeline.Require(answer != SubmitAnswer.Conflict, $"{Id} is answered as another's");
        timeline.Require(answer != SubmitAnswer.Refused || !IsAccepted, $"{Id} is refused after it was accepted");
        timeline.Require(answer != SubmitAnswer.Created || !IsAccepted, $"{Id} is created twice");
        simulation.Transcript.Write($"{owner}'s {Id}: {answer}");
        (IsAccepted, IsRefused) = (answer != SubmitAnswer.Refused, answer == SubmitAnswer.Refused);
    });

    /// <summary>The same key with another body.</summary>
    public void SubmitOther() => Insist(
        (server, cancellationToken) => SubmitAsync(server, spec with { DisplayName = "another" }, cancellationToken),
        answer => timeline.Require(answer == SubmitAnswer.Conflict, $"another body under the key of {Id} is answered with {answer}"));

    public void Cancel() => Insist((server, cancellationToken) => server.Ledger.TellAsync(Id, new JobCommand.Cancel(owner), cancellationToken), answer =>
    {
        if (answer.Decision is Decision.Accepted) IsCancelled |= answer.Job!.Revision > retriedAt;
        else RequireFinished(answer);
    });

    public void Suspend() => Insist(
        (server, cancellationToken) => server.Ledger.TellAsync(Id, new JobCommand.Suspend(owner), cancellationToken),
        _ => timeline.After(timeline.Between(0, 60), Resume),
        Resume);

    private void Resume()
    {
        if (!IsDeleted) ResumeNow();
    }

    private void ResumeNow() => Insist((server, cancellationToken) => server.Ledger.TellAsync(Id, new JobCommand.Resume(owner), cancellationToken), answer =>
    {
        if (answer.Decision is Decision.Rejected { Code: "Stopping" }) timeline.After(timeline.Between(1, 5), Resume);
        else if (answer.Decision is Decision.Rejected) RequireFinished(answer);
    });

    public void Update(TermsChange change) => Insist((server, cancellationToken) => server.Ledger.TellAsync(Id, new JobCommand.Update(owner, change), cancellationToken), answer =>
    {
        if (answer.Decision is Decision.Rejected { Code: not "HasRunLonger" }) RequireFinished(answer);
    });

    /// <summary>What the endpoint does. Whoever asks twice, because the first answer was lost, gets one more attempt.</summary>
    public void Retry()
    {
        int? attempt = null;
        Insist(async (server, cancellationToken) =>
        {
            if (await server.Ledger.FindAsync(Id, cancellationToken) is not { } job || !job.Phase.IsFinished()) return null;
            attempt ??= job.Attempts.Count + 1;
            (retriedAt, IsCancelled) = (job.Revision, false);
            var user = (await server.People.FindAsync(owner, cancellationToken))!;
            var (admitted, _) = await server.Admission.AdmitAsync(user, job.Spec, cancellationToken);
            return admitted is null ? null : await server.Ledger.RetryAsync(Id, owner, attempt, user, admitted.Spec.Limits.MaxDuration, admitted.Level.MaxSubmitted, cancellationToken);
        }, answer => simulation.Transcript.Write($"{owner} retries {Id}: {answer?.Decision}"));
    }

    /// <summary>Only where nobody waits for another answer about it, so that none can bring it back.</summary>
    public void Delete()
    {
        if (openQuestions > 0 || IsDeleted) return;
        Insist(async (server, cancellationToken) =>
        {
            if (await server.Ledger.FindAsync(Id, cancellationToken) is not { } job) return IsDeleted;
            if (!job.Phase.IsFinished()) return false;
            IsDeleted = true;
            if (await server.Store.DeleteJobAsync(Id, job.Revision, cancellationToken) == CommitOutcome.Conflict) return await server.Ledger.FindAsync(Id, cancellationToken) is null;
            server.Deletions.Wake();
            return true;
        }, isDeleted => timeline.Require(isDeleted == IsDeleted, $"{Id} is deleted: {isDeleted}, and its owner believes {IsDeleted}"));
    }

    /// <summary>What the endpoint of submission does.</summary>
    private async Task<SubmitAnswer> SubmitAsync(ServerLife server, JobSpec asked, CancellationToken cancellationToken)
    {
        if (await server.Ledger.FindAsync(Id, cancellationToken) is { } known) return Again(known);
        var user = await server.People.FindAsync(owner, cancellationToken);
        var (admitted, _) = await server.Admission.AdmitAsync(user!, asked, cancellationToken);
        if (admitted is null) return SubmitAnswer.Refused;
        var answer = await server.Ledger.SubmitAsync(Id, user!, admitted.Queue, admitted.Spec, admitted.Level.MaxSubmitted, cancellationToken);
        return answer.Decision switch
        {
            Decision.Accepted => SubmitAnswer.Created,
            Decision.Rejected { Code: "AlreadyExists" } => Again(answer.Job!),
            _ => SubmitAnswer.Refused,
        };

        SubmitAnswer Again(Job stored) => stored.Spec.DisplayName == asked.DisplayName ? SubmitAnswer.Same : SubmitAnswer.Conflict;
    }

    /// <summary>Asks until there is an answer.</summary>
    private void Insist<T>(Func<ServerLife, CancellationToken, Task<T>> question, Action<T> answered, Action? orElse = null)
    {
        openQuestions++;
        simulation.Ask(question, Answered, () => timeline.After(timeline.Between(0.5, 8), () =>
        {
            openQuestions--;
            if (orElse is null) Insist(question, answered);
            else orElse();
        }));

        void Answered(T answer)
        {
            openQuestions--;
            answered(answer);
        }
    }

    private void RequireFinished(LedgerAnswer answer) =>
        timeline.Require(IsDeleted || answer.Decision is Decision.Rejected { Code: "AlreadyFinished" } && answer.Job!.Phase.IsFinished(), $"{Id}: {answer.Decision}");
}
