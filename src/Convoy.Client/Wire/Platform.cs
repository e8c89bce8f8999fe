using Convoy.Core.Scheduling;

namespace Convoy.Client.Wire;

/// <param name="Jobs">Jobs that hold a part of it; those the viewer may not see have no id, name and user.</param>
public sealed record NodeView(
    string Name,
    string Cluster,
    NodeHealth Health,
    string? Accelerator,
    int Gpus,
    int GpusFree,
    long CpuMillicores,
    long CpuMillicoresFree,
    long MemoryBytes,
    long MemoryBytesFree,
    IReadOnlyList<NodeJobView> Jobs,
    int SchemaVersion = 1)
{
    /// <summary>The administrator who says that nothing new lands on it; null where nobody does.</summary>
    public string? WishedBy { get; init; }
}

public sealed record NodeJobView(string? Id, string? Name, string? User, string Level, int Tasks, int Gpus);

public sealed record NodeListView(IReadOnlyList<NodeView> Items, string? Next, int SchemaVersion = 1) : IListView<NodeView>;

/// <param name="State">Ready, or Unreachable where it has not reported lately.</param>
public sealed record ClusterView(string Name, string Kind, string State, int Nodes, int Gpus, int GpusFree, DateTimeOffset? LastSeenAt);

public sealed record ClusterListView(IReadOnlyList<ClusterView> Items, string? Next, int SchemaVersion = 1) : IListView<ClusterView>;

public sealed record VersionView(string Version, string Api, int SchemaVersion = 1);
