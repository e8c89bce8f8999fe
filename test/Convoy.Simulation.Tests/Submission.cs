using Convoy.Core.Jobs;
using Convoy.Server;

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

    public JobId Id { get; } = JobId.FromKey(owner, key);

    public string Owner => owner;

    public bool IsAccepted { get; private set; }

    public bool IsRefused { get; private set; }

    /// <summary>The platform has said yes to a cancellation.</summary>
    public bool IsCancelled { get; private set; }

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
        if (answer.Decision is Decision.Accepted) IsCancelled = true;
        else RequireFinished(answer);
    });

    public void Suspend() => Insist(
        (server, cancellationToken) => server.Ledger.TellAsync(Id, new JobCommand.Suspend(owner), cancellationToken),
        _ => timeline.After(timeline.Between(0, 60), Resume),
        Resume);

    private void Resume() => Insist((server, cancellationToken) => server.Ledger.TellAsync(Id, new JobCommand.Resume(owner), cancellationToken), answer =>
    {
        if (answer.Decision is Decision.Rejected { Code: "Stopping" }) timeline.After(timeline.Between(1, 5), Resume);
        else if (answer.Decision is Decision.Rejected) RequireFinished(answer);
    });

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
        timeline.Require(answer.Decision is Decision.Rejected { Code: "AlreadyFinished" } && answer.Job!.Phase.IsFinished(), $"{Id}: {answer.Decision}");
}
