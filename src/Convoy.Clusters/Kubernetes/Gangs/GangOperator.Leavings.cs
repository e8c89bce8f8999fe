using System.Text.Json;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What stays when a job has ended, and goes in the end.</summary>
internal sealed partial class GangOperator
{
    /// <summary>Takes away all that the cluster has of a job that has ended; the object last, so that a crash in between finds the rest again.</summary>
    public async Task RemoveAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        // Another operator's pods, and there is nothing else of it.
        if (job.Group is not null) return;
        PodObject[] left;
        TrainingJobObject? item;
        lock (gate) (left, item) = ([.. job.Pods.Values, .. job.Stragglers.Values], job.Object);
        await AllAsync(left, pod => RemoveAsync(pod, cancellationToken));
        if (job.Decision is { } decision)
        {
            for (var attempt = 1; attempt <= decision.Attempt; attempt++)
            {
                var name = ObjectNames.Attempt(decision with { Attempt = attempt });
                await api.DeleteAsync($"/api/v1/namespaces/{job.Namespace}/secrets/{name}", null, cancellationToken);
                await api.DeleteAsync($"/api/v1/namespaces/{job.Namespace}/services/{name}", null, cancellationToken);
            }
        }

        // One that was made anew under the same name is another job's.
        if (item is null) return;
        try
        {
            if (await api.DeleteAsync(item.Path, Precondition(item.Metadata), cancellationToken)) await ReleaseAsync(item.Path, item.Metadata, ObjectNames.JobFinalizer, cancellationToken);
        }
        catch (ApiException another) when (another.IsConflict)
        {
            // The same.
        }
    }

    private async Task RemoveAsync(PodObject pod, CancellationToken cancellationToken)
    {
        await LetGoAsync(pod, cancellationToken);
        try
        {
            await WithConnectionAsync(() => api.DeleteAsync(PathOf(pod.Metadata), Precondition(pod.Metadata), cancellationToken), cancellationToken);
        }
        catch (ApiException another) when (another.IsConflict)
        {
            // Made anew under the same name.
        }
    }

    /// <summary>Of a job whose end is written down pods are let go as they are asked to, and all of them in the end.</summary>
    private async Task<TimeSpan?> TidyAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        PodObject[] left;
        lock (gate) left = [.. job.Pods.Values];
        var now = time.GetUtcNow();
        TimeSpan? again = null;
        foreach (var pod in left)
        {
            var since = now - (job.Seen.Where(seen => seen.State is TaskState.Exited or TaskState.Lost).Select(seen => seen.At).DefaultIfEmpty(now).Max());
            if (pod.Metadata.IsDeleting || since >= options.KeepPodsFor)
            {
                if (pod.Metadata.IsDeleting) await LetGoAsync(pod, cancellationToken);
                else await RemoveAsync(pod, cancellationToken);
            }
            else
            {
                again = Earlier(again, options.KeepPodsFor - since);
            }
        }

        return Earlier(again, await LetStragglersGoAsync(job, cancellationToken));
    }

    /// <summary>Pods of earlier attempts, of which everything is written down: they go as they are asked to, and after a while in any case.</summary>
    /// <returns>When the next of them is to go; null where none is left.</returns>
    private async Task<TimeSpan?> LetStragglersGoAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        PodObject[] left;
        lock (gate) left = [.. job.Stragglers.Values];
        var now = time.GetUtcNow();
        TimeSpan? again = null;
        foreach (var pod in left)
        {
            var ended = PodLook.End(pod, job.Id, 1, 0, nodeExists: true, now)?.At ?? now;
            if (pod.Metadata.IsDeleting) await LetGoAsync(pod, cancellationToken);
            else if (now - ended >= options.KeepPodsFor) await RemoveAsync(pod, cancellationToken);
            else again = Earlier(again, options.KeepPodsFor - (now - ended));
        }

        return again;
    }

    /// <summary>An earlier attempt's pods that run still: nobody knew of them when the next attempt was decided. No task starts beside its predecessor.</summary>
    /// <returns>Whether there are any.</returns>
    private async Task<bool> StopStragglersAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        PodObject[] running, ended;
        var now = time.GetUtcNow();
        lock (gate)
        {
            var earlier = job.Stragglers.Values.Where(pod => pod.IsBound && job.Recognize(pod)?.Attempt < job.Decision!.Attempt).ToLookup(pod => PodLook.End(pod, job.Id, 1, 0, book.Has(pod.Spec.NodeName!), now) is null);
            (running, ended) = ([.. earlier[true]], [.. earlier[false].Where(pod => pod.Metadata.IsDeleting)]);
        }

        await AllAsync(ended, pod => LetGoAsync(pod, cancellationToken));
        await AllAsync([.. running.Where(pod => !pod.Metadata.IsDeleting)], pod => RemoveAsync(pod, cancellationToken));
        return running.Length > 0;
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    public Task LetGoAsync(PodObject pod, CancellationToken cancellationToken) => pod.Metadata.Finalizers.Contains(ObjectNames.TaskFinalizer)
        ? ReleaseAsync(PathOf(pod.Metadata), pod.Metadata, ObjectNames.TaskFinalizer, cancellationToken)
        : Task.CompletedTask;

    /// <summary>Takes a finalizer of ours off an object; nothing where it is gone, or another.</summary>
    private async Task ReleaseAsync(string path, ObjectMeta known, string finalizer, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new FinalizersWrite(new FinalizersMeta([.. known.Finalizers.Where(each => each != finalizer)], known.Uid)), ApiJson.Default.FinalizersWrite);
        try
        {
            await WithConnectionAsync(() => api.MergeAsync(path, body, ApiJson.Default.NamespaceObject, cancellationToken), cancellationToken);
        }
        catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict || gone.Status == 422)
        {
            // Then there is nothing to hold: a uid that is not the object's is no valid change of it.
        }
    }
}
