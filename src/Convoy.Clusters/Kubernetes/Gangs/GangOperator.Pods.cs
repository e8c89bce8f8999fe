using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using k8s.Models;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Makes pods, binds them, and takes them away.</summary>
internal sealed partial class GangOperator
{
    private async Task CreateAsync(KubernetesJob job, Assignment decision, int rank, CancellationToken cancellationToken)
    {
        var resources = book.ResourcesOf(decision.Tasks[rank].Node);
        if (resources.Accelerator is null && decision.Spec.Roles[decision.Tasks[rank].Role].Resources.Gpu > 0)
        {
            // Without a limit it would see all devices, once they are back.
            Break(job, decision, $"node {decision.Tasks[rank].Node} shows no devices now");
            return;
        }

        var owner = AttemptObjects.OwnedBy(job.Name, job.Object?.Metadata.Uid ?? "");
        var pod = TaskPod.Render(decision, rank, resources, owner, job.Namespace, options);
        PodObject made;
        try
        {
            made = await WithConnectionAsync(() => api.PostAsync($"/api/v1/namespaces/{job.Namespace}/pods", Bytes(pod), ApiJson.Default.PodObject, cancellationToken), cancellationToken);
        }
        catch (ApiException exists) when (exists.IsConflict && exists.Reason == "AlreadyExists")
        {
            made = await api.GetAsync($"/api/v1/namespaces/{job.Namespace}/pods/{pod.Metadata.Name}", ApiJson.Default.PodObject, cancellationToken);
        }
        catch (ApiException no) when (no.IsPermanent || no.IsNotFound)
        {
            Break(job, decision, $"the pod of rank {rank} cannot be made: {no.Message}");
            return;
        }

        lock (gate)
        {
            if (job.Decision?.Attempt != decision.Attempt) return;
            if (job.Recognize(made) is null) Break(job, decision, $"a pod called {pod.Metadata.Name} is there that is not of this job");
            else job.Put(made);
        }
    }

    /// <summary>All to their nodes, or none: what has come there since the decision was made is looked at once more.</summary>
    private async Task BindAsync(KubernetesJob job, Assignment decision, IReadOnlyList<int> ranks, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (book.Lacks(job.Id, decision.Attempt, [.. ranks.Select(rank => (rank, decision.Tasks[rank].Node, RequestOf(decision, decision.Tasks[rank])))]) is { } lacking)
            {
                Break(job, decision, lacking);
                return;
            }

            // Before the first is bound: from then on one that is missing was there.
            job.BoundTasks = decision.Tasks.Count;
        }

