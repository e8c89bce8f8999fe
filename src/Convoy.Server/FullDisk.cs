using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>Whether a full disk is what kept something from being stored, wherever it was met.</summary>
public static class FullDisk
{
    public static bool IsCauseOf(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is StoreException { Fault: StoreFault.NoSpace }) return true;
        }

        return NoSpace.IsCauseOf(error);
    }
}
