using Convoy.Core.Resources;

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
    public IReadOnlyList<string> Topology { get; init => field = value ?? []; } = [];

    /// <summary>The InfiniBand or other fabric that the node is on; null where the cluster tells none.</summary>
    public string? Fabric { get; init; }

    /// <summary>Devices that reach each other fast; groups may nest. None means that all are alike.</summary>
    public IReadOnlyList<IReadOnlyList<int>> DeviceGroups { get; init => field = value ?? []; } = [];

    /// <summary>Network devices for remote memory access.</summary>
    public int Rdma { get; init; }

    /// <summary>What others than Convoy's jobs take of it. Devices they hold are not among <see cref="Devices"/> where single ones are handed out.</summary>
    public ResourceVector Foreign { get; init; }

    /// <summary>By which tasks may choose it.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init => field = value ?? NoLabels; } = NoLabels;

    /// <summary>Only who tolerates them lands on it.</summary>
    public IReadOnlyList<Taint> Taints { get; init => field = value ?? []; } = [];

    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();
}

/// <summary>A mark on a node, as a rule one that keeps away who does not tolerate it.</summary>
/// <param name="IsPreference">It keeps nobody away (<c>PreferNoSchedule</c>); otherwise nothing lands on the node that does not tolerate it.</param>
public sealed record Taint(string Key, string Value, bool IsPreference = false);
