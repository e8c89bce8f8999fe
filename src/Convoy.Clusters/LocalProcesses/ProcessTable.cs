using System.Globalization;
using System.Text;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// Finds what a task left behind when its supervisor was killed: processes in sessions of their own that hold devices still.
/// One reading serves all tasks that ended in one round.
/// </summary>
internal sealed class ProcessTable
{
    private readonly List<int> pids = [];

    private ProcessTable()
    {
    }

    public static ProcessTable Read()
    {
        var table = new ProcessTable();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid != Environment.ProcessId) table.pids.Add(pid);
        }

        return table;
    }

    /// <summary>Kills what is the task's; true where nothing was left.</summary>
    public bool Sweep(SweptTask task)
    {
        var clean = true;
        foreach (var pid in pids)
        {
            if (!IsOf(task, pid)) continue;
            // The handle is the process looked at next, whoever bears its number later.
            var handle = Native.OpenProcess(pid);
            if (handle < 0) continue;
            try
            {
                if (!IsOf(task, pid) || ProcessState.Read(pid) is not { IsRunning: true }) continue;
                Native.Signal(handle, Native.SigKill);
                clean = false;
            }
            finally
            {
                _ = Native.Close(handle);
            }
        }

        return clean;
    }

    /// <summary>A process of any task of the job, whatever platform started it; null where there is none.</summary>
    public int? FindOf(JobId job, int? uid)
    {
        var mark = Encoding.UTF8.GetBytes($"\0CONVOY_JOB_ID={job}\0");
        foreach (var pid in pids)
        {
            try
            {
                var proc = $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}";
                if (uid is { } theirs && !HasUid(proc, theirs)) continue;
                if (Holds(File.ReadAllBytes($"{proc}/environ"), mark) && ProcessState.Read(pid) is { IsRunning: true }) return pid;
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It has just ended, or is another's.
            }
        }

        return null;
    }

    private static bool IsOf(SweptTask task, int pid)
    {
        try
        {
            var proc = $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}";
            if (IsInCgroup(proc, task.CgroupName)) return true;
            // Anybody can write anything into an environment: it counts only where the uid is the task's.
            if (task.Uid is { } uid && !HasUid(proc, uid)) return false;
            var environment = File.ReadAllBytes($"{proc}/environ");
            return task.Marks.All(mark => Holds(environment, mark)) || HasOpen(proc, task.LockFile);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsInCgroup(string proc, string name) => File.ReadLines($"{proc}/cgroup").Any(line =>
        line.EndsWith('/' + name, StringComparison.Ordinal) || line.Contains($"/{name}/", StringComparison.Ordinal));

    private static bool HasOpen(string proc, string file) => Directory.EnumerateFileSystemEntries($"{proc}/fd").Any(link => new FileInfo(link).LinkTarget == file);

    private static bool HasUid(string proc, int uid)
    {
        var line = File.ReadLines($"{proc}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
        return line.Split('\t')[1] == StateLayout.Text(uid);
    }

    private static bool Holds(ReadOnlySpan<byte> environment, ReadOnlySpan<byte> mark) =>
        environment.StartsWith(mark[1..]) || environment.IndexOf(mark) >= 0;
}

/// <summary>By what a task's processes are known.</summary>
internal sealed class SweptTask
{
    /// <param name="order">Its output folder is no other task's on this machine.</param>
    public SweptTask(TaskOrder order, string lockFile)
    {
        CgroupName = order.CgroupName;
        Uid = order.Uid;
        LockFile = lockFile;
        string[] names = ["CONVOY_JOB_ID", "CONVOY_ATTEMPT", "CONVOY_RANK", "CONVOY_OUTPUT_DIR"];
        Marks = [.. names.Select(name => Encoding.UTF8.GetBytes($"\0{name}={order.Environment[name]}\0"))];
    }

    public string CgroupName { get; }

    public int? Uid { get; }

    /// <summary>Who has it open inherited it from the supervisor.</summary>
    public string LockFile { get; }

    /// <summary>Each between zero bytes, as in <c>/proc/PID/environ</c>.</summary>
    public IReadOnlyList<byte[]> Marks { get; }
}
