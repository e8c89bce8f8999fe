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
}
