using System.Text.Json.Serialization;
using Convoy.Core.Json;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes.Api;

/// <summary>The forms of what is read from the API server, and of the objects that are Convoy's own.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters =
    [
        typeof(ByteSizeConverter), typeof(CpuQuantityConverter), typeof(DurationConverter), typeof(ReplicasConverter), typeof(JobIdConverter),
        typeof(PriorityConverter), typeof(FrameworkConverter), typeof(TopologyLevelConverter), typeof(JobSpecConverter),
    ])]
[JsonSerializable(typeof(ObjectList<NodeObject>))]
[JsonSerializable(typeof(ObjectList<PodObject>))]
[JsonSerializable(typeof(ObjectList<NamespaceObject>))]
[JsonSerializable(typeof(ObjectList<TrainingJobObject>))]
[JsonSerializable(typeof(TrainingJobObject))]
[JsonSerializable(typeof(PodObject))]
[JsonSerializable(typeof(NamespaceObject))]
[JsonSerializable(typeof(SecretObject))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(StatusObject))]
[JsonSerializable(typeof(FinalizersWrite))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonObject))]
[JsonSerializable(typeof(JobSpec))]
[JsonSerializable(typeof(TrainingJobWrite))]
[JsonSerializable(typeof(AssignmentRecord))]
[JsonSerializable(typeof(TrainingJobStatusWrite))]
[JsonSerializable(typeof(Assignment))]
internal sealed partial class ApiJson : JsonSerializerContext;
