using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Cli.Live;

/// <summary>A <see cref="TopView"/> for people: nodes and who holds them, jobs and what they use, and how long the queues are.</summary>
internal static class TopPicture
{
    private const int BarWidth = 8;

    /// <summary>Of a screen, for the queues and for the nodes: the jobs get the rest.</summary>
    private const int MostQueues = 4;
    private const int FrameLines = 7;

    private static readonly Listing<NodeView, NodeView> Nodes = Listing.Of(
        Rendering.Indented.NodeView,
        node => node.Name,
        new("NODE", node => node.Name),
        new("HEALTH", node => node.Health.ToString()),
        new("ACCELERATOR", node => node.Accelerator) { Spare = 3 },
        new("GPUS", node => node.Gpus == 0 ? null : $"{Bar(node.Gpus - node.GpusFree, node.Gpus)} {node.Gpus - node.GpusFree}/{node.Gpus}"),
        new("CPU", node => $"{new CpuQuantity(node.CpuMillicores - node.CpuMillicoresFree)}/{new CpuQuantity(node.CpuMillicores)}") { IsRight = true, Spare = 2 },
        new("MEMORY", node => $"{Spans.Bytes(node.MemoryBytes - node.MemoryBytesFree)}/{Spans.Bytes(node.MemoryBytes)}") { IsRight = true, Spare = 1 },
        new("HELD-BY", node => string.Join(", ", node.Jobs.Select(Holder))));

    private static readonly Listing<RunningJobView, RunningJobView> Jobs = Listing.Of(
        Rendering.Indented.RunningJobView,
        running => running.Job.Id,
        new("ID", running => running.Job.Id) { Spare = 3 },
        new("JOB", running => running.Job.Name),
        new("USER", running => running.Job.User) { Spare = 2 },
        new("PHASE", running => running.Job.Phase.ToString()) { Paint = Style.Phase, Spare = 1 },
        new("TASKS", running => $"{running.Tasks.Count}") { IsRight = true },
        new("GPUS", running => JobTable.Gpus(running.Job)) { IsRight = true },
        new("CPU", running => Sum(running, task => task.CpuMillicores) is { } cpu ? (cpu / 1000m).ToString("0.0", CultureInfo.InvariantCulture) : null) { IsRight = true },
        new("MEMORY", running => Sum(running, task => task.MemoryBytes) is { } bytes ? Spans.Bytes(bytes) : null) { IsRight = true },
        new("GPU%", running => Busy(running) is { } busy ? busy.ToString("0", CultureInfo.InvariantCulture) : null) { IsRight = true },
        new("GPU-MEMORY", running => Sum(running, task => task.GpuMemoryBytes) is { } bytes ? Spans.Bytes(bytes) : null) { IsRight = true },
        new("RUNTIME", running => JobTable.Runtime(running.Job)) { IsRight = true });

    public static IReadOnlyList<string> Lines(TopView view, string server, DateTimeOffset now, int width, int height, bool isLive)
    {
        var queues = view.Queue.GroupBy(entry => entry.Queue ?? Text.Of("others").Said()).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).ToArray();
        var room = Math.Max(4, height - FrameLines - Math.Min(MostQueues, Math.Max(1, queues.Length)));
        var nodes = view.Nodes.OrderByDescending(node => node.Gpus - node.GpusFree).ThenBy(node => node.Name, StringComparer.Ordinal).Take(Math.Max(2, Math.Max(room / 2, room - view.Jobs.Count))).ToArray();
        var jobs = view.Jobs.OrderByDescending(job => Sum(job, task => task.CpuMillicores) ?? 0).Take(Math.Max(2, room - nodes.Length)).ToArray();
        var (gpus, free) = (view.Nodes.Sum(node => node.Gpus), view.Nodes.Sum(node => node.GpusFree));
        return
        [
            Text.Of($"{Spans.Count(view.Nodes.Count, "node")}, {view.Nodes.Count(node => node.Health != NodeHealth.Ready)} not ready, {gpus - free} of {Spans.Count(gpus, "GPU")} held, {view.Jobs.Count} running, {view.Queue.Count} waiting{(isLive ? Text.Of("   q ends") : "")}   {Spans.Time(now)}   {server}").Said(),
            "",
            .. Nodes.Lines(nodes, now, width), .. More(view.Nodes.Count - nodes.Length, Spans.Count(view.Nodes.Count - nodes.Length, "node")),
            "",
            .. Jobs.Lines(jobs, now, width), .. More(view.Jobs.Count - jobs.Length, Spans.Count(view.Jobs.Count - jobs.Length, "job")),
            "",
            (queues.Length == 0 ? Text.Of("no job waits") : "WAITING").Said(),
            .. queues.Take(MostQueues).Select(queue => Text.Of($"{Printable.Of(queue.Key)}: {Spans.Count(queue.Count(), "job")} for {Spans.Count(queue.Sum(entry => (long)entry.Gpus), "GPU")}").Said()),
        ];
    }

    private static string[] More(int left, Text counted) => left > 0 ? [Text.Of($"and {counted} more").Said()] : [];

    private static string Holder(NodeJobView job) => $"{job.Name ?? job.Level}{(job.User is null ? "" : $" ({job.User})")}{(job.Gpus > 0 ? $" ×{job.Gpus}" : "")}";

    private static string Bar(int used, int all) => new string('█', BarWidth * used / all) + new string('░', BarWidth - (BarWidth * used / all));

    private static long? Sum(RunningJobView job, Func<TaskUseView, long?> of) => job.Tasks.Any(task => of(task) is not null) ? job.Tasks.Sum(of) : null;

    private static double? Busy(RunningJobView job) => job.Tasks.Average(task => task.GpuPercent);
}
