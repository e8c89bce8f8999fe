using System.Text.Json;
using System.Text.Json.Serialization;
using Convoy.Core.Json;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Everything that one plan was made of, so that it can be made again elsewhere. It names people, jobs and machines; what jobs run,
/// their environment and their secrets are not in it.
/// </summary>
public sealed record PlanningCase(ClusterSnapshot Snapshot, SchedulingPolicy Policy, DateTimeOffset Now, int SchemaVersion = 1)
{
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, SnapshotJson.Default.PlanningCase);

    /// <exception cref="JsonException">It is none; the message names the first of what <see cref="SnapshotReader"/> says.</exception>
    public static PlanningCase FromJson(ReadOnlySpan<byte> json)
    {
        var reading = SnapshotReader.Read(json);
        return reading.Case ?? throw new JsonException($"{reading.Problems[0]}");
    }
}

/// <summary>The JSON form of a planning case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(DurationConverter), typeof(JobIdConverter), typeof(PriorityConverter)])]
[JsonSerializable(typeof(PlanningCase))]
public sealed partial class SnapshotJson : JsonSerializerContext;
