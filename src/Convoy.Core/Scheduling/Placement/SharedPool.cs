using System.Runtime.InteropServices;

namespace Convoy.Core.Scheduling.Placement;

/// <summary>
/// Nodes with devices that may be shared, and where a task goes among them: where the fragmentation grows least, with a little best fit.
/// A node's score for a shape is kept until the node is touched, and a tree over the scores has the best node on top.
/// </summary>
/// <remarks>
/// Score = growth of fragmentation + idle / 400, idle being milli-devices and millicores / 8 left on the node afterwards; the smallest
/// wins, ties go to the lexicographically smallest name. The paper's FGD rounds its score to whole points, so that many nodes tie and the
/// first by name gets filled; the second term packs without relying on names. What it allocates is in
/// bench/results/openb.md. All is multiplied by 3200 × tasks of
/// the workload, so that integers are exact.
/// </remarks>
public sealed class SharedPool
{
    private const long GrowthFactor = 3200;
    private const long DeviceFactor = 8;
    private const long CpuFactor = 1;

    /// <summary>Less cpu than any task asks for.</summary>
    private const long Closed = -1;

    private readonly Fragmentation fragmentation;
    private readonly int[] models;
    private readonly long[] cpu;
    private readonly long[] memory;
    private readonly int[] free;
    private readonly int[] firstDevice;
    private readonly long[] amount;

    private readonly Dictionary<PodShape, ScoreTree> trees = [];
    private readonly List<int> touched = [];

    /// <param name="nodes">Their names are unique.</param>
    public SharedPool(IEnumerable<SharedNode> nodes, Fragmentation fragmentation)
    {
        this.fragmentation = fragmentation;
        SharedNode[] ordered = [.. nodes.OrderBy(node => node.Name, StringComparer.Ordinal)];
        models = [.. ordered.Select(node => node.Model)];
        cpu = [.. ordered.Select(node => node.CpuMillicores)];
        memory = [.. ordered.Select(node => node.MemoryBytes)];
        free = [.. ordered.SelectMany(node => node.FreeMilli)];
        firstDevice = new int[ordered.Length + 1];
        for (var i = 0; i < ordered.Length; i++) firstDevice[i + 1] = firstDevice[i] + ordered[i].FreeMilli.Count;
        amount = [.. Enumerable.Range(0, ordered.Length).Select(i => AmountOf(i, cpu[i], Free(i)))];
    }

    /// <summary>Nodes of one model, in an order of their own, that have nothing free before <see cref="Set"/> tells it.</summary>
    /// <param name="firstDevice">Where the devices of each node begin in the list of all, and where it ends.</param>
    internal SharedPool(int model, int[] firstDevice, Fragmentation fragmentation)
    {
        var nodes = firstDevice.Length - 1;
        (this.fragmentation, this.firstDevice, free) = (fragmentation, firstDevice, new int[firstDevice[^1]]);
        (models, cpu, memory, amount) = (new int[nodes], new long[nodes], new long[nodes], new long[nodes]);
        Array.Fill(models, model);
        Array.Fill(cpu, Closed);
    }

    /// <summary>Thousandths free of each device of a node.</summary>
    public ReadOnlySpan<int> FreeMilli(int node) => Free(node);

    /// <summary>The best place for a task, or null where none fits. Nothing is taken.</summary>
    public SharedPlace? Find(PodShape shape) => Find(shape, 0, models.Length, _ => true)?.Place;

    /// <summary>The best place on nodes of a range that may be used, and its score: the smaller the better, in pools of one workload.</summary>
    internal (SharedPlace Place, long Score)? Find(PodShape shape, int from, int end, Func<int, bool> mayUse)
    {
        var best = TreeOf(shape).Best(from, end, node => memory[node] >= shape.MemoryBytes && mayUse(node));
        if (best is not { } node) return null;
        var (score, devices) = Choose(node, shape);
        return (new SharedPlace(node, devices), score);
    }

    public void Take(SharedPlace place, PodShape shape) => Change(place, shape, 1);

    /// <summary>Undoes <see cref="Take"/>.</summary>
    public void Give(SharedPlace place, PodShape shape) => Change(place, shape, -1);

    /// <summary>What is free on a node by now.</summary>
    /// <param name="cpuMillicores">Null where nothing may be put on it.</param>
    internal void Set(int node, long? cpuMillicores, long memoryBytes, ReadOnlySpan<int> freeMilli)
    {
        var left = Free(node);
        for (var device = 0; device < left.Length; device++) left[device] = device < freeMilli.Length ? Math.Clamp(freeMilli[device], 0, PodShape.WholeDevice) : 0;
        (cpu[node], memory[node]) = (cpuMillicores is { } open ? Math.Max(0, open) : Closed, Math.Max(0, memoryBytes));
        amount[node] = AmountOf(node, cpu[node], left);
        touched.Add(node);
    }

