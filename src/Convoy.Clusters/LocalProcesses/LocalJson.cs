using System.Text.Json.Serialization;
using Convoy.Core.Jobs;
using Convoy.Core.Json;

namespace Convoy.Clusters.LocalProcesses;

/// <param name="RendezvousPort">The same for all tasks, and after a restart of the platform.</param>
internal sealed record GangFile(int RendezvousPort);

internal sealed record FailedPreparation(string Message, DateTimeOffset At);

/// <summary>How an attempt ended: all that was seen of its tasks.</summary>
internal sealed record OutcomeFile(int Attempt, IReadOnlyList<TaskObservation> Tasks)
{
    /// <summary>Fewer than the attempt has where it was to grow when all of its tasks had ended.</summary>
    public int CountEnded() => Tasks.Count(task => task.State is TaskState.Exited or TaskState.Lost);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(ByteSizeConverter), typeof(CpuQuantityConverter), typeof(DurationConverter), typeof(ReplicasConverter), typeof(JobIdConverter),
        typeof(PriorityConverter), typeof(FrameworkConverter), typeof(JobSpecConverter),
    ])]
[JsonSerializable(typeof(ClusterAssignment))]
[JsonSerializable(typeof(GangFile))]
[JsonSerializable(typeof(FailedPreparation))]
[JsonSerializable(typeof(OutcomeFile))]
internal sealed partial class LocalJson : JsonSerializerContext;
