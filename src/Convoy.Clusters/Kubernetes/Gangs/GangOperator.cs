using System.Text;
using System.Text.Json;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Does what <see cref="GangStep"/> says: makes pods, binds them to the nodes decided, takes them away, and writes down how they ended.</summary>
/// <param name="gate">Held wherever a job's state is read or changed; never during a request.</param>
internal sealed partial class GangOperator(
    KubernetesOptions options, ApiClient api, NodeBook book, PodGroupDesk groups, ObservationJournal journal, Lock gate, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>What changes within it is told together.</summary>
    private static readonly TimeSpan StatusPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan UntilToldAgain = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim connections = new(options.Connections);

    public void Dispose() => connections.Dispose();

    /// <summary>What a task will take of its node. The same as its pod's.</summary>
    public PodRequest RequestOf(Assignment decision, TaskPlacement task)
    {
        if (decision.Spec.Pods is { } group && KubernetesJob.UidOf(decision, task) is { } uid && groups.Find(group, uid) is { } pod) return PodRequest.Of(pod);
        var demand = Core.Scheduling.RoleDemand.AllOf(decision.Spec).First(role => role.Role == task.Role).Each;
        var node = book.ResourcesOf(task.Node);
        var extended = new Dictionary<string, long>();
        if (demand.Devices > 0) extended[node.Accelerator?.Resource ?? "devices"] = demand.Devices;
        if (demand.Rdma > 0) extended[node.Rdma ?? "rdma devices"] = demand.Rdma;
        return new PodRequest(demand.CpuMillicores, demand.MemoryBytes, extended);
    }

    /// <summary>From now on this is wanted. Under the gate.</summary>
    public void Take(KubernetesJob job, AssignmentRecord record)
    {
        if (job.Decision is { } before && before.Attempt != record.Decision.Attempt) Forget(job, before);
        job.Take(record);
        if (job.Group is { } group)
        {
            groups.Decide(job.Id, record.Decision.Owner, group);
            foreach (var pod in groups.PodsOf(group).Values.Where(pod => job.Recognize(pod) is not null))
            {
                job.Put(pod);
                book.SetForeign(pod.Metadata.Uid, null, null);
            }
        }

        if (record.Decision.Wanted == WantedState.Stop) return;
        foreach (var task in record.Decision.Members.Where(task => !job.HasEnded(task.Rank))) book.Hold((job.Id, record.Decision.Attempt, task.Rank), task.Node, RequestOf(record.Decision, task));
    }

    /// <summary>What an earlier life of the agent wrote down. Under the gate.</summary>
    public void Recall(KubernetesJob job, TrainingJobStatus? status)
    {
        if (job.Decision is not { } decision || status is null) return;
        job.WrittenStatus ??= status;
        if (status.BoundAttempt == decision.Attempt) job.BoundTasks = Math.Max(job.BoundTasks, status.BoundTasks ?? 0);
        if (status.Outcome is not { } outcome || outcome.Attempt != decision.Attempt) return;
        foreach (var seen in outcome.Tasks) See(job, seen);
        if (outcome.TaskCount == decision.Tasks.Count) job.IsDone = true;
    }

    /// <summary>Takes in what the pods show. Under the gate.</summary>
    public void Look(KubernetesJob job)
    {
        if (job.Decision is not { } decision) return;
        foreach (var (rank, pod) in job.Pods)
        {
            if (rank >= decision.Tasks.Count) continue;
            if (PodLook.Start(pod, job.Id, decision.Attempt, rank) is { } start) See(job, start);
            if (PodLook.End(pod, job.Id, decision.Attempt, rank, !pod.IsBound || book.Has(pod.Spec.NodeName!), time.GetUtcNow()) is { } end) See(job, end);
        }
    }

    /// <summary>The object with its decision, and the secret: with both, what is wanted outlives this process.</summary>
    public async Task<TrainingJobObject> WriteDecisionAsync(KubernetesJob job, AssignmentRecord record, string reportToken, CancellationToken cancellationToken)
    {
        bool isOurs, isNew;
        TrainingJobObject? known;
        lock (gate)
        {
            known = job.Object;
            isOurs = job.Name == ObjectNames.Job(record.Decision);
            isNew = job.Decision?.Attempt != record.Decision.Attempt;
        }

        var write = TrainingJobRendering.Render(known, isOurs, job.Namespace, job.Name, record);
        var written = await WithConnectionAsync(() => api.ApplyAsync(TrainingJobObject.PathOf(job.Namespace, job.Name), JsonSerializer.SerializeToUtf8Bytes(write, ApiJson.Default.TrainingJobWrite), ApiJson.Default.TrainingJobObject, cancellationToken), cancellationToken);
        if (isNew && record.Decision.Wanted == WantedState.Run)
        {
            await WriteSecretAsync(record.Decision, reportToken, written, cancellationToken);
            lock (gate) job.SecretOf = record.Decision.Attempt;
        }

        return written;
    }

    /// <summary>Somebody else wrote it meanwhile: what it says now counts.</summary>
    public async Task RereadAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        try
        {
            var now = await api.GetAsync(TrainingJobObject.PathOf(job.Namespace, job.Name), ApiJson.Default.TrainingJobObject, cancellationToken);
            lock (gate) job.Object = now;
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            lock (gate) job.Object = null;
        }
    }

    public async Task<string> MakeNamespaceAsync(string name, string owner, CancellationToken cancellationToken)
    {
        var space = new V1Namespace
        {
            ApiVersion = "v1",
            Kind = "Namespace",
            Metadata = new V1ObjectMeta { Name = name, Annotations = new Dictionary<string, string> { [ObjectNames.OwnerLabel] = owner }, Labels = new Dictionary<string, string> { [ObjectNames.ManagedByLabel] = "convoy" } },
        };
        await WithConnectionAsync(() => api.ApplyAsync($"/api/v1/namespaces/{name}", Bytes(space), ApiJson.Default.NamespaceObject, cancellationToken), cancellationToken);
        return name;
    }

    /// <summary>Does all that can be done now.</summary>
    /// <returns>When to look again though nothing happens; null where there is no need.</returns>
    public async Task<TimeSpan?> AdvanceAsync(KubernetesJob job, CancellationToken cancellationToken)
    {
        while (true)
        {
            GangState state;
            GangActions actions;
            lock (gate)
            {
                Look(job);
                state = job.State();
                actions = GangStep.Next(state);
            }

            if (job.IsDone) return job.Group is null ? await TidyAsync(job, cancellationToken) : null;
            if (actions.IsOver && job.Group is { } group)
            {
                lock (gate) job.IsDone = true;
                groups.Finish(group, !state.Failed);
                return null;
            }

            if (actions.IsOver)
            {
                await WriteOutcomeAsync(job, cancellationToken);
                continue;
            }

            if (actions is { Create: [], Bind: [], Delete: [], Lose: [] }) return job.Group is null ? await ShowAsync(job, cancellationToken) : null;

            // Another operator's pods are never made here: one that is not there is lost.
            if (job.Group is not null) actions = actions with { Create = [], Lose = [.. actions.Lose, .. actions.Create] };
            if (actions.Create.Count > 0 && !await PrepareAsync(job, state.Decision, cancellationToken)) return UntilToldAgain;
            await AllAsync(actions.Lose, rank => LoseAsync(job, state.Decision, rank, cancellationToken));
            await AllAsync(actions.Delete, rank => DeleteAsync(job, rank, cancellationToken));
            await AllAsync(actions.Create, rank => CreateAsync(job, state.Decision, rank, cancellationToken));
            if (actions.Bind.Count > 0) await BindAsync(job, state.Decision, actions.Bind, cancellationToken);
        }
    }

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

    private static async Task AllAsync<T>(IReadOnlyList<T> items, Func<T, Task> each)
    {
        if (items.Count == 1) await each(items[0]);
        else if (items.Count > 1) await Task.WhenAll(items.Select(each));
    }

    private static byte[] Bytes(object body) => Encoding.UTF8.GetBytes(KubernetesJson.Serialize(body));

    private static string PathOf(ObjectMeta pod) => $"/api/v1/namespaces/{pod.Namespace}/pods/{pod.Name}";

    private async Task<T> WithConnectionAsync<T>(Func<Task<T>> request, CancellationToken cancellationToken)
    {
        await connections.WaitAsync(cancellationToken);
        try
        {
            return await request();
        }
        finally
        {
            connections.Release();
        }
    }

    private void See(KubernetesJob job, TaskObservation seen)
    {
        if (!job.See(seen)) return;
        journal.Add(seen);
        if (seen.State is TaskState.Exited or TaskState.Lost) book.Release((job.Id, seen.Attempt, seen.Rank));
    }

    private void Forget(KubernetesJob job, Assignment decision)
    {
        journal.Forget(job.Id, decision.Tasks.Count);
        foreach (var task in decision.Tasks) book.Release((job.Id, decision.Attempt, task.Rank));
    }

    private Task WriteSecretAsync(Assignment decision, string reportToken, TrainingJobObject owner, CancellationToken cancellationToken)
    {
        var secret = AttemptObjects.Secret(decision, reportToken, AttemptObjects.OwnedBy(owner.Metadata.Name, owner.Metadata.Uid), owner.Metadata.Namespace);
        return ApplyAsync($"/api/v1/namespaces/{owner.Metadata.Namespace}/secrets/{secret.Metadata.Name}", secret, cancellationToken);
    }

    private Task ApplyAsync(string path, object body, CancellationToken cancellationToken) => WithConnectionAsync(
        async () =>
        {
            await api.ApplyAsync(path, Bytes(body), cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>False where the token is not known: the server says it again soon.</summary>
    private async Task<bool> PrepareAsync(KubernetesJob job, Assignment decision, CancellationToken cancellationToken)
    {
        TrainingJobObject? owner;
        string? token;
        lock (gate)
        {
            if (job.IsPrepared) return true;
            (owner, token) = (job.Object, job.ReportToken);
        }

        if (owner is null) return false;
        if (!await HasSecretAsync(job, decision, cancellationToken))
        {
            if (token is null) return false;
            await WriteSecretAsync(decision, token, owner, cancellationToken);
        }

        if (AttemptObjects.NeedsService(decision))
        {
            var service = AttemptObjects.Service(decision, AttemptObjects.OwnedBy(owner.Metadata.Name, owner.Metadata.Uid), job.Namespace);
            await ApplyAsync($"/api/v1/namespaces/{job.Namespace}/services/{service.Metadata.Name}", service, cancellationToken);
        }

        lock (gate) job.IsPrepared = true;
        return true;
    }

    private async Task<bool> HasSecretAsync(KubernetesJob job, Assignment decision, CancellationToken cancellationToken)
    {
        // In the life that took the decision it was written before the decision was known here.
        if (job.ReportToken is not null && job.SecretOf == decision.Attempt) return true;
        try
        {
            await api.GetAsync($"/api/v1/namespaces/{job.Namespace}/secrets/{ObjectNames.Attempt(decision)}", ApiJson.Default.NamespaceObject, cancellationToken);
            return true;
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    private async Task CreateAsync(KubernetesJob job, Assignment decision, int rank, CancellationToken cancellationToken)
    {
        var owner = AttemptObjects.OwnedBy(job.Name, job.Object?.Metadata.Uid ?? "");
        var pod = TaskPod.Render(decision, rank, book.ResourcesOf(decision.Tasks[rank].Node), owner, job.Namespace, options);
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
            if (book.Lacks(job.Id, decision.Attempt, ranks.Select(rank => (rank, decision.Tasks[rank].Node, RequestOf(decision, decision.Tasks[rank])))) is { } lacking)
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
        if (await (job.Group is null ? WithConnectionAsync(() => api.DeleteAsync(PathOf(pod.Metadata), Precondition(pod), cancellationToken), cancellationToken) : EvictAsync(pod, cancellationToken))) await LookAgainAsync(job, pod, cancellationToken);
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
        return JobStatus.Of(gang, job.WrittenStatus, time.GetUtcNow());
    }

    private static bool Same(TrainingJobStatus status, TrainingJobStatus? written) => written is not null
        && status with { Conditions = null } == written with { Conditions = null } && (status.Conditions ?? []).SequenceEqual(written.Conditions ?? []);

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

    private static byte[] Precondition(PodObject pod) => Bytes(new V1DeleteOptions { ApiVersion = "v1", Kind = "DeleteOptions", Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } });

    [LoggerMessage(Level = LogLevel.Warning, Message = "The gang of job {Job}, attempt {Attempt}, is torn down: {Reason}")]
    private static partial void LogBroken(ILogger log, JobId job, int attempt, string reason);
}
