using Convoy.Clusters.Kubernetes.Api;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What a pod takes of its node, as the kubelet counts: its containers and sidecars together, or the largest of those that run before them, and its overhead.</summary>
/// <param name="Extended">Amounts of device plugins' resources by name.</param>
internal sealed record PodRequest(long CpuMillicores, long MemoryBytes, IReadOnlyDictionary<string, long> Extended)
{
    private static readonly IReadOnlyDictionary<string, long> Nothing = new Dictionary<string, long>();

    public static PodRequest Of(PodObject pod)
    {
        var sum = new Sum();
        foreach (var container in pod.Spec.Containers) sum.Add(container);
        var most = new Sum();
        foreach (var container in pod.Spec.InitContainers)
        {
            // A sidecar stays beside all that come after it.
            if (container.RestartPolicy == "Always") sum.Add(container);
            else most.Cover(container);
        }

        sum.Cover(most);
        sum.Add(pod.Spec.Overhead);
        return new PodRequest(sum.Cpu, sum.Memory, sum.Extended ?? Nothing);
    }

    public long Amount(string resource) => Extended.GetValueOrDefault(resource);

    private sealed class Sum
    {
        public long Cpu { get; private set; }

        public long Memory { get; private set; }

        public Dictionary<string, long>? Extended { get; private set; }

        public void Add(ContainerObject container) => Add(container.Resources is { } resources ? Effective(resources) : null);

        public void Add(IReadOnlyDictionary<string, string>? amounts) => Each(amounts, (had, more) => had + more);

        public void Cover(ContainerObject container) => Each(container.Resources is { } resources ? Effective(resources) : null, Math.Max);

        public void Cover(Sum other)
        {
            Cpu = Math.Max(Cpu, other.Cpu);
            Memory = Math.Max(Memory, other.Memory);
            foreach (var (name, amount) in other.Extended ?? []) Set(name, Math.Max((Extended ?? []).GetValueOrDefault(name), amount));
        }

        /// <summary>Who gives only a limit requests as much.</summary>
        private static IReadOnlyDictionary<string, string>? Effective(ResourcesObject resources)
        {
            if (resources.Limits is not { Count: > 0 } limits) return resources.Requests;
            if (resources.Requests is not { Count: > 0 } requests) return limits;
            var both = new Dictionary<string, string>(limits);
            foreach (var (name, amount) in requests) both[name] = amount;
            return both;
        }

        private void Each(IReadOnlyDictionary<string, string>? amounts, Func<long, long, long> join)
        {
            foreach (var (name, amount) in amounts ?? new Dictionary<string, string>())
            {
                if (name == "cpu") Cpu = join(Cpu, Quantity.Thousandths(amount));
                else if (name == "memory") Memory = join(Memory, Quantity.Units(amount));
                else if (name.Contains('/', StringComparison.Ordinal)) Set(name, join((Extended ?? []).GetValueOrDefault(name), Quantity.Units(amount)));
            }
        }

        private void Set(string name, long amount) => (Extended ??= [])[name] = amount;
    }
}
