using Convoy.Core.Resources;

namespace Convoy.Core.Simulation;

/// <summary>What is taken on one node.</summary>
internal readonly record struct Share(int Node, ResourceVector Taken);

/// <summary>
/// What is free by node, under the plain rules of published trace studies: what fits one node goes on the fullest node that
/// fits, lowest index first; more than a node holds goes on wholly idle nodes, the remainder best fit on another. Nobody shares
/// a device: who asks for a part of one gets it whole.
/// </summary>
internal sealed class Pool
{
    private readonly IReadOnlyList<SimulatedNode> nodes;
    private readonly string[] types;
    private readonly Dictionary<string, int> largest;

    public Pool(IReadOnlyList<SimulatedNode> nodes)
    {
        this.nodes = nodes;
        largest = nodes.GroupBy(node => node.Accelerator).ToDictionary(group => group.Key, group => group.Max(node => node.Gpus));
        types = [.. largest.Keys.Order(StringComparer.Ordinal)];
        Free = [.. nodes.Select(node => node.Capacity)];
        Gpus = nodes.Sum(node => node.Gpus);
    }

    public ResourceVector[] Free { get; }

    public int Gpus { get; }

    /// <summary>Where the job would go with so much free, or null.</summary>
    public Share[]? Find(SimulatedJob job, ResourceVector[] free)
    {
        foreach (var type in job.Accelerators.Count == 0 ? types : job.Accelerators)
        {
            if (!largest.TryGetValue(type, out var most)) continue;
            var places = job.Nodes is { } tasks ? Tasks(Whole(job), tasks, type, free)
                : job.Gpus > most ? IdleNodes(job, most, type, free)
                : BestFit(Whole(job), type, free) is { } only ? [new Share(only, Whole(job))] : null;
            if (places is not null) return places;
        }

        return null;
    }

    public void Take(Share[] places)
    {
        foreach (var place in places) Free[place.Node] -= place.Taken;
    }

    public void Give(Share[] places)
    {
        foreach (var place in places) Free[place.Node] += place.Taken;
    }

    private static ResourceVector Whole(SimulatedJob job) => job.GpuMilli == 0 ? job.Each : job.Each with { Devices = 1, Milli = 0 };

    private Share[]? Tasks(ResourceVector each, int tasks, string type, ResourceVector[] free)
    {
        if (tasks == 1) return BestFit(each, type, free) is { } only ? [new Share(only, each)] : null;
        var left = (ResourceVector[])free.Clone();
        var places = new List<Share>();
        while (places.Count < tasks)
        {
            if (BestFit(each, type, left) is not { } node) return null;
            left[node] -= each;
            places.Add(new Share(node, each));
        }

        return [.. places];
    }

    private Share[]? IdleNodes(SimulatedJob job, int most, string type, ResourceVector[] free)
    {
        if (most == 0) return null;
        var places = new List<Share>();
        var left = (ResourceVector[])free.Clone();
        var missing = job.Gpus;
        for (var node = 0; node < nodes.Count && missing > 0; node++)
        {
            var gpus = nodes[node].Gpus;
            if (nodes[node].Accelerator != type || gpus == 0 || left[node].Devices != gpus || gpus > missing || !job.PartOf(gpus).FitsIn(left[node])) continue;
            places.Add(new Share(node, job.PartOf(gpus)));
            missing -= gpus;
            left[node] -= job.PartOf(gpus);
        }

        if (missing == 0) return [.. places];
        return missing < most && BestFit(job.PartOf(missing), type, left) is { } rest ? [.. places, new Share(rest, job.PartOf(missing))] : null;
    }

    private int? BestFit(ResourceVector wanted, string type, ResourceVector[] free)
    {
        int? best = null;
        for (var node = 0; node < nodes.Count; node++)
        {
            if (nodes[node].Accelerator != type || !wanted.FitsIn(free[node])) continue;
            if (best is null || free[node].Devices < free[best.Value].Devices) best = node;
        }

        return best;
    }
}
