using System.Globalization;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>The group of one task in one controller's hierarchy, <c>convoy/NAME</c> below the supervisor's own or the root.</summary>
internal sealed class TaskCgroup
{
    private const string Family = "convoy";
    private const uint FolderMode = 0x1ED; // 0755
    private const int RemoveAttempts = 50, RemovePauseMilliseconds = 10;

    /// <summary>Microseconds, the kernel's default; the quota is in the same unit and not below a hundredth of it.</summary>
    private const long Period = 100_000;

    private readonly CgroupHierarchy _hierarchy;
    private readonly string _path;

    private TaskCgroup(CgroupHierarchy hierarchy, string path)
    {
        _hierarchy = hierarchy;
        _path = path;
    }

    /// <summary>Null where the machine does not let us.</summary>
    public static TaskCgroup? TryMake(string controller, TaskOrder order, int pid)
    {
        if (CgroupHierarchy.Of(controller) is not { } hierarchy) return null;
        foreach (var parent in hierarchy.Parents(controller))
        {
            var path = Path.Combine(parent, Family, order.CgroupName);
            if (!MakeFolders(parent, path)) continue;
            var group = new TaskCgroup(hierarchy, path);
            if (hierarchy.Delegate(Path.Combine(parent, Family), controller)
                && (controller == "cpu" ? group.LimitCpu(order.CpuMillicores) : group.LimitMemory(order.MemoryBytes))
                && CgroupFile.TryWrite(Path.Combine(path, "cgroup.procs"), Text(pid)))
                return group;
            group.Remove();
        }

        return null;
    }

    public long OutOfMemoryKills() => CgroupFile.Number(Path.Combine(_path, _hierarchy.IsUnified ? "memory.events" : "memory.oom_control"), "oom_kill");

    /// <summary>The kernel may still be putting away processes that have been waited for.</summary>
    public void Remove()
    {
        for (var attempt = 0; attempt < RemoveAttempts && Libc.RemoveFolder(_path) < 0 && Libc.LastError != Libc.ErrorNotFound; attempt++)
            Thread.Sleep(RemovePauseMilliseconds);
        _ = Libc.RemoveFolder(Path.GetDirectoryName(_path)!);
    }

    private bool LimitCpu(long millicores)
    {
        var quota = Text(Math.Max(Period / 100, millicores * Period / 1000));
        return _hierarchy.IsUnified
            ? Write("cpu.max", $"{quota} {Text(Period)}")
            : Write("cpu.cfs_period_us", Text(Period)) && Write("cpu.cfs_quota_us", quota);
    }

    /// <summary>The limit is one of memory; where swap is accounted for none is given on top.</summary>
    private bool LimitMemory(long bytes)
    {
        if (_hierarchy.IsUnified)
        {
            _ = Write("memory.swap.max", "0");
            _ = Write("memory.oom.group", "1");
            return Write("memory.max", Text(bytes));
        }

        if (!Write("memory.limit_in_bytes", Text(bytes))) return false;
        _ = Write("memory.memsw.limit_in_bytes", Text(bytes));
        return true;
    }

    /// <summary>Another task's end may take the family's folder away between the two steps.</summary>
    private static bool MakeFolders(string parent, string path)
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            _ = Libc.MakeFolder(Path.Combine(parent, Family), FolderMode);
            if (Libc.MakeFolder(path, FolderMode) == 0) return true;
            // Left by a supervisor that was killed. If anything still lives in it, it stays and is joined.
            if (Libc.LastError == Libc.ErrorExists) return Libc.RemoveFolder(path) < 0 || Libc.MakeFolder(path, FolderMode) == 0;
        }

        return false;
    }

    private bool Write(string name, string text) => CgroupFile.TryWrite(Path.Combine(_path, name), text);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
