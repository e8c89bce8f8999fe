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
    bool AssignsDevices);
