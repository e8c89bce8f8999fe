using System.Text.Json;
using System.Text.Json.Serialization;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using Convoy.Core.Json;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What is applied of a TrainingJob: only the fields that are Convoy's to say.</summary>
internal sealed record TrainingJobWrite(TrainingJobMeta Metadata)
{
    public string ApiVersion { get; } = TrainingJobObject.ApiVersion;

    public string Kind { get; } = TrainingJobObject.Kind;

    /// <summary>Null where a person wrote it in the cluster.</summary>
    public JsonElement? Spec { get; init; }

    public AssignmentRecord? Assignment { get; init; }
}

internal sealed record TrainingJobMeta(string Name, string Namespace)
{
    /// <summary>Where it is given, nothing is written if another version is there.</summary>
    public string? ResourceVersion { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public IReadOnlyList<string>? Finalizers { get; init; }
}

internal sealed record TrainingJobStatusWrite(TrainingJobMeta Metadata, TrainingJobStatus Status)
{
    public string ApiVersion { get; } = TrainingJobObject.ApiVersion;

    public string Kind { get; } = TrainingJobObject.Kind;
}

/// <summary>From a decision to the object that carries it.</summary>
internal static class TrainingJobRendering
{
    /// <param name="known">The object as it is; null where there is none.</param>
    /// <param name="isOurs">It came from the server; otherwise somebody made it in the cluster, and its spec is theirs.</param>
    public static TrainingJobWrite Render(TrainingJobObject? known, bool isOurs, string space, string name, AssignmentRecord record) => new(new TrainingJobMeta(name, space)
    {
        ResourceVersion = known?.Metadata.ResourceVersion,
        Labels = LabelsOf(record.Decision, isOurs),
        Finalizers = [ObjectNames.JobFinalizer],
    })
    {
        Spec = isOurs ? JsonSerializer.SerializeToElement(record.Decision.Spec, CoreJson.Default.JobSpec) : null,
        Assignment = record,
    };

    private static SortedDictionary<string, string> LabelsOf(Assignment decision, bool isOurs)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [ObjectNames.JobIdLabel] = decision.JobId.Value,
            [ObjectNames.JobNameLabel] = decision.Spec.Name,
            [ObjectNames.OwnerLabel] = ObjectNames.LabelValue(decision.Owner),
        };
        if (isOurs) labels[ObjectNames.ManagedByLabel] = "convoy";
        return labels;
    }
}