    private void Change(SharedPlace place, PodShape shape, int times)
    {
        var node = place.Node;
        var left = Free(node);
        foreach (var device in place.Devices.ToArray()) left[device] -= times * shape.Milli;
        cpu[node] -= times * shape.CpuMillicores;
        memory[node] -= times * shape.MemoryBytes;
        amount[node] = AmountOf(node, cpu[node], left);
        touched.Add(node);
    }

    /// <summary>The shape's tree, brought up to what has been touched since it was last asked.</summary>
    private ScoreTree TreeOf(PodShape shape)
    {
        // Memory may differ within a tree: it takes no part in the score.
        var kind = new PodShape(shape.CpuMillicores, 0, shape.Devices, shape.Milli, shape.Models);

        // A log much longer than the pool is dearer to follow than to begin anew, and trees are bounded in all to some 64 MB.
        if (touched.Count > 8 * models.Length || (!trees.ContainsKey(kind) && (trees.Count + 1L) * models.Length > 4_000_000))
        {
            trees.Clear();
            touched.Clear();
        }

        ref var tree = ref CollectionsMarshal.GetValueRefOrAddDefault(trees, kind, out _);
        if (tree is null)
        {
            tree = new ScoreTree(models.Length, node => Choose(node, kind).Score);
        }
        else
        {
            foreach (var node in CollectionsMarshal.AsSpan(touched)[tree.Seen..]) tree.Set(node, Choose(node, kind).Score);
        }

        tree.Seen = touched.Count;
        return tree;
    }

    /// <summary>The node's score and the devices, or <see cref="ScoreTree.Never"/> where the shape does not fit, memory apart.</summary>
    private (long Score, DeviceSet Devices) Choose(int node, PodShape shape)
    {
        var left = Free(node);
        if (cpu[node] < shape.CpuMillicores || left.Length < shape.Devices || !shape.Models.Contains(models[node])) return (ScoreTree.Never, default);
        var (after, devices) = shape.IsShare ? Share(node, shape, left) : Wholes(node, shape, left);
        if (after is not { } then) return (ScoreTree.Never, default);

        long idle = -shape.Devices * shape.Milli;
        foreach (var milli in left) idle += milli;
        return (((then - amount[node]) * GrowthFactor) + (Math.Max(1, fragmentation.Tasks) * ((idle * DeviceFactor) + ((cpu[node] - shape.CpuMillicores) * CpuFactor))), devices);
    }

    /// <summary>The device on which a share costs least; among equals the fullest, then the lowest.</summary>
    private (long? After, DeviceSet Devices) Share(int node, PodShape shape, Span<int> left)
    {
        long? least = null;
        var at = -1;
        for (var device = 0; device < left.Length; device++)
        {
            // Devices equally free cost the same.
            if (left[device] < shape.Milli || left[..device].Contains(left[device])) continue;
            left[device] -= shape.Milli;
            var after = AmountOf(node, cpu[node] - shape.CpuMillicores, left);
            left[device] += shape.Milli;
            if (least is not null && (after > least || (after == least && left[device] >= left[at]))) continue;
            (least, at) = (after, device);
        }

        if (at < 0) return default;
        return (least, left[at] == PodShape.WholeDevice ? BuddyDevices.Choose(Idle(left), 1)!.Value : DeviceSet.Of(at));
    }

    private (long? After, DeviceSet Devices) Wholes(int node, PodShape shape, Span<int> left)
    {
        if (BuddyDevices.Choose(Idle(left), shape.Devices) is not { } devices) return default;
        Span<int> then = stackalloc int[DeviceSet.Most];
        then = then[..left.Length];
        left.CopyTo(then);
        for (var device = 0; device < left.Length; device++) then[device] = devices.Contains(device) ? 0 : left[device];
        return (AmountOf(node, cpu[node] - shape.CpuMillicores, then), devices);
    }

    private static DeviceSet Idle(ReadOnlySpan<int> left)
    {
        var bits = 0UL;
        for (var device = 0; device < left.Length; device++) bits |= left[device] == PodShape.WholeDevice ? 1UL << device : 0;
        return new DeviceSet(bits);
    }

    private long AmountOf(int node, long cpuMillicores, ReadOnlySpan<int> left) => fragmentation.Of(models[node], cpuMillicores, left);

    private Span<int> Free(int node) => free.AsSpan(firstDevice[node], firstDevice[node + 1] - firstDevice[node]);
}
