using System.Text.Json.Serialization;
using Convoy.Core.Jobs;

namespace Convoy.Core.Json;

/// <summary>The one JSON form of Core's records: stored, sent and compared.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(ByteSizeConverter), typeof(CpuQuantityConverter), typeof(DurationConverter), typeof(ReplicasConverter), typeof(JobIdConverter),
        typeof(PriorityConverter), typeof(FrameworkConverter), typeof(TopologyLevelConverter), typeof(JobSpecConverter),
    ])]
[JsonSerializable(typeof(JobSpec))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobEvent))]
[JsonSerializable(typeof(Assignment))]
[JsonSerializable(typeof(TaskObservation))]
[JsonSerializable(typeof(IReadOnlyList<TaskObservation>))]
[JsonSerializable(typeof(IReadOnlyList<TaskPlacement>))]
[JsonSerializable(typeof(IReadOnlyList<JobEvent>))]
public sealed partial class CoreJson : JsonSerializerContext;
