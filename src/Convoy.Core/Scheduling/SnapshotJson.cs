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

    /// <exception cref="JsonException">It is no such file; the message names the place.</exception>
    public static PlanningCase FromJson(ReadOnlySpan<byte> json)
    {
        var read = JsonSerializer.Deserialize(json, SnapshotJson.Default.PlanningCase) ?? throw new JsonException("the snapshot is empty");
        if (read.SchemaVersion != 1) throw new JsonException($"the snapshot has schema version {read.SchemaVersion}, and this program reads 1");

        // The generated reader gives a key that is left out the zero of its type, not the property's default: none may be left out.
        var given = JsonElement.Parse(json);
        return Missing(JsonElement.Parse(read.ToJson()), given, "$") is { } missing ? throw new JsonException($"the snapshot has no {missing}") : read;
    }

    private static string? Missing(JsonElement asked, JsonElement given, string path) => asked.ValueKind switch
    {
        JsonValueKind.Object => asked.EnumerateObject().Select(member => given.TryGetProperty(member.Name, out var value)
            ? Missing(member.Value, value, $"{path}.{member.Name}")
            : $"{path}.{member.Name}").FirstOrDefault(missing => missing is not null),
        JsonValueKind.Array => asked.EnumerateArray().Zip(given.EnumerateArray()).Select((pair, i) => Missing(pair.First, pair.Second, $"{path}[{i}]")).FirstOrDefault(missing => missing is not null),
        _ => null,
    };
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
