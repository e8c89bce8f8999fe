using System.Globalization;

namespace Convoy.Supervision;

/// <summary>
/// Every process below this one, whatever session or group it has put itself in: the supervisor is their subreaper, so
/// an orphan becomes its child and nothing gets out of the tree.
/// </summary>
internal static class Descendants
{
    /// <summary>Enough for processes that fork while they are being stopped; whoever is left meets the next call.</summary>
    private const int StopRounds = 50;

    /// <summary>Sends the signal to all, and wakes those that are stopped, since a stopped process would not see it.</summary>
    public static void Signal(int signal)
    {
        foreach (var pid in Living())
        {
            _ = Libc.Kill(pid, signal);
            _ = Libc.Kill(pid, Signals.Continue);
        }
    }

    /// <summary>Stops all before it kills any, so that a process that forks as fast as it is killed does not win.</summary>
    public static void Kill()
    {
        var stopped = new HashSet<int>();
        for (var round = 0; round < StopRounds; round++)
        {
            var fresh = Living().Where(stopped.Add).ToList();
            if (fresh.Count == 0) break;
            foreach (var pid in fresh) _ = Libc.Kill(pid, Signals.Stop);
        }

        foreach (var pid in Living()) _ = Libc.Kill(pid, Signals.Kill);
    }

    public static List<int> Living()
    {
        var children = new Dictionary<int, List<(int Pid, bool Dead)>>();
        foreach (var path in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            if (ProcessStat.Of(pid) is not { } stat) continue;
            if (!children.TryGetValue(stat.ParentPid, out var siblings)) children[stat.ParentPid] = siblings = [];
            siblings.Add((pid, stat.State is 'Z' or 'X'));
        }

        var living = new List<int>();
        var waiting = new Queue<int>([Libc.Pid()]);
        while (waiting.TryDequeue(out var parent))
        {
            foreach (var (pid, dead) in children.GetValueOrDefault(parent) ?? [])
            {
                waiting.Enqueue(pid);
                if (!dead) living.Add(pid);
            }
        }

        return living;
    }
}
