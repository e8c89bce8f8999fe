using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>From a pod to what is known of its task.</summary>
internal static class PodLook
{
    /// <summary>Reasons for which a kubelet or the control plane ends a pod that has done nothing wrong.</summary>
    private static readonly string[] PlatformReasons = ["Evicted", "Preempting", "Preempted", "NodeShutdown", "Shutdown", "Terminated", "NodeLost", "NodeAffinity", "UnexpectedAdmissionError", "AdmissionCheckFailed"];

    /// <summary>A kubelet says so, with an exit code that nothing ended with, of what it does not find any more.</summary>
    private const string Unknown = "ContainerStatusUnknown";

    /// <summary>Null where it has not begun to run.</summary>
    public static TaskObservation? Start(PodObject pod, JobId job, int attempt, int rank)
    {
        var state = StateOf(pod);
        var at = state?.Running?.StartedAt ?? state?.Terminated?.StartedAt ?? (pod.Status.Phase == "Running" ? pod.Status.StartTime ?? pod.Metadata.CreationTimestamp : null);

        // A program that could not be started began in 1970, as a kubelet tells it.
        return at is { } started && started > DateTimeOffset.UnixEpoch ? new TaskObservation(job, attempt, rank, TaskState.Running, started) : null;
    }

    /// <summary>Null while it may still run.</summary>
    /// <param name="nodeExists">Without its node nothing of it runs, and nobody will say how it ended.</param>
    public static TaskObservation? End(PodObject pod, JobId job, int attempt, int rank, bool nodeExists, DateTimeOffset now)
    {
        var meta = pod.Metadata;
        var isForced = meta.IsDeleting && (!pod.IsBound || meta.DeletionGracePeriodSeconds == 0 || !nodeExists);
        if (!pod.IsTerminal && !isForced) return null;
        if (pod.Status.InitContainerStatuses.FirstOrDefault(container => container.Name == TaskPod.CodeContainer)?.State?.Terminated is { ExitCode: not 0 } unprepared && !meta.IsDeleting)
        {
            return new TaskObservation(job, attempt, rank, TaskState.Exited, unprepared.FinishedAt ?? now, new TaskOutcome(unprepared.ExitCode, Stopped: unprepared.ExitCode != KubernetesOptions.NoCodeEver, Message: unprepared.Message?.Trim() ?? "its code could not be brought into the pod"));
        }

        if (IsPlatforms(pod.Status.Reason) || StateOf(pod)?.Terminated is not { } ended || ended.Reason == Unknown) return new TaskObservation(job, attempt, rank, TaskState.Lost, meta.DeletionTimestamp ?? now);
        return new TaskObservation(job, attempt, rank, TaskState.Exited, ended.FinishedAt ?? meta.DeletionTimestamp ?? now, new TaskOutcome(
            ended.ExitCode,
            OutOfMemory: ended.Reason == "OOMKilled",
            // Whoever had it deleted: it did not end of its own accord, and it is not to blame.
            Stopped: meta.IsDeleting,
            Message: ended.Reason is "StartError" or "ContainerCannotRun" ? ended.Message : null));
    }

    private static bool IsPlatforms(string? reason) => reason is not null && (PlatformReasons.Contains(reason) || reason.StartsWith("OutOf", StringComparison.Ordinal));

    private static ContainerState? StateOf(PodObject pod) => pod.Status.ContainerStatuses.FirstOrDefault(container => container.Name == TaskPod.Container)?.State
        ?? (pod.Status.ContainerStatuses is [var only] ? only.State : null);
}
