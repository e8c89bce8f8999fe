namespace Convoy.Objects;

/// <summary>Whether a disk that takes no more is what went wrong: then the same thing may be done again later.</summary>
public static class NoSpace
{
    // .NET keeps the number of what Linux said: ENOSPC, and EDQUOT where the quota of a project or a user is full.
    private const int NoSpaceLeft = 28, QuotaFull = 122;

    public static bool IsCauseOf(Exception? error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is IOException { HResult: NoSpaceLeft or QuotaFull }) return true;
        }

        return false;
    }
}
