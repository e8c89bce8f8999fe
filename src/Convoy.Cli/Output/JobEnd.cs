using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Output;

/// <summary>How a job ended: a sentence and an exit code.</summary>
internal static class JobEnd
{
    public static int ExitCode(JobPhase phase) => phase switch
    {
        JobPhase.Succeeded => ExitCodes.Success,
        JobPhase.Failed => ExitCodes.JobFailed,
        JobPhase.Cancelled => ExitCodes.JobCancelled,
        _ => ExitCodes.NotFinished,
    };

    /// <summary>Says how it ended, and returns the exit code.</summary>
    public static int Say(Call call, JobView job)
    {
        call.Say(job.Phase switch
        {
            JobPhase.Succeeded => $"job {Name(job)} succeeded{Took(job)}",
            JobPhase.Failed when job.Failure is { } failure => $"job {Name(job)} failed{Took(job)}: {Failure(failure)}{Advice(job, failure)}",
            JobPhase.Failed => $"job {Name(job)} failed{Took(job)}: {job.Message ?? job.Reason}",
            JobPhase.Cancelled => $"job {Name(job)} was cancelled{(job.CancelledBy is null ? "" : $" by {job.CancelledBy}")}",
            _ => $"job {Name(job)} has not finished: it is {job.Phase}",
        });
        return ExitCode(job.Phase);
    }

    public static string Name(JobView job) => $"{job.Name} ({job.Id})";

    /// <summary>The first rank that failed, its exit code and class.</summary>
    public static string Failure(FailureView failure)
    {
        var exit = Exit(failure.ExitCode, failure.Signal);
        var how = exit is null ? (failure.Message is null ? "was lost" : "") : failure.ExitCode is null ? $"was ended by {exit}" : $"ended with exit code {exit}";
        var words = new[] { how, failure.Message ?? "" }.Where(word => word.Length > 0);
        return Printable.Of($"rank {failure.Rank} ({failure.Role}) on {failure.Node} {string.Join(": ", words)} [{failure.Class}]");
    }

    public static string? Exit(int? code, int? signal) => code is not null ? $"{code}" : signal is not null ? $"signal {signal}" : null;

    private static string Took(JobView job) => JobTable.Runtime(job) is { } runtime ? $" after {runtime}" : "";

    private static string Advice(JobView job, FailureView failure) => failure.Class switch
    {
        FailureClass.Resource => "; it ran out of memory: ask for more with --memory, or use less",
        FailureClass.User => $"; its log: convoy logs {job.Id} --rank {failure.Rank}",
        _ => "",
    };
}
