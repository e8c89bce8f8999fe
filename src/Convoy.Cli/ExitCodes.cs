namespace Convoy.Cli;

/// <summary>What a script may rely on. 1 is left to programs that crash.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Usage = 2;
    public const int Invalid = 3;
    public const int NotAllowed = 4;
    public const int OverCap = 5;
    public const int Unreachable = 6;
    public const int Conflict = 7;
    public const int JobFailed = 100;
    public const int NotFinished = 101;
    public const int NotFound = 102;
    public const int JobCancelled = 103;
    public const int Detached = 130;

    /// <summary>Nobody reads the output any more, as a shell reports SIGPIPE.</summary>
    public const int BrokenPipe = 141;

    /// <summary>Codes that any verb may end with.</summary>
    public static IReadOnlyList<int> Usual { get; } = [Success, Usage, Invalid, NotAllowed, OverCap, Unreachable, Conflict, NotFound];

    /// <summary>Of verbs that wait for a job's end.</summary>
    public static IReadOnlyList<int> OfJobs { get; } = [JobFailed, NotFinished, JobCancelled, Detached];

    public static string Meaning(int code) => code switch
    {
        Success => "Success; of a verb that waits for a job: the job succeeded",
        Usage => "The command line was wrong",
        Invalid => "The request was invalid, or can never be fulfilled",
        NotAllowed => "Not signed in, or not allowed",
        OverCap => "Over a cap or quota",
        Unreachable => "The server cannot be reached",
        Conflict => "It conflicts with what is there",
        JobFailed => "The job failed",
        NotFinished => "The job has not finished: the time to wait was up",
        NotFound => "There is no such thing, or it is not yours",
        JobCancelled => "The job was cancelled",
        Detached => "Ctrl-C ended the watching; the job goes on",
        _ => "",
    };
}
