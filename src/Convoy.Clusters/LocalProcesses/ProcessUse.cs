using System.Globalization;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>What the processes of this machine had used at one time, read once for all tasks.</summary>
internal sealed class ProcessUse
{
    /// <summary>The kernel tells times to programs in hundredths of a second, whatever it counts in.</summary>
    private const int TicksPerSecond = 100;

    private readonly Dictionary<int, Entry> processes = [];
    private readonly ILookup<int, Entry> children;

    private ProcessUse()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Entry.Read(pid) is { } entry) processes[pid] = entry;
        }

        children = processes.Values.ToLookup(process => process.Parent);
    }

    public static ProcessUse Read() => new();

    /// <summary>
    /// Of all below a supervisor, with what those had used that ended and were waited for. Null where that supervisor is no more.
    /// </summary>
    public TreeUse? Below(int supervisor, long startTicks)
    {
        if (!processes.TryGetValue(supervisor, out var root) || root.StartTicks != startTicks) return null;
        var (ticks, pages, count) = (root.EndedTicks, 0L, 0);
        var waiting = new Queue<int>([supervisor]);
        while (waiting.TryDequeue(out var parent))
        {
            foreach (var process in children[parent])
            {
                waiting.Enqueue(process.Pid);
                (ticks, pages, count) = (ticks + process.OwnTicks + process.EndedTicks, pages + process.Pages, count + 1);
            }
        }

        return new TreeUse(TimeSpan.FromSeconds((double)ticks / TicksPerSecond), pages * Environment.SystemPageSize, count);
    }

    /// <param name="OwnTicks">In user and kernel mode.</param>
    /// <param name="EndedTicks">The same of children that were waited for, and of theirs.</param>
    private readonly record struct Entry(int Pid, int Parent, long OwnTicks, long EndedTicks, long StartTicks, long Pages)
    {
        public static Entry? Read(int pid)
        {
            if (ProcessState.Fields(pid) is not { } field) return null;
            long Field(int number) => long.Parse(field(number), CultureInfo.InvariantCulture);
            return new Entry(pid, (int)Field(4), Field(14) + Field(15), Field(16) + Field(17), Field(22), Field(24));
        }
    }
}

/// <param name="Cpu">Since they started.</param>
internal readonly record struct TreeUse(TimeSpan Cpu, long MemoryBytes, int Processes);
