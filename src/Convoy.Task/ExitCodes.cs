namespace Convoy.Supervision;

/// <summary>Of the supervisor itself, as in sysexits.h; how the task ended is in its folder.</summary>
internal static class ExitCodes
{
    public const int Done = 0, Usage = 2, CannotWrite = 74, HeldByAnother = 75;
}
