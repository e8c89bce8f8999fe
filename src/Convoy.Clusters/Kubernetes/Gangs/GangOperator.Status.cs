using System.Text.Json;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Writes into the object how it goes, and how it ended.</summary>
internal sealed partial class GangOperator
{
    private async Task WriteOutcomeAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        AttemptOutcome outcome;
        Assignment decision;
        lock (gate)
        {
            decision = job.Decision!;
            outcome = new AttemptOutcome(decision.Attempt, decision.Tasks.Count, [.. job.Seen.OrderBy(seen => seen.Rank).ThenBy(seen => seen.State)]);
        }

        await WriteStatusAsync(job, outcome, cancellationToken);
        lock (gate)
        {
            if (job.Decision!.Attempt == outcome.Attempt && job.Decision.Tasks.Count == outcome.TaskCount) job.IsDone = true;
        }
    }

    /// <summary>Shows how it goes, soon after something has changed.</summary>
    private async Task<TimeSpan?> ShowAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (StatusOf(job, null) is not { } status || Same(status, job.WrittenStatus)) return null;
            if (time.GetUtcNow() - job.StatusWrittenAt is var since && since < StatusPause && since >= TimeSpan.Zero) return StatusPause - since;
        }

        await WriteStatusAsync(job, null, cancellationToken);
        return null;
    }

    private async Task WriteStatusAsync(KubernetesJob job, AttemptOutcome? outcome, CancellationToken cancellationToken)
    {
        TrainingJobStatus? status;
        lock (gate)
        {
            status = StatusOf(job, outcome);
            if (status is null || job.Object is null) return;
        }

        var write = new TrainingJobStatusWrite(new TrainingJobMeta(job.Name, job.Namespace), status);
        try
        {
            var written = await WithConnectionAsync(() => api.ApplyAsync($"{TrainingJobObject.PathOf(job.Namespace, job.Name)}/status", JsonSerializer.SerializeToUtf8Bytes(write, ApiJson.Default.TrainingJobStatusWrite), ApiJson.Default.TrainingJobObject, cancellationToken), cancellationToken);
            lock (gate)
            {
                job.WrittenStatus = status;
                job.StatusWrittenAt = time.GetUtcNow();
                if (written.Metadata.IsNewerThan(job.Object?.Metadata)) job.Object = written;
            }
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            // Taken away by force: there is nowhere to write it, and nobody to read it.
            lock (gate) job.Object = null;
        }
    }

    private TrainingJobStatus? StatusOf(KubernetesJob job, AttemptOutcome? outcome)
    {
        if (job.Decision is not { } decision) return null;
        var started = job.Seen.Where(seen => seen.State == TaskState.Running).Select(seen => seen.Rank).ToHashSet();
        var gang = new KnownGang(decision, started.Where(rank => !job.HasEnded(rank)).ToHashSet(), decision.Members.All(task => started.Contains(task.Rank)), job.BoundTasks, job.Broken, outcome);

        // What the desk has written beside it stays.
        return JobStatus.Of(gang, job.Object?.Status ?? job.WrittenStatus, time.GetUtcNow());
    }

    private static bool Same(TrainingJobStatus status, TrainingJobStatus? written) => written is not null
        && status with { Conditions = null } == written with { Conditions = null } && (status.Conditions ?? []).SequenceEqual(written.Conditions ?? []);
}
