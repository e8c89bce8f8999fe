namespace Convoy.Core.Simulation;

/// <summary>Devices taken on one node.</summary>
internal readonly record struct Share(int Node, int Gpus);

/// <summary>
/// Free devices by node, under the plain rules of published trace studies: what fits one node goes on the fullest node that
/// fits, lowest index first; more than a node holds goes on wholly idle nodes, the remainder best fit on another.
/// </summary>
internal sealed class Pool
{
    private readonly IReadOnlyList<SimulatedNode> nodes;
    private readonly string[] types;

    public Pool(IReadOnlyList<SimulatedNode> nodes)
    {
        this.nodes = nodes;
        types = [.. nodes.Select(node => node.Accelerator).Distinct().Order(StringComparer.Ordinal)];
        Free = [.. nodes.Select(node => node.Gpus)];
    }

    public int[] Free { get; }

    public int Gpus => nodes.Sum(node => node.Gpus);

    /// <summary>Where the job would go among these free devices, or null.</summary>
    public Share[]? Find(SimulatedJob job, int[] free)
    {
        foreach (var type in job.Accelerators.Count == 0 ? types : job.Accelerators)
        {
            var places = job.Nodes is { } tasks ? Tasks(job.Gpus, tasks, type, free) : Whole(job.Gpus, type, free);
            if (places is not null) return places;
        }

        return null;
    }

    public void Take(Share[] places)
    {
        foreach (var place in places) Free[place.Node] -= place.Gpus;
    }

    public void Give(Share[] places)
    {
        foreach (var place in places) Free[place.Node] += place.Gpus;
    }

    private Share[]? Tasks(int gpus, int tasks, string type, int[] free)
    {
        var left = (int[])free.Clone();
        var places = new Share[tasks];
        for (var i = 0; i < tasks; i++)
        {
            if (BestFit(gpus, type, left) is not { } node) return null;
            left[node] -= gpus;
            places[i] = new Share(node, gpus);
        }

        return places;
    }

    private Share[]? Whole(int gpus, string type, int[] free)
    {
        var largest = 0;
        foreach (var node in nodes) largest = node.Accelerator == type ? Math.Max(largest, node.Gpus) : largest;
        if (gpus <= largest) return BestFit(gpus, type, free) is { } only ? [new Share(only, gpus)] : null;

        var places = new List<Share>();
        var left = (int[])free.Clone();
        var missing = gpus;
        for (var node = 0; node < nodes.Count && missing > 0; node++)
        {
            if (nodes[node].Accelerator != type || nodes[node].Gpus == 0 || left[node] != nodes[node].Gpus || left[node] > missing) continue;
            places.Add(new Share(node, left[node]));
            missing -= left[node];
            left[node] = 0;
        }

        if (missing == 0) return [.. places];
        return missing < largest && BestFit(missing, type, left) is { } rest ? [.. places, new Share(rest, missing)] : null;
    }

    private int? BestFit(int gpus, string type, int[] free)
    {
        int? best = null;
        for (var node = 0; node < nodes.Count; node++)
        {
            if (nodes[node].Accelerator != type || free[node] < gpus) continue;
            if (best is null || free[node] < free[best.Value]) best = node;
        }

        return best;
    }
}
