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
        PodObject[] left;
        lock (gate) left = [.. job.Pods.Values, .. job.Stragglers.Values];
        await AllAsync(left, async pod =>
        {
            await LetGoAsync(pod, cancellationToken);
            await WithConnectionAsync(() => api.DeleteAsync(PathOf(pod.Metadata), null, cancellationToken), cancellationToken);
        });
        if (job.Decision is { } decision)
        {
            for (var attempt = 1; attempt <= decision.Attempt; attempt++)
            {
                var name = ObjectNames.Attempt(decision with { Attempt = attempt });
                await api.DeleteAsync($"/api/v1/namespaces/{job.Namespace}/secrets/{name}", null, cancellationToken);
                await api.DeleteAsync($"/api/v1/namespaces/{job.Namespace}/services/{name}", null, cancellationToken);
            }
        }

        var path = TrainingJobObject.PathOf(job.Namespace, job.Name);
        if (await api.DeleteAsync(path, null, cancellationToken)) await ReleaseAsync(path, [], cancellationToken);
    }

    /// <summary>Of a job whose end is written down pods are let go as they are asked to, and all of them in the end.</summary>
    private async Task<TimeSpan?> TidyAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        PodObject[] left;
        lock (gate) left = [.. job.Pods.Values, .. job.Stragglers.Values];
        var now = time.GetUtcNow();
        TimeSpan? again = null;
        foreach (var pod in left)
        {
            var since = now - (job.Seen.Where(seen => seen.State is TaskState.Exited or TaskState.Lost).Select(seen => seen.At).DefaultIfEmpty(now).Max());
            if (pod.Metadata.IsDeleting || since >= options.KeepPodsFor)
            {
                await LetGoAsync(pod, cancellationToken);
                if (!pod.Metadata.IsDeleting) await WithConnectionAsync(() => api.DeleteAsync(PathOf(pod.Metadata), Precondition(pod), cancellationToken), cancellationToken);
            }
            else if (again is null || options.KeepPodsFor - since < again)
            {
                again = options.KeepPodsFor - since;
            }
        }

        return again;
    }

    private Task LetGoAsync(PodObject pod, CancellationToken cancellationToken) => pod.Metadata.Finalizers.Contains(ObjectNames.TaskFinalizer)
        ? ReleaseAsync(PathOf(pod.Metadata), [.. pod.Metadata.Finalizers.Where(finalizer => finalizer != ObjectNames.TaskFinalizer)], cancellationToken)
        : Task.CompletedTask;

    /// <summary>Leaves an object only these finalizers; nothing where it is gone.</summary>
    private async Task ReleaseAsync(string path, IReadOnlyList<string> finalizers, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new FinalizersWrite(new FinalizersMeta(finalizers, null)), ApiJson.Default.FinalizersWrite);
        try
        {
            await WithConnectionAsync(() => api.MergeAsync(path, body, ApiJson.Default.NamespaceObject, cancellationToken), cancellationToken);
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            // Then there is nothing to hold.
        }
    }
}
