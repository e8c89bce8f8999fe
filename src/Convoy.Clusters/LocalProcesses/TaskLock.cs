using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

internal static class TaskLock
{
    /// <summary>
    /// Whether no supervisor and no process of the task holds the lock. It is taken for a moment to know, so that a supervisor that is
    /// just starting may refuse: ask only where none is, or where one more is started anyway.
    /// </summary>
    public static bool IsFree(string folder)
    {
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB).
            using var file = new FileStream(Path.Combine(folder, TaskFolder.Lock), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
