using Convoy.Core.Tasks;

namespace Convoy.Supervision;

internal static class FolderLock
{
    /// <summary>Someone who only looks whether the lock is free holds it for an instant; that is no other supervisor.</summary>
    private const int Attempts = 10, PauseMilliseconds = 20;

    private const uint OwnerOnly = 0x180; // 0600

    /// <summary>Held until the process ends; false where another holds it.</summary>
    /// <exception cref="IOException">The folder is not there or cannot be written.</exception>
    public static bool Take(string folder)
    {
        var path = Path.Combine(folder, TaskFolder.Lock);
        var file = Libc.Open(path, Libc.OpenWrite | Libc.OpenCreate | Libc.OpenNoFollow | Libc.CloseOnExec, OwnerOnly);
        if (file < 0) throw new IOException($"{path}: {Libc.Explain(Libc.LastError)}");
        for (var attempt = 1; ; attempt++)
        {
            if (Libc.Lock(file, Libc.LockExclusive | Libc.LockWithoutWaiting) == 0) return true;
            if (attempt == Attempts) return false;
            Thread.Sleep(PauseMilliseconds);
        }
    }
}
