using Convoy.Core.Languages;
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

/// <param name="State">Ready; Silent where it has not been heard lately; NeverSeen where it has not since the server started.</param>
public sealed record ClusterView(string Name, string Kind, string State, int Nodes, int Gpus, int GpusFree, DateTimeOffset? LastSeenAt, int SchemaVersion = 1)
{
    /// <summary>Of the program that keeps it; null where it has not been heard.</summary>
    public string? Version { get; init; }

    /// <summary>Null for the server's own.</summary>
    public DateTimeOffset? JoinedAt { get; init; }

    public string? JoinedBy { get; init; }
}

/// <summary>Body of <c>PUT /api/v1/clusters/{name}</c>.</summary>
public sealed record ClusterJoinRequest(string Kind = "kubernetes");

/// <param name="Token">Of the cluster's agent; shown this once.</param>
public sealed record ClusterTokenView(string Cluster, string Kind, string Token, int SchemaVersion = 1);

public sealed record ClusterListView(IReadOnlyList<ClusterView> Items, string? Next, int SchemaVersion = 1) : IListView<ClusterView>
{
    /// <summary>What holds up the whole platform, if anything does.</summary>
    public IReadOnlyList<NoticeView> Notices { get; init => field = value ?? []; } = [];
}

/// <summary>Something about the whole platform that people should know: it is paused, or its disk is full.</summary>
/// <param name="Code">A stable word.</param>
public sealed record NoticeView(string Code, Text Message);

/// <summary>Body of <c>PUT /api/v1/scheduling/pause</c>.</summary>
/// <param name="EvictionsOnly">Jobs go on starting, and none makes way for another.</param>
public sealed record PauseRequest(bool EvictionsOnly = false, string? Reason = null);

/// <summary>What administrators have paused.</summary>
/// <param name="Scheduling">Null where jobs start.</param>
/// <param name="Evictions">Null where running jobs make way, unless scheduling is paused as a whole.</param>
/// <param name="Notices">The same in words, and whether the disk holds the platform up.</param>
public sealed record PauseView(PausedView? Scheduling, PausedView? Evictions, IReadOnlyList<NoticeView> Notices, int SchemaVersion = 1);

public sealed record PausedView(string By, DateTimeOffset Since, string? Reason);

public sealed record VersionView(string Version, string Api, int SchemaVersion = 1);
