namespace Convoy.Supervision;

/// <summary>
/// Lets the main thread sleep until something may have changed: a process ended, a signal came, or a file was made in the
/// folder. Spurious waking is harmless, since whoever wakes looks at everything.
/// </summary>
internal sealed unsafe class Wakeups
{
    private const int WatchedPeriod = 1_000, UnwatchedPeriod = 100;

    private readonly int _event = Libc.MakeEvent(0, Libc.CloseOnExec | Libc.NonBlocking);
    private readonly int _watcher = Libc.MakeWatcher(Libc.CloseOnExec | Libc.NonBlocking);
    private readonly int _period;

    public Wakeups(string folder)
    {
        // Watchers are few per user (128 by default); without one the folder is looked at often instead.
        var watched = _watcher >= 0 && Libc.Watch(_watcher, folder, Libc.WatchCreate | Libc.WatchMovedTo) >= 0;
        _period = watched ? WatchedPeriod : UnwatchedPeriod;
    }

    public void Wake()
    {
        ulong one = 1;
        _ = Libc.Write(_event, (byte*)&one, sizeof(ulong));
    }

    public void Sleep(long atMostMilliseconds)
    {
        var waited = stackalloc Libc.PollEntry[2];
        waited[0] = new Libc.PollEntry { Descriptor = _event, Wanted = Libc.PollIn };
        waited[1] = new Libc.PollEntry { Descriptor = _watcher, Wanted = Libc.PollIn };
        if (Libc.Poll(waited, 2, (int)Math.Clamp(atMostMilliseconds, 0, _period)) <= 0) return;
        var buffer = stackalloc byte[4096];
        _ = Libc.Read(_event, buffer, sizeof(ulong));
        if (_watcher >= 0) _ = Libc.Read(_watcher, buffer, 4096);
    }
}
