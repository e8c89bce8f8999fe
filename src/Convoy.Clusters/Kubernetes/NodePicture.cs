using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.Kubernetes;

/// <summary>From a node of Kubernetes, and what is on it, to what the scheduler is told.</summary>
internal sealed class NodePicture(KubernetesOptions options)
{
    /// <summary>By which the control plane itself says that a node cannot be used; health tells it already, and it may pass before anything lands.</summary>
    private const string StateTaints = "node.kubernetes.io/";

    public NodeObservation Of(NodeObject node, NodeUse foreign)
    {
        var labels = node.Metadata.Labels;
        var allocatable = node.Status.Allocatable;
        var kind = KindOf(node);
        var devices = kind is null ? 0 : (int)Math.Min(Quantity.Units(allocatable[kind.Resource]), int.MaxValue);
        return new NodeObservation(
            node.Metadata.Name,
            HealthOf(node),
            Quantity.Thousandths(allocatable.GetValueOrDefault("cpu")),
            Quantity.Units(allocatable.GetValueOrDefault("memory")),
            devices == 0 ? null : AcceleratorCatalogue.TypeOf(kind!, labels),
            [.. Enumerable.Range(0, devices)],
            AssignsDevices: false)
        {
            Topology = TopologyOf(labels),
            Fabric = LabelOf("fabric", labels),
            Rdma = RdmaOf(node) is { } rdma ? (int)Math.Min(Quantity.Units(allocatable[rdma]), int.MaxValue) : 0,
            Labels = labels,
            Taints = [.. node.Spec.Taints.Where(taint => !taint.Key.StartsWith(StateTaints, StringComparison.Ordinal)).Select(taint => new Taint(taint.Key, taint.Value ?? "", taint.Effect == "PreferNoSchedule"))],
            Foreign = new ResourceVector(foreign.CpuMillicores, foreign.MemoryBytes, kind is null ? 0 : (int)foreign.Amount(kind.Resource)) { Rdma = RdmaOf(node) is { } name ? (int)foreign.Amount(name) : 0 },
        };
    }

    /// <summary>The resource of which the node has devices; a node with several kinds is used for its first in the catalogue.</summary>
    public static AcceleratorKind? KindOf(NodeObject node) =>
        AcceleratorCatalogue.WellKnown.FirstOrDefault(kind => Quantity.Units(node.Status.Allocatable.GetValueOrDefault(kind.Resource)) > 0);

    /// <summary>The resource that counts the node's devices for remote memory access.</summary>
    public string? RdmaOf(NodeObject node) => node.Status.Allocatable
        .Where(resource => options.RdmaPrefixes.Any(prefix => resource.Key.StartsWith(prefix, StringComparison.Ordinal)) && Quantity.Units(resource.Value) > 0)
        .Select(resource => resource.Key).Order(StringComparer.Ordinal).FirstOrDefault();

    /// <summary>Drained by an administrator's cordon; suspect where its kubelet, or a checker, complains.</summary>
    public NodeHealth HealthOf(NodeObject node)
    {
        if (node.Metadata.IsDeleting) return NodeHealth.Gone;
        if (node.Status.Conditions.FirstOrDefault(condition => condition.Type == "Ready")?.Status is "False" or "Unknown") return NodeHealth.Suspect;
        if (node.Spec.Taints.Any(taint => taint.Key is "node.kubernetes.io/out-of-service" or "node.kubernetes.io/unreachable")) return NodeHealth.Suspect;
        if (node.Status.Conditions.Any(condition => condition.Status == "True" && options.SickConditions.Contains(condition.Type))) return NodeHealth.Quarantined;
        if (node.Spec.Unschedulable) return NodeHealth.Draining;
        return node.Status.Conditions.Any(condition => condition.Status == "True" && condition.Type is "MemoryPressure" or "DiskPressure" or "PIDPressure" or "NetworkUnavailable") ? NodeHealth.Suspect : NodeHealth.Ready;
    }

    /// <summary>Region, zone, block, rack; those before the last that is told are empty where they are not.</summary>
    private string[] TopologyOf(IReadOnlyDictionary<string, string> labels)
    {
        string[] path = [LabelOf("region", labels) ?? "", LabelOf("zone", labels) ?? "", LabelOf("block", labels) ?? "", LabelOf("rack", labels) ?? ""];
        return path[..(Array.FindLastIndex(path, domain => domain.Length > 0) + 1)];
    }

    private string? LabelOf(string level, IReadOnlyDictionary<string, string> labels) => options.TopologyLabels.GetValueOrDefault(level, []).Select(labels.GetValueOrDefault).FirstOrDefault(value => !string.IsNullOrEmpty(value));
}
