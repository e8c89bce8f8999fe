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
    private static readonly TimeSpan UntilLookedAgain = TimeSpan.FromSeconds(1);

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
        // Of one that is over already, pods of the same names may be asked for as another.
        if (job is { Group: { } group, IsDone: false })
        {
            groups.Decide(job.Id, record.Decision.Owner, group);
            foreach (var pod in groups.PodsOf(group).Values.Where(pod => job.Recognize(pod) is not null))
            {
                job.Put(pod);
                book.SetForeign(pod.Metadata.Uid, null, null);
            }
        }

        if (job.ReportToken is not null) Hold(job);
    }

    /// <summary>Its tasks count on their nodes from now on. Only of what the server has said in this life: a record may be an old one, that somebody has written back. Under the gate.</summary>
    public void Hold(KubernetesJob job)
    {
        if (job.Record is not { Decision.Wanted: WantedState.Run } record) return;
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
            // One that was made anew under the same name is another job's.
            lock (gate) job.Object = job.Object is { } known && known.Metadata.Uid != now.Metadata.Uid ? null : now;
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            lock (gate) job.Object = null;
        }
    }

    /// <summary>False where there is one of that name already: it is somebody else's.</summary>
    public async Task<bool> MakeNamespaceAsync(string name, string owner, CancellationToken cancellationToken)
    {
        var space = new V1Namespace
        {
            ApiVersion = "v1",
            Kind = "Namespace",
            Metadata = new V1ObjectMeta { Name = name, Annotations = new Dictionary<string, string> { [ObjectNames.OwnerLabel] = owner }, Labels = new Dictionary<string, string> { [ObjectNames.ManagedByLabel] = "convoy" } },
        };
        try
        {
            await WithConnectionAsync(() => api.PostAsync("/api/v1/namespaces", Bytes(space), ApiJson.Default.NamespaceObject, cancellationToken), cancellationToken);
            return true;
        }
        catch (ApiException exists) when (exists.IsConflict)
        {
            var there = await WithConnectionAsync(() => api.GetAsync($"/api/v1/namespaces/{name}", ApiJson.Default.NamespaceObject, cancellationToken), cancellationToken);
            return !there.Metadata.IsDeleting && there.Metadata.Annotations.GetValueOrDefault(ObjectNames.OwnerLabel) == owner;
        }
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

            // Before the server has said it in this life nothing is made or bound: see Hold.
            if (job.ReportToken is null) actions = actions with { Create = [], Bind = [] };
            if (actions is { Create: [], Bind: [], Delete: [], Lose: [] }) return job.Group is null ? Earlier(await ShowAsync(job, cancellationToken), await LetStragglersGoAsync(job, cancellationToken)) : null;

            // Another operator's pods are never made here: one that is not there is lost.
            if (job.Group is not null) actions = actions with { Create = [], Lose = [.. actions.Lose, .. actions.Create] };
            if (actions.Create.Count > 0 && await StopStragglersAsync(job, cancellationToken)) return UntilLookedAgain;
            if (actions.Create.Count > 0 && !await PrepareAsync(job, state.Decision, cancellationToken)) return UntilToldAgain;
            await AllAsync(actions.Lose, rank => LoseAsync(job, state.Decision, rank, cancellationToken));
            await AllAsync(actions.Delete, rank => DeleteAsync(job, rank, cancellationToken));

            // Another operator's pod that is gone is so when the watch says it.
            if (job.Group is not null && actions is { Delete.Count: > 0, Bind: [] }) return UntilLookedAgain;
            await AllAsync(actions.Create, rank => CreateAsync(job, state.Decision, rank, cancellationToken));
            if (actions.Bind.Count > 0) await BindAsync(job, state.Decision, actions.Bind, cancellationToken);
        }
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

        if (owner is null || token is null) return false;
        if (job.SecretOf != decision.Attempt) await WriteSecretAsync(decision, token, owner, cancellationToken);

        if (AttemptObjects.NeedsService(decision))
        {
            var service = AttemptObjects.Service(decision, AttemptObjects.OwnedBy(owner.Metadata.Name, owner.Metadata.Uid), job.Namespace);
            await ApplyAsync($"/api/v1/namespaces/{job.Namespace}/services/{service.Metadata.Name}", service, cancellationToken);
        }

        lock (gate) job.IsPrepared = true;
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The gang of job {Job}, attempt {Attempt}, is torn down: {Reason}")]
    private static partial void LogBroken(ILogger log, JobId job, int attempt, string reason);
}
