namespace Convoy.Core.Scheduling;

public enum NodeHealth
{
    Ready,

    /// <summary>May be failing; nothing new lands on it.</summary>
    Suspect,
    Quarantined,
    Draining,
    Gone,
}

/// <summary>A machine as its cluster describes it.</summary>
/// <param name="Accelerator">Canonical type; null where it has none.</param>
/// <param name="Devices">Indexes of the devices that are there and healthy now.</param>
/// <param name="AssignsDevices">The cluster hands out single devices; elsewhere a node is counts and <paramref name="Devices"/> are only counted.</param>
public sealed record NodeObservation(
    string Name,
    NodeHealth Health,
    long CpuMillicores,
    long MemoryBytes,
    string? Accelerator,
    IReadOnlyList<int> Devices,
    bool AssignsDevices)
{
    /// <summary>Domains that hold the node, outermost first (region, zone, block, rack); empty where the cluster tells none.</summary>
    public IReadOnlyList<string> Topology { get; init; } = [];

    /// <summary>The InfiniBand or other fabric that the node is on; null where the cluster tells none.</summary>
    public string? Fabric { get; init; }

    /// <summary>Devices that reach each other fast; groups may nest. None means that all are alike.</summary>
    public IReadOnlyList<IReadOnlyList<int>> DeviceGroups { get; init; } = [];

    /// <summary>Network devices for remote memory access.</summary>
    public int Rdma { get; init; }
}
