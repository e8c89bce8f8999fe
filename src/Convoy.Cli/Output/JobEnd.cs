using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

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
            JobPhase.Succeeded => (Text)$"job {Name(job)} succeeded{Took(job)}",
            JobPhase.Failed when job.Failure is { } failure => $"job {Name(job)} failed{Took(job)}: {Failure(failure)}{Advice(job, failure)}",
            JobPhase.Failed => $"job {Name(job)} failed{Took(job)}: {job.Message ?? Text.Verbatim(job.Reason)}",
            JobPhase.Cancelled when job.CancelledBy is { } by => $"job {Name(job)} was cancelled by {by}",
            JobPhase.Cancelled => $"job {Name(job)} was cancelled",
            _ => $"job {Name(job)} has not finished: it is {job.Phase}",
        });
        return ExitCode(job.Phase);
    }

    public static string Name(JobView job) => $"{job.Name} ({job.Id})";

    /// <summary>The first rank that failed, its exit code and class.</summary>
    public static Text Failure(FailureView failure)
    {
        Text? how = failure switch
        {
            { ExitCode: { } code } => (Text)$"ended with exit code {code}",
            { Signal: { } signal } => $"was ended by signal {signal}",
            { Message: null } => "was lost",
            _ => null,
        };
        Text? message = failure.Message is { } told ? Printable.Of(told) : null;
        return $"rank {failure.Rank} ({failure.Role}) on {Printable.Of(failure.Node)} {Text.Join(": ", new[] { how, message }.OfType<Text>())} [{failure.Class}]";
    }

    public static string? Exit(int? code, int? signal) => code is not null ? $"{code}" : signal is not null ? Text.Of($"signal {signal}").Said() : null;

    private static Text Took(JobView job) => JobTable.Runtime(job) is { } runtime ? (Text)$" after {runtime}" : "";

    private static Text Advice(JobView job, FailureView failure) => failure.Class switch
    {
        FailureClass.Resource => (Text)"; it ran out of memory: ask for more with --memory, or use less",
        FailureClass.User => $"; its log: convoy logs {job.Id} --rank {failure.Rank}",
        _ => "",
    };
}
