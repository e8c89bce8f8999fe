using System.Globalization;
using System.Text.Json;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// Measures what lives below the supervisors in the state folder of a <see cref="LocalCluster"/>. However many ask, the machine
/// is looked at once a second, and not at all while nobody does.
/// </summary>
/// <param name="asksDevices">Devices are real, and numbered as the driver numbers them.</param>
public sealed class LocalUsage(string stateFolder, bool asksDevices, TimeProvider time) : ITaskUsage, IDisposable
{
    private const string DeviceFields = "index,utilization.gpu,memory.used";

    /// <summary>How long a look serves all who ask.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>A rate over longer than this says nothing of now.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(15);

    /// <summary>For the first rate: two looks have to be apart.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);

    /// <summary>What is known of processes does not wait for a driver that hangs, nor is it asked each time.</summary>
    private static readonly TimeSpan DriverAnswersWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AsksAgainAfter = TimeSpan.FromMinutes(1);

    private readonly StateLayout layout = new(Path.GetFullPath(stateFolder));
    private readonly SemaphoreSlim turn = new(1, 1);
    private Look? before;
    private Look? latest;
    private long? silentSince;

    public async Task<IReadOnlyList<TaskUse?>> MeasureAsync(IReadOnlyList<MeasuredTask> tasks, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            await LookAsync(cancellationToken);
            return [.. tasks.Select(Use)];
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (latest is { } known && time.GetElapsedTime(known.At) < Fresh) return;
        if (latest is null || time.GetElapsedTime(latest.At) > Stale)
        {
            latest = new Look(time.GetTimestamp(), ProcessUse.Read(), []);
            await Task.Delay(Between, time, cancellationToken);
        }

        before = latest;
        var devices = await DevicesAsync(cancellationToken);
        latest = new Look(time.GetTimestamp(), ProcessUse.Read(), devices);
    }

    private async Task<DeviceUse[]> DevicesAsync(CancellationToken cancellationToken)
    {
        if (!asksDevices || (silentSince is { } since && time.GetElapsedTime(since) < AsksAgainAfter)) return [];
        var told = await NvidiaSmi.AskAsync(DeviceFields, DriverAnswersWithin, cancellationToken);
        silentSince = told is null ? time.GetTimestamp() : null;
        return DeviceUse.Parse(told ?? "");
    }

    private TaskUse? Use(MeasuredTask task)
    {
        var started = DurableFile.Read(Path.Combine(layout.Task(task.Job, task.Attempt, task.Rank), TaskFolder.Started));
        if (started is null || JsonSerializer.Deserialize(started, TaskJson.Default.TaskStart) is not { } start || !Supervisor.IsOfThisBoot(start)) return null;
        if (latest!.Processes.Below(start.SupervisorPid, start.SupervisorStartTicks) is not { } now) return null;
        var devices = task.Devices.Select(index => latest.Devices.GetValueOrDefault(index)).OfType<DeviceUse>().ToArray();
        return new TaskUse(
            before!.Processes.Below(start.SupervisorPid, start.SupervisorStartTicks) is { } then ? Rate(now.Cpu - then.Cpu) : null,
            now.MemoryBytes,
            now.Processes,
            devices.Length == 0 ? null : devices.Average(device => device.Percent),
            devices.Length == 0 ? null : devices.Sum(device => device.MemoryBytes));
    }

    /// <summary>What processes used that nobody waited for is forgotten by the kernel: never below nothing.</summary>
    private long Rate(TimeSpan cpu) => Math.Max(0, (long)(cpu / time.GetElapsedTime(before!.At, latest!.At) * 1000));

    private sealed record Look(long At, ProcessUse Processes, IReadOnlyDictionary<int, DeviceUse> Devices)
    {
        public Look(long at, ProcessUse processes, DeviceUse[] devices)
            : this(at, processes, devices.ToDictionary(device => device.Index))
        {
        }
    }
}

internal sealed record DeviceUse(int Index, double Percent, long MemoryBytes)
{
    /// <summary>Of lines <c>index, per cent, MiB</c>; a device that does not tell is left out.</summary>
    public static DeviceUse[] Parse(string table) => [.. table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Line).OfType<DeviceUse>().DistinctBy(device => device.Index)];

    private static DeviceUse? Line(string line) =>
        line.Split(',', StringSplitOptions.TrimEntries) is [var index, var percent, var mebibytes]
        && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && double.TryParse(percent, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var busy)
        && long.TryParse(mebibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var memory)
            ? new DeviceUse(number, busy, memory << 20)
            : null;
}
