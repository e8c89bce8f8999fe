namespace Convoy.Clusters.Kubernetes;

/// <summary>How one Kubernetes cluster is used.</summary>
public sealed record KubernetesOptions
{
    /// <summary>With it the container that brings a job's code ends where asking again would change nothing.</summary>
    public const int NoCodeEver = 3;

    /// <summary>As it was joined under.</summary>
    public required string Name { get; init; }

    /// <summary>What tasks call the platform by.</summary>
    public required string ServerUrl { get; init; }

    /// <summary>A secret of this agent's and its successors': marks which decisions are the server's (<see cref="DecisionSeal"/>).</summary>
    public required ReadOnlyMemory<byte> SealKey { get; init; }

    /// <summary>In which tasks run that name none.</summary>
    public string DefaultImage { get; init; } = "python:3.11-slim";

    /// <summary>Holds the programs that prepare a task's folder; null where no code can be brought into pods.</summary>
    public string? AgentImage { get; init; }

    /// <summary>Before the name of a person who has no namespace of their own yet.</summary>
    public string NamespacePrefix { get; init; } = "convoy-";

    /// <summary>For which pods this cluster's binder decides.</summary>
    public string SchedulerName { get; init; } = "convoy";

    /// <summary>Labels that tell where a node lies, by level (<c>region zone fabric block rack</c>); of several the first that a node bears.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> TopologyLabels { get; init; } = WellKnownTopology;

    /// <summary>Resources whose names begin like this are network devices for remote memory access.</summary>
    public IReadOnlyList<string> RdmaPrefixes { get; init; } = ["rdma/", "nvidia.com/rdma", "openshift.io/rdma", "vpc.amazonaws.com/efa", "aliyun/erdma"];

    /// <summary>Conditions of nodes that, while they are true, keep new tasks away: what a health checker of GPUs or networks sets.</summary>
    public IReadOnlyList<string> SickConditions { get; init; } = ["GpuUnhealthy", "GPUUnhealthy", "RdmaUnhealthy", "KernelDeadlock", "ReadonlyFilesystem", "FrequentUnregisterNetDevice"];

    /// <summary>How long a finished job's pods stay, for `kubectl logs`.</summary>
    public TimeSpan KeepPodsFor { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Labels or annotations of pods of other operators that name the group they are of; of several the first that a pod bears.</summary>
    public IReadOnlyList<string> PodGroupMarks { get; init; } =
        ["convoy.dev/pod-group", "scheduling.x-k8s.io/pod-group", "pod-group.scheduling.sigs.k8s.io", "pod-group.scheduling.sigs.k8s.io/name", "kueue.x-k8s.io/pod-group-name", "scheduling.k8s.io/group-name", "scheduling.volcano.sh/group-name"];

    /// <summary>Labels or annotations that tell how many pods a group has; where there is none, all that came within <see cref="PodGroupQuiet"/> of each other.</summary>
    public IReadOnlyList<string> PodGroupSizes { get; init; } =
        ["convoy.dev/pod-group-size", "kueue.x-k8s.io/pod-group-total-count", "pod-group.scheduling.sigs.k8s.io/min-available"];

    public TimeSpan PodGroupQuiet { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The label by which pods of other operators name the queue they wait in; without it, that of their namespace's owner.</summary>
    public string QueueLabel { get; init; } = "convoy.dev/queue";

    /// <summary>Requests under way at once.</summary>
    public int Connections { get; init; } = 8;

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> WellKnownTopology { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        ["region"] = ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"],
        ["zone"] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"],
        ["fabric"] = ["topology.convoy.dev/fabric", "network.topology.nvidia.com/datacenter"],
        ["block"] = ["topology.convoy.dev/block", "cloud.google.com/gce-topology-block", "network.topology.nvidia.com/spine", "topology.k8s.aws/network-node-layer-2"],
        ["rack"] = ["topology.convoy.dev/rack", "topology.kubernetes.io/rack", "cloud.google.com/gce-topology-subblock", "network.topology.nvidia.com/block", "topology.k8s.aws/network-node-layer-3"],
    };
}
