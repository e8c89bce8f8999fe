namespace Convoy.Clusters.Kubernetes;

/// <summary>What pods take of one node together. Counts up and down as they come and go.</summary>
internal sealed class NodeUse
{
    private readonly Dictionary<string, long> extended = new(StringComparer.Ordinal);

    public long CpuMillicores { get; private set; }

    public long MemoryBytes { get; private set; }

    public int Pods { get; private set; }

    public long Amount(string resource) => extended.GetValueOrDefault(resource);

    public void Add(PodRequest pod, int times)
    {
        CpuMillicores += times * pod.CpuMillicores;
        MemoryBytes += times * pod.MemoryBytes;
        Pods += times;
        foreach (var (name, amount) in pod.Extended)
        {
            var now = extended.GetValueOrDefault(name) + (times * amount);
            if (now == 0) extended.Remove(name);
            else extended[name] = now;
        }
    }

    /// <summary>What a node lacks to hold more beside what is on it; null where it has room.</summary>
    /// <param name="more">All that comes.</param>
    /// <param name="last">The last of it: only what that asks for can be lacking.</param>
    public string? Lacks(IReadOnlyDictionary<string, string> allocatable, NodeUse more, PodRequest last)
    {
        if (last.CpuMillicores > 0 && CpuMillicores + more.CpuMillicores > Quantity.Thousandths(allocatable.GetValueOrDefault("cpu"))) return "cpu";
        if (last.MemoryBytes > 0 && MemoryBytes + more.MemoryBytes > Quantity.Units(allocatable.GetValueOrDefault("memory"))) return "memory";
        if (allocatable.TryGetValue("pods", out var most) && Pods + more.Pods > Quantity.Units(most)) return "pods";
        return last.Extended.Where(each => each.Value > 0 && Amount(each.Key) + more.Amount(each.Key) > Quantity.Units(allocatable.GetValueOrDefault(each.Key))).Select(each => each.Key).FirstOrDefault();
    }
}
