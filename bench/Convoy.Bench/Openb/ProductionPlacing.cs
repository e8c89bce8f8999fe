using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Bench.Openb;

/// <summary>The scheduler's own search for places, each pod a job of one task: accelerator types, cpu, memory and devices as it sees them.</summary>
internal sealed class ProductionPlacing : IPlacing
{
    private const string Cluster = "openb";
    private readonly Dictionary<PodShape, PendingJob> jobs;
    private readonly FreeSpace free;

    public ProductionPlacing(OpenbTrace trace)
    {
        var types = trace.Nodes.Select(node => node.Model).Distinct().Order().Select(model => (Model: model, Name: $"model-{model:D2}")).ToArray();
        jobs = trace.Pods.Distinct().ToDictionary(pod => pod, pod => Job(pod, [.. types.Where(type => pod.Models.Contains(type.Model)).Select(type => type.Name)], types.Length));
        var nodes = trace.Nodes.Select(node => new Node(Cluster, node.Name, NodeHealth.Ready, node.CpuMillicores, node.MemoryBytes, types.First(type => type.Model == node.Model).Name, [.. Enumerable.Range(0, node.FreeMilli.Count)], true));
        free = FreeSpace.Of(new ClusterSnapshot(0, [.. nodes], [.. trace.Pods.Select(pod => jobs[pod])], []), []);
    }

    public bool Place(PodShape pod)
    {
        var job = jobs[pod];
        foreach (var (cluster, accelerator) in free.Choices(job))
        {
            if (free.TryTake(job, cluster, accelerator) is not null) return true;
        }

        return false;
    }

    private static PendingJob Job(PodShape pod, string[] types, int known) => new(
        new Standing(JobId.FromKey("openb", $"{pod}"), "ann", "engineer", "default", JobPriority.Normal, 0), 0,
        [new RoleDemand("worker", 1, 1, new ResourceVector(pod.CpuMillicores, pod.MemoryBytes, pod.IsShare ? 0 : pod.Devices) { Milli = pod.IsShare ? pod.Milli : 0 }, types.Length == known ? [] : types)],
        ["any"], null);
}
