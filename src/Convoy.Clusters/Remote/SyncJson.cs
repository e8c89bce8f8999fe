using System.Text.Json;
using System.Text.Json.Serialization;
using Convoy.Core.Json;

namespace Convoy.Clusters.Remote;

/// <summary>The JSON form of the sync call. Keys that only the other side's version knows are passed over, in specs too.</summary>
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
[JsonSerializable(typeof(SyncCall))]
[JsonSerializable(typeof(SyncAnswer))]
[JsonSerializable(typeof(SyncOrder))]
[JsonSerializable(typeof(ReportItem))]
[JsonSerializable(typeof(RequestMessage))]
public sealed partial class SyncJson : JsonSerializerContext
{
    /// <summary>Of one call at most; a server takes no more.</summary>
    public const int LargestCall = 4 << 20;

    /// <summary>Of what a call or an answer has of one kind, unless one thing alone is larger.</summary>
    public const int PageBytes = 512 << 10;

    /// <exception cref="JsonException">It is no call, or one that cannot be true.</exception>
    public static SyncCall ReadCall(ReadOnlySpan<byte> json)
    {
        var call = JsonSerializer.Deserialize(json, Default.SyncCall);
        return call is not null && IsSound(call) ? call : throw new JsonException("not a sync call");
    }

    private static bool IsSound(SyncCall call) =>
        call is { Life.Length: > 0 and <= 64, Number: > 0, Version.Length: <= 64 }
        && call.Results.All(result => result is not null)
        && (call.Report is null or { From: >= 0, Whole: >= 0, Items: not null })
        && (call.Report?.Items.All(IsSound) ?? true)
        && call.Requests.All(request => request is { Key.Length: > 0 and <= 512, Owner: not null });

    private static bool IsSound(ReportItem? item) => item switch
    {
        { Task: { } task, Node: null, Gone: null } => task is { Attempt: > 0, Rank: >= 0 } && task.JobId.Value is { Length: > 0 },
        { Task: null, Node: { } node, Gone: null } => node is { Name.Length: > 0, Devices: not null, CpuMillicores: >= 0, MemoryBytes: >= 0 } && node.Labels.Values.All(value => value is not null) && node.Taints.All(taint => taint is { Key: not null, Value: not null }),
        { Task: null, Node: null, Gone: { Length: > 0 } } => true,
        _ => false,
    };
}
