namespace Convoy.Supervision;

/// <summary>
/// Waits for every child on a thread of its own. Orphans of the task become children before their parent can be waited
/// for, so "no children" means that no process of the task is left.
/// </summary>
internal sealed unsafe class Reaper(int mainPid, Action woken)
{
    private volatile bool _mainEnded;
    private volatile bool _noneLeft;
    private int _mainStatus;

    public bool NoneLeft => _noneLeft;

    /// <summary>As waitpid gives it; null while the main process lives.</summary>
    public int? MainStatus => _mainEnded ? _mainStatus : null;

    public void Start() => new Thread(Reap) { IsBackground = true, Name = "reaper" }.Start();

    private void Reap()
    {
        while (true)
        {
            int status;
            var pid = Libc.Wait(-1, &status, 0);
            if (pid < 0 && Libc.LastError == Libc.ErrorInterrupted) continue;
            if (pid < 0) break;
            if (pid != mainPid) continue;
            _mainStatus = status;
            _mainEnded = true;
            woken();
        }

        _noneLeft = true;
        woken();
    }
}