        await AllAsync(ranks, rank => BindAsync(job, decision, rank, cancellationToken));
    }

    private async Task BindAsync(KubernetesJob job, Assignment decision, int rank, CancellationToken cancellationToken)
    {
        PodObject? pod;
        lock (gate) pod = job.Pods.GetValueOrDefault(rank);
        if (pod is null || pod.IsBound) return;
        var node = decision.Tasks[rank].Node;
        var binding = new V1Binding
        {
            ApiVersion = "v1",
            Kind = "Binding",
            Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.Namespace, Uid = pod.Metadata.Uid },
            Target = new V1ObjectReference { ApiVersion = "v1", Kind = "Node", Name = node },
        };
        try
        {
            await WithConnectionAsync(
                async () =>
                {
                    await api.PostAsync($"{PathOf(pod.Metadata)}/binding", Bytes(binding), cancellationToken);
                    return true;
                },
                cancellationToken);
            lock (gate)
            {
                if (job.Pods.TryGetValue(rank, out var now) && now.Metadata.Uid == pod.Metadata.Uid && !now.IsBound) job.Pods[rank] = now with { Spec = now.Spec with { NodeName = node } };
            }
        }
        catch (ApiException refused) when (refused.IsConflict || refused.IsNotFound)
        {
            // Bound before, by an answer that was lost; or deleted, or made anew by somebody.
            await LookAgainAsync(job, pod, cancellationToken);
            lock (gate)
            {
                if (job.Pods.TryGetValue(rank, out var now) && (now.IsBound ? now.Spec.NodeName != node : !now.Metadata.IsDeleting)) Break(job, decision, $"the pod of rank {rank} cannot be bound: {refused.Message}");
            }
        }
        catch (ApiException no) when (no.IsPermanent)
        {
            Break(job, decision, $"the pod of rank {rank} cannot be bound: {no.Message}");
        }
    }

    private async Task LookAgainAsync(KubernetesJob job, PodObject pod, CancellationToken cancellationToken)
    {
        try
        {
            var now = await api.GetAsync(PathOf(pod.Metadata), ApiJson.Default.PodObject, cancellationToken);
            lock (gate)
            {
                if (now.Metadata.Uid != pod.Metadata.Uid) job.Remove(pod);
                else job.Put(now);
            }
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            // Of a pod that nothing held the watch tells how it ended.
            lock (gate)
            {
                if (job.Group is null) job.Remove(pod);
            }
        }
    }

    /// <summary>Told to go; its kubelet gives it its grace.</summary>
    private async Task DeleteAsync(KubernetesJob job, int rank, CancellationToken cancellationToken)
    {
        PodObject? pod;
        lock (gate) pod = job.Pods.GetValueOrDefault(rank);
        if (pod is null) return;
        if (await (job.Group is null ? WithConnectionAsync(() => api.DeleteAsync(PathOf(pod.Metadata), Precondition(pod.Metadata), cancellationToken), cancellationToken) : EvictAsync(pod, cancellationToken))) await LookAgainAsync(job, pod, cancellationToken);
        else if (job.Group is null) lock (gate) job.Remove(pod);
    }

    /// <summary>Asked for as everybody is: where a disruption budget says no, it is asked again later. False where there is no such pod.</summary>
    private async Task<bool> EvictAsync(PodObject pod, CancellationToken cancellationToken)
    {
        try
        {
            return await EvictAsync(pod, "policy/v1", cancellationToken);
        }
        catch (ApiException unknown) when (unknown.Status == 400)
        {
            // Kubernetes before 1.22 knows only this one.
            return await EvictAsync(pod, "policy/v1beta1", cancellationToken);
        }
    }

    private async Task<bool> EvictAsync(PodObject pod, string version, CancellationToken cancellationToken)
    {
        var eviction = new V1Eviction
        {
            ApiVersion = version, Kind = "Eviction", Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.Namespace },
            DeleteOptions = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } },
        };
        try
        {
            return await WithConnectionAsync(
                async () =>
                {
                    await api.PostAsync($"{PathOf(pod.Metadata)}/eviction", Bytes(eviction), cancellationToken);
                    return true;
                },
                cancellationToken);
        }
        catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            return false;
        }
    }

    /// <summary>A task that never ran, or is not there any more. Its pod, where there is one, must be gone first: another agent might have bound it.</summary>
    private async Task LoseAsync(KubernetesJob job, Assignment decision, int rank, CancellationToken cancellationToken)
    {
        PodObject? pod;
        lock (gate) pod = job.Pods.GetValueOrDefault(rank);
        if (pod is not null && job.Group is null)
        {
            await DeleteAsync(job, rank, cancellationToken);
            lock (gate) pod = job.Pods.GetValueOrDefault(rank);
            if (pod is { IsBound: true }) return;
        }

        lock (gate)
        {
            if (job.Decision?.Attempt == decision.Attempt) See(job, new TaskObservation(job.Id, decision.Attempt, rank, TaskState.Lost, time.GetUtcNow()));
        }
    }

    private void Break(KubernetesJob job, Assignment decision, string reason)
    {
        lock (gate)
        {
            if (job.Decision?.Attempt != decision.Attempt || job.Broken is not null) return;
            job.Broken = reason;
        }

        LogBroken(log, job.Id, decision.Attempt, reason);
    }

    private static byte[] Precondition(ObjectMeta known) => Bytes(new V1DeleteOptions { ApiVersion = "v1", Kind = "DeleteOptions", Preconditions = new V1Preconditions { Uid = known.Uid } });
}
