using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Languages;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What is to be done about an object that somebody made, changed or deleted. At most one of the members is set.</summary>
internal sealed record TrainingJobWish
{
    public const string NoOwner = "NoOwner";

    public static TrainingJobWish None { get; } = new();

    /// <summary>To ask the server.</summary>
    public ClusterRequest? Ask { get; init; }

    /// <summary>To be told at once: it can be no job.</summary>
    public (string Reason, string Message)? Reject { get; init; }

    /// <summary>It may go: nothing of it runs.</summary>
    public bool LetGo { get; init; }

    /// <param name="owner">Whose namespace it is in; null where nobody's.</param>
    /// <param name="decision">What Convoy decided for it; null where nothing was, whatever the object says.</param>
    /// <param name="isOver">All tasks of that decision have ended, or the server knows of its cancellation and there is none.</param>
    public static TrainingJobWish Of(TrainingJobObject item, string? owner, Assignment? decision, bool isOver)
    {
        var meta = item.Metadata;
        var job = decision?.JobId ?? (JobId.TryParse(item.Status?.JobId, out var told) ? told : null as JobId?);
        if (meta.IsDeleting)
        {
            // One that bears the finalizer may have been asked for, though nobody was told how that went.
            if (isOver || (job is null && (owner is null || !meta.Finalizers.Contains(ObjectNames.JobFinalizer)))) return new TrainingJobWish { LetGo = true };
            return decision?.Wanted == WantedState.Stop ? None : Asking(RequestKind.Cancel, job);
        }

        if (job is null)
        {
            if (item.Status?.ObservedGeneration == meta.Generation && meta.Generation > 0 && !(item.Status.Reason == NoOwner && owner is not null)) return None;
            if (item.HasAssignment) return No("NotConvoys", "somebody else than Convoy wrote .assignment; remove it, and the job is submitted");
            if (owner is null) return No(NoOwner, BelongsToNobody(meta.Namespace));
            var (spec, isSuspended, problems) = Read(item.Spec);
            if (spec is null) return No("InvalidSpec", problems);
            return isSuspended ? None : new TrainingJobWish { Ask = new ClusterRequest(meta.Uid, RequestKind.Submit, owner, null, spec) };
        }

        // What was decided in Convoy itself is asked of nobody here unless somebody here says so.
        var wanted = IsSuspended(item.Spec);
        if (wanted is null || wanted == (item.Status?.Suspended ?? false)) return None;
        return Asking(wanted.Value ? RequestKind.Suspend : RequestKind.Resume, job);

        TrainingJobWish Asking(RequestKind kind, JobId? about) => owner is null && decision is null ? None : new TrainingJobWish { Ask = new ClusterRequest(meta.Uid, kind, decision?.Owner ?? owner!, about, null) };

        static TrainingJobWish No(string reason, string message) => new() { Reject = (reason, message) };
    }

    /// <summary>What the server said no to, for machines, people and queues change; null where only another spec would help.</summary>
    public static ClusterRequest? Again(TrainingJobObject item, string owner) =>
        item.Status is { Phase: "Rejected", Reason: not ("InvalidSpec" or "NotConvoys" or NoOwner) } said && said.ObservedGeneration == item.Metadata.Generation && Read(item.Spec) is { Spec: { } spec, IsSuspended: false }
            ? new ClusterRequest(item.Metadata.Uid, RequestKind.Submit, owner, null, spec)
            : null;

    public static string BelongsToNobody(string space) => $"namespace {space} belongs to nobody: an administrator marks it with `kubectl annotate namespace {space} {ObjectNames.OwnerLabel}=NAME`";

    private static bool? IsSuspended(JsonElement spec) => spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty(TrainingJobSchema.SuspendKey, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? spec.GetProperty(TrainingJobSchema.SuspendKey).GetBoolean()
        : null;

    /// <summary>The job file in the object. Whether it waits suspended is the object's alone.</summary>
    private static (JobSpec? Spec, bool IsSuspended, string Problems) Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) return (null, false, "the object has no spec");
        var json = JsonObject.Create(element)!;
        json.Remove(TrainingJobSchema.SuspendKey);
        var reading = JobSpecReader.ReadJson(JsonSerializer.SerializeToUtf8Bytes(json, ApiJson.Default.JsonObject));
        return (reading.Spec, IsSuspended(element) ?? false, string.Join("; ", reading.Problems.Select(problem => $"spec.{problem.Path}: {problem.Message.In(Language.English)}")));
    }
}
