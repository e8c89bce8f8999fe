using Convoy.Core.Scheduling.Placement;

namespace Convoy.Bench.Openb;

/// <summary>What is free on a node.</summary>
internal sealed class OpenNode(SharedNode node)
{
    public int Model => node.Model;

    public long Cpu { get; set; } = node.CpuMillicores;

    public long Memory { get; set; } = node.MemoryBytes;

    public int[] Free { get; } = [.. node.FreeMilli];

    public bool Fits(PodShape pod) =>
        Cpu >= pod.CpuMillicores && Memory >= pod.MemoryBytes && pod.Models.Contains(Model) && Free.Count(milli => milli >= pod.Milli) >= pod.Devices;

    /// <summary>Devices for the pod: the fullest that has room for a share, the lowest idle ones for whole devices.</summary>
    public int[] BestDevices(PodShape pod) =>
        [.. Enumerable.Range(0, Free.Length).Where(device => Free[device] >= pod.Milli).OrderBy(device => Free[device]).ThenBy(device => device).Take(pod.Devices)];
}

/// <summary>
/// A published algorithm: every node that fits gets a score in whole points as in the authors' scheduler, the highest wins, ties go to the
/// lexicographically smallest name.
/// </summary>
internal sealed class TextbookPlacing(OpenbTrace trace, Func<OpenNode, PodShape, (long Points, int[] Devices)> score) : IPlacing
{
    private readonly OpenNode[] nodes = [.. trace.Nodes.OrderBy(node => node.Name, StringComparer.Ordinal).Select(node => new OpenNode(node))];

    public static TextbookPlacing Random(OpenbTrace trace, int seed)
    {
        var random = new Random(seed);
        return new TextbookPlacing(trace, (node, pod) => (random.NextInt64(), node.BestDevices(pod)));
    }

    /// <summary>The node with least left over, cpu and GPU weighing the same against the largest node's 128 cores and 8 GPUs.</summary>
    public static TextbookPlacing BestFit(OpenbTrace trace) => new(trace, (node, pod) =>
    {
        var cpu = (node.Cpu - pod.CpuMillicores) / 128_000.0;
        var gpu = (node.Free.Sum() - (pod.Devices * pod.Milli)) / 8_000.0;
        return ((long)((1 - ((cpu + gpu) / 2)) * 100), node.BestDevices(pod));
    });

    /// <summary>Devices in use before idle ones, idle ones of a node in use before an idle node.</summary>
    public static TextbookPlacing GpuPacking(OpenbTrace trace) => new(trace, (node, pod) =>
    {
        var devices = node.BestDevices(pod);
        var idle = node.Free.Count(milli => milli == PodShape.WholeDevice);
        var used = devices.Count(device => node.Free[device] == PodShape.WholeDevice);
        var points = pod.Devices == 0 ? 0
            : idle == node.Free.Length ? Math.Max(33 - idle, idle)
            : used > 0 ? Math.Max(50 - used, 33)
            : Math.Max(100 - (devices.Sum(device => node.Free[device] * 100 / PodShape.WholeDevice) / 10), 50);
        return (points, devices);
    });

    /// <summary>FGD as published: 100 / (1 + e^growth), growth in whole GPUs, cut to whole points.</summary>
    public static TextbookPlacing Fgd(OpenbTrace trace)
    {
        var fragmentation = trace.Fragmentation;
        return new TextbookPlacing(trace, (node, pod) =>
        {
            var before = fragmentation.Of(node.Model, node.Cpu, node.Free);
            var choices = pod.IsShare
                ? Enumerable.Range(0, node.Free.Length).Where(device => node.Free[device] >= pod.Milli).Select(device => new[] { device })
                : [node.BestDevices(pod)];
            return choices.Select(devices => (Points: Points(devices), Devices: devices)).MaxBy(choice => choice.Points);

            long Points(int[] devices)
            {
                var then = node.Free.ToArray();
                foreach (var device in devices) then[device] -= pod.Milli;
                var growth = fragmentation.Of(node.Model, node.Cpu - pod.CpuMillicores, then) - before;
                return (long)(100 / (1 + Math.Exp((double)growth / fragmentation.Tasks / PodShape.WholeDevice)));
            }
        });
    }

    public bool Place(PodShape pod)
    {
        OpenNode? best = null;
        var (points, devices) = (0L, Array.Empty<int>());
        foreach (var node in nodes)
        {
            if (!node.Fits(pod)) continue;
            var other = score(node, pod);
            if (best is not null && other.Points <= points) continue;
            best = node;
            (points, devices) = other;
        }

        if (best is null) return false;
        best.Cpu -= pod.CpuMillicores;
        best.Memory -= pod.MemoryBytes;
        foreach (var device in devices) best.Free[device] -= pod.Milli;
        return true;
    }
}
