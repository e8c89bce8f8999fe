using Convoy.Clusters.LocalProcesses;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalUsageTests : IAsyncDisposable
{
    private readonly LocalBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_task_is_measured_with_all_its_processes_and_no_other_while_it_runs()
    {
        var cluster = await bed.OpenAsync();

        // A child of a child that computes and holds 64 MB, in a session of its own; and a task that sleeps.
        var busy = Wishes.Run(["/usr/bin/python3", "-c", "import subprocess, sys; subprocess.run(['setsid', sys.executable, '-c', 'held = bytes([1]) * (64 << 20)\\nwhile True: pass'])"]);
        var idle = Wishes.Run(["sleep", "600"]);
        await cluster.ApplyAsync(busy);
        await cluster.ApplyAsync(idle);
        using var usage = new LocalUsage(bed.StateFolder, asksDevices: false, TimeProvider.System);
        var tasks = new[] { busy, idle, Wishes.Run(["true"]) }.Select(wish => new MeasuredTask(wish.Assignment.JobId, 1, 0, [0])).ToArray();

        IReadOnlyList<TaskUse?> seen = [];
        await LocalBed.UntilAsync(() =>
        {
            seen = usage.MeasureAsync(tasks, CancellationToken.None).GetAwaiter().GetResult();
            return seen[0] is { CpuMillicores: > 50, MemoryBytes: > 64 << 20 } && seen[1] is { CpuMillicores: not null };
        });

        seen[0]!.Processes.ShouldBeGreaterThanOrEqualTo(2);
        (seen[1]!.Processes, seen[1]!.MemoryBytes < 32 << 20).ShouldBe((1, true));

        // What it took to start is over with a measurement or two.
        await LocalBed.UntilAsync(() => usage.MeasureAsync(tasks, CancellationToken.None).GetAwaiter().GetResult()[1] is { CpuMillicores: < 50 });
        seen[2].ShouldBeNull();
        seen[0]!.GpuPercent.ShouldBeNull();

        await cluster.ApplyAsync(busy.Stopped());
        await cluster.UntilEndedAsync(busy);
        await LocalBed.UntilAsync(() => usage.MeasureAsync(tasks, CancellationToken.None).GetAwaiter().GetResult()[0] is null);
    }

    [Fact]
    public void Devices_are_read_from_the_drivers_table_and_what_it_does_not_know_is_left_out()
    {
        var devices = DeviceUse.Parse("0, 87, 40536\n1, [N/A], [N/A]\nnonsense\n2, 0, 3\n");

        devices.ShouldBe([new DeviceUse(0, 87, 40536L << 20), new DeviceUse(2, 0, 3 << 20)]);
    }
}
