using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>The limits of the order, as far as this machine lets us set them.</summary>
internal sealed class TaskLimits : IDisposable
{
    private readonly TaskCgroup? _cpu;
    private readonly TaskCgroup? _memory;

    private TaskLimits(TaskCgroup? cpu, TaskCgroup? memory, string? missing)
    {
        _cpu = cpu;
        _memory = memory;
        Missing = missing;
    }

    /// <summary>What was asked for and is not enforced, in words; null where nothing is missing.</summary>
    public string? Missing { get; }

    public static TaskLimits Apply(TaskOrder order, int pid)
    {
        var cpu = order.CpuMillicores > 0 ? TaskCgroup.TryMake("cpu", order, pid) : null;
        var memory = order.MemoryBytes > 0 ? TaskCgroup.TryMake("memory", order, pid) : null;
        var missing = (Cpu: order.CpuMillicores > 0 && cpu is null, Memory: order.MemoryBytes > 0 && memory is null) switch
        {
            (true, true) => "cpu and memory limits are not enforced here (no permission for cgroups)",
            (true, false) => "the cpu limit is not enforced here (no permission for cgroups)",
            (false, true) => "the memory limit is not enforced here (no permission for cgroups)",
            _ => null,
        };
        return new TaskLimits(cpu, memory, missing);
    }

    public bool RanOutOfMemory() => _memory is not null && _memory.OutOfMemoryKills() > 0;

    /// <summary>To be called when no process of the task is left.</summary>
    public void Dispose()
    {
        _memory?.Remove();
        _cpu?.Remove();
    }
}
