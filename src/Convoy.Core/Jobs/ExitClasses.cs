namespace Convoy.Core.Jobs;

/// <summary>From how a task ended to whose fault it is and whether to try again.</summary>
public static class ExitClasses
{
    private const int SigKill = 9;
    private const string PerhapsMemory = "killed by nobody the platform knows: by the program itself, or by a machine short of memory";

    public static TaskFailure FailureOf(Attempt attempt, TaskRun task)
    {
        var outcome = task.Outcome;
        var failureClass = outcome switch
        {
            null => FailureClass.Platform,
            { DeviceError: true } => FailureClass.Infrastructure,
            // A deadlock of the program's own as a rule. A node may be to blame too, and so it is tried again, but never for ever.
            { Hung: true } => FailureClass.User,
            { Stopped: true } => FailureClass.Platform,
            { OutOfMemory: true } => FailureClass.Resource,
            _ => FailureClass.User,
        };
        var placement = task.Placement;
        return new TaskFailure(attempt.Number, placement.Role, placement.Rank, placement.Node, outcome?.Code, outcome?.Signal, failureClass,
            outcome is null ? "the node or the task's supervisor is gone" : outcome.Message ?? (failureClass == FailureClass.User && outcome.Signal == SigKill ? PerhapsMemory : null))
        {
            Hung = outcome is { Hung: true },
        };
    }

    /// <summary>Running out of memory is retried only where its exit code is named: the same job would do it again.</summary>
    public static bool MayRetry(RecoverySpec recovery, TaskFailure failure, int restarts) =>
        restarts < recovery.MaxRestarts
        && (failure.Hung || recovery.RetryExitCodes.Count == 0
            ? failure.Class == FailureClass.User
            : recovery.RetryExitCodes.Contains(failure.ExitCode ?? (128 + (failure.Signal ?? 0))));
}
