using System.Text.Json;
using System.Text.Json.Serialization;

namespace Convoy.Clusters.Kubernetes.Api;

/// <summary>Of the objects read from the API server only what is looked at: tens of thousands of them are kept in memory, and each change of each is parsed.</summary>
internal interface IApiObject
{
    ObjectMeta Metadata { get; }
}

// The generated reader sets what the JSON has not to null.
internal sealed record ObjectMeta
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string Namespace { get; init => field = value ?? ""; } = "";

    public string Uid { get; init => field = value ?? ""; } = "";

    public string ResourceVersion { get; init => field = value ?? ""; } = "";

    /// <summary>Counts changes of what is wished.</summary>
    public long Generation { get; init; }

    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set once somebody has asked for its deletion; it stays until its finalizers are gone and, for a pod on a node, its kubelet has let go of it.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    public long? DeletionGracePeriodSeconds { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init => field = value ?? None; } = None;

    public IReadOnlyDictionary<string, string> Annotations { get; init => field = value ?? None; } = None;

    public IReadOnlyList<string> Finalizers { get; init => field = value ?? []; } = [];

    public IReadOnlyList<OwnerReference> OwnerReferences { get; init => field = value ?? []; } = [];

    [JsonIgnore]
    public ObjectKey Key => new(Namespace, Name);

    [JsonIgnore]
    public bool IsDeleting => DeletionTimestamp is not null;

    /// <summary>Whether this tells of a later moment than the other; both of one object.</summary>
    public bool IsNewerThan(ObjectMeta? other) => other is null || !ulong.TryParse(other.ResourceVersion, out var theirs) || !ulong.TryParse(ResourceVersion, out var ours) || ours > theirs;

    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();
}

internal sealed record OwnerReference(string Kind, string Name, string Uid);

internal readonly record struct ObjectKey(string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}

internal sealed record ObjectList<T>(ListMeta Metadata, IReadOnlyList<T> Items)
    where T : IApiObject
{
    public IReadOnlyList<T> Items { get; init => field = value ?? []; } = Items;
}

internal sealed record ListMeta(string? ResourceVersion, [property: JsonPropertyName("continue")] string? Continue);

/// <param name="Type">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
internal sealed record WatchEvent(string Type, JsonElement Object);

/// <summary>What the API server answers where it answers with no object.</summary>
internal sealed record StatusObject(string? Reason, string? Message, int Code, StatusDetails? Details);

internal sealed record StatusDetails(int? RetryAfterSeconds);

internal sealed record SecretObject(ObjectMeta Metadata) : IApiObject
{
    /// <summary>In base64.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}

internal sealed record NamespaceObject(ObjectMeta Metadata) : IApiObject;

internal sealed record NodeObject(ObjectMeta Metadata) : IApiObject
{
    public NodeObjectSpec Spec { get; init => field = value ?? new(); } = new();

    public NodeObjectStatus Status { get; init => field = value ?? new(); } = new();
}

internal sealed record NodeObjectSpec
{
    public bool Unschedulable { get; init; }

    public IReadOnlyList<TaintObject> Taints { get; init => field = value ?? []; } = [];
}

internal sealed record TaintObject(string Key, string? Value, string Effect);

internal sealed record NodeObjectStatus
{
    public IReadOnlyDictionary<string, string> Allocatable { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();

    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];
}

internal sealed record Condition(string Type, string Status)
{
    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? LastTransitionTime { get; init; }
}

internal sealed record PodObject(ObjectMeta Metadata) : IApiObject
{
    public PodObjectSpec Spec { get; init => field = value ?? new(); } = new();

    public PodObjectStatus Status { get; init => field = value ?? new(); } = new();

    /// <summary>On a node, or was.</summary>
    [JsonIgnore]
    public bool IsBound => !string.IsNullOrEmpty(Spec.NodeName);

    /// <summary>It has ended and takes nothing of its node any more.</summary>
    [JsonIgnore]
    public bool IsTerminal => Status.Phase is "Succeeded" or "Failed";
}

internal sealed record PodObjectSpec
{
    public string? NodeName { get; init; }

    public string? SchedulerName { get; init; }

    public IReadOnlyList<ContainerObject> Containers { get; init => field = value ?? []; } = [];

    public IReadOnlyList<ContainerObject> InitContainers { get; init => field = value ?? []; } = [];

    public IReadOnlyDictionary<string, string>? Overhead { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public AffinityObject? Affinity { get; init; }

    public IReadOnlyList<TolerationObject> Tolerations { get; init => field = value ?? []; } = [];
}

internal sealed record AffinityObject(NodeAffinityObject? NodeAffinity);

internal sealed record NodeAffinityObject(NodeSelectorObject? RequiredDuringSchedulingIgnoredDuringExecution);

internal sealed record NodeSelectorObject(IReadOnlyList<NodeSelectorTerm>? NodeSelectorTerms);

internal sealed record NodeSelectorTerm(IReadOnlyList<NodeExpression>? MatchExpressions, IReadOnlyList<NodeExpression>? MatchFields);

internal sealed record NodeExpression(string Key, string Operator, IReadOnlyList<string>? Values);

internal sealed record TolerationObject(string? Key, string? Operator, string? Value, string? Effect);

internal sealed record ContainerObject(string Name)
{
    public ResourcesObject? Resources { get; init; }

    /// <summary><c>Always</c> for one that runs beside the others (a sidecar).</summary>
    public string? RestartPolicy { get; init; }
}

internal sealed record ResourcesObject(IReadOnlyDictionary<string, string>? Requests, IReadOnlyDictionary<string, string>? Limits);

internal sealed record PodObjectStatus
{
    public string? Phase { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public IReadOnlyList<ContainerStatus> ContainerStatuses { get; init => field = value ?? []; } = [];

    public IReadOnlyList<ContainerStatus> InitContainerStatuses { get; init => field = value ?? []; } = [];
}

internal sealed record ContainerStatus(string Name, ContainerState? State);

internal sealed record ContainerState(ContainerRunning? Running, ContainerTerminated? Terminated, ContainerWaiting? Waiting);

internal sealed record ContainerRunning(DateTimeOffset? StartedAt);

internal sealed record ContainerWaiting(string? Reason, string? Message);

internal sealed record ContainerTerminated(int ExitCode, int? Signal, string? Reason, string? Message, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt);
