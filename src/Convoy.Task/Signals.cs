namespace Convoy.Supervision;

/// <summary>Signal numbers of Linux on x86-64 and arm64.</summary>
internal static class Signals
{
    public const int Hangup = 1, Kill = 9, BrokenPipe = 13, Terminate = 15, Child = 17, Continue = 18, Stop = 19, WindowChange = 28;
    public const int Highest = 64;

    private static readonly string[] Names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>Of a name such as <c>SIGTERM</c> or <c>TERM</c>; null where there is none.</summary>
    public static int? Number(string name)
    {
        var index = Array.IndexOf(Names, name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name);
        return index < 0 ? null : index + 1;
    }
}
