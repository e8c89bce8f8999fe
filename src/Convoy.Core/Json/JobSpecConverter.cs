using System.Text.Json;
using System.Text.Json.Serialization;
using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;

namespace Convoy.Core.Json;

/// <summary>
/// Reads a stored or received spec with the job file's reader, so that a key which an older version did not write gets its documented
/// default: the serializer's generated code would set it to null, zero or false. Keys that only a newer version knows are passed over.
/// </summary>
public sealed class JobSpecConverter : JsonConverter<JobSpec>
{
    public override JobSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var binder = new NodeBinder(passesOverUnknownKeys: true);
        var spec = new JobSpecBinder(binder).Bind(JsonDocumentNodes.ReadValue(ref reader));
        return binder.Problems is [var problem, ..] ? throw new JsonException($"not a job's spec: {problem}") : spec;
    }

    public override void Write(Utf8JsonWriter writer, JobSpec value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value, JobSpecShape.Default.JobSpec);
}

/// <summary>A spec's members, for writing.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(ByteSizeConverter), typeof(CpuQuantityConverter), typeof(DurationConverter), typeof(ReplicasConverter), typeof(PriorityConverter), typeof(FrameworkConverter), typeof(TopologyLevelConverter),
    ])]
[JsonSerializable(typeof(JobSpec))]
internal sealed partial class JobSpecShape : JsonSerializerContext;
