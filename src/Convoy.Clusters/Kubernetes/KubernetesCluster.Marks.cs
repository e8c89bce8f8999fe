using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>
/// What somebody takes off an object that is Convoy's: `kubectl replace` with the file of before takes the decision and the finalizer. Both are written
/// back, so that whoever opens the cluster next finds them, and who deletes the object then is heard.
/// </summary>
public sealed partial class KubernetesCluster
{
    /// <summary>So long a pod that is being deleted waits for somebody to say whose it is.</summary>
    private static readonly TimeSpan UntilNobodys = TimeSpan.FromMinutes(2);

    /// <summary>By the uid of the object in which the decision was last seen.</summary>
    private readonly Dictionary<string, JobId> decided = new(StringComparer.Ordinal);

    /// <summary>Pods that are labelled as a job's, by the uid of the object that they belong to, while no decision is known that would make them its own.</summary>
    private readonly Dictionary<string, Dictionary<string, PodObject>> strays = new(StringComparer.Ordinal);

    private void OnUndecided(TrainingJobObject changed, bool isGone)
    {
        lock (gate)
        {
            if (!decided.TryGetValue(changed.Metadata.Uid, out var id) || !jobs.TryGetValue(id, out var job)) return;
            if (isGone)
            {
                decided.Remove(changed.Metadata.Uid);
                if (job.Object?.Metadata.Uid == changed.Metadata.Uid) job.Object = null;
            }
            else if (changed.Metadata.IsNewerThan(job.Object?.Metadata))
            {
                job.Object = changed;
            }

            queue.Add(id);
        }
    }

    /// <returns>When to try again; null where the object bears all that is Convoy's.</returns>
    private async Task<TimeSpan?> MarkAgainAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        TrainingJobObject? item;
        AssignmentRecord? record;
        lock (gate) (item, record) = (job.Object, job.Record);
        if (item is null || record is null || job.Group is not null || item.Metadata.IsDeleting || IsMarked(item, record)) return null;
        try
        {
            var written = await gangs.WriteDecisionAsync(job, record, "", cancellationToken);
            lock (gate)
            {
                if (written.Metadata.IsNewerThan(job.Object?.Metadata)) job.Object = written;
            }

            return null;
        }
        catch (ApiException conflict) when (conflict.IsConflict)
        {
            await gangs.RereadAsync(job, cancellationToken);
            return FirstPause;
        }
        catch (IOException trouble)
        {
            // What can be done without goes on: ends are seen, and pods stopped.
            LogTrouble(log, job.Id, trouble.Message);
            return LongestPause;
        }
    }

    /// <summary>With this decision, not one of before that somebody has kept a copy of.</summary>
    private bool IsMarked(TrainingJobObject item, AssignmentRecord record) =>
        seal.Read(item)?.Decision.Generation >= record.Decision.Generation && item.Metadata.Finalizers.Contains(ObjectNames.JobFinalizer);

    /// <summary>Under the gate.</summary>
    private void NoteStray(PodObject? before, PodObject? after)
    {
        foreach (var owner in before?.Metadata.OwnerReferences ?? [])
        {
            if (strays.TryGetValue(owner.Uid, out var known) && known.Remove(before!.Metadata.Uid) && known.Count == 0) strays.Remove(owner.Uid);
        }

        if (after is null || !after.Metadata.Labels.ContainsKey(ObjectNames.JobIdLabel)) return;
        foreach (var owner in after.Metadata.OwnerReferences)
        {
            if (!strays.TryGetValue(owner.Uid, out var known)) strays[owner.Uid] = known = new Dictionary<string, PodObject>(StringComparer.Ordinal);
            known[after.Metadata.Uid] = after;
        }
    }

    /// <summary>The job knows its pods from now on, those of earlier attempts too. Under the gate.</summary>
    private void TakeInStrays(KubernetesJob job)
    {
        if (job.Object is not { } item || !strays.Remove(item.Metadata.Uid, out var found)) return;
        foreach (var pod in found.Values.Where(pod => job.Recognize(pod) is not null))
        {
            job.Put(pod);
            book.SetForeign(pod.Metadata.Uid, null, null);
        }
    }

    /// <summary>A pod that is being deleted, and of which nobody has said for a while whose it is, need not wait for how it ended to be written down.</summary>
    private async Task LetStraysGoAsync(CancellationToken cancellationToken)
    {
        PodObject[] nobodys;
        var now = time.GetUtcNow();
        lock (gate) nobodys = [.. strays.Values.SelectMany(pods => pods.Values).Where(pod => pod.Metadata.DeletionTimestamp is { } since && now - since > UntilNobodys && now - openedAt > UntilNobodys)];
        foreach (var pod in nobodys)
        {
            try
            {
                await gangs.LetGoAsync(pod, cancellationToken);
            }
            catch (IOException trouble)
            {
                // With the next round; the others are not to wait for it.
                LogNotSettled(log, trouble.Message);
            }
        }
    }
}
