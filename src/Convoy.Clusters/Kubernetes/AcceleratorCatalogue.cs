using System.Globalization;
using Convoy.Clusters.LocalProcesses;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Whose devices a Kubernetes resource counts, and which label tells their type.</summary>
/// <param name="TypeLabels">The first that the node bears is believed; where it bears none, the resource's own name has to do.</param>
/// <param name="MemoryLabel">Of one device, in MiB.</param>
/// <param name="Visibility">What keeps a container without devices from seeing them all.</param>
internal sealed record AcceleratorKind(string Resource, string Plain, IReadOnlyList<string> TypeLabels, string? MemoryLabel = null, string? Visibility = null);

/// <summary>The accelerators known of old, as data. A cluster's own are added in its options.</summary>
internal static class AcceleratorCatalogue
{
    private static readonly string[] CloudLabels = ["cloud.google.com/gke-accelerator", "k8s.amazonaws.com/accelerator", "node.kubernetes.io/accelerator"];

    public static IReadOnlyList<AcceleratorKind> WellKnown { get; } =
    [
        new("nvidia.com/gpu", "GPU", ["nvidia.com/gpu.product", .. CloudLabels], "nvidia.com/gpu.memory", "NVIDIA_VISIBLE_DEVICES"),
        new("amd.com/gpu", "AMD-GPU", ["amd.com/gpu.product-name", "amd.com/gpu.product", .. CloudLabels]),
        new("huawei.com/Ascend910", "Ascend910", []),
        new("huawei.com/Ascend310P", "Ascend310P", []),
        new("habana.ai/gaudi", "Gaudi", ["habana.ai/gaudi.product"]),
        new("google.com/tpu", "TPU", ["cloud.google.com/gke-tpu-accelerator"]),
        new("aws.amazon.com/neuron", "Neuron", []),
        new("gpu.intel.com/xe", "Intel-GPU", []),
    ];

    public static string TypeOf(AcceleratorKind kind, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var label in kind.TypeLabels)
        {
            if (labels.GetValueOrDefault(label) is not { Length: > 0 } name) continue;
            _ = long.TryParse(kind.MemoryLabel is null ? null : labels.GetValueOrDefault(kind.MemoryLabel), NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes);
            return FoundDevice.Canonical(name, mebibytes) is { Length: > 0 } type ? type : name;
        }

        return kind.Plain;
    }
}
