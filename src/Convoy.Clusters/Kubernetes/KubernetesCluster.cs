using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.Kubernetes;

/// <summary>
/// A Kubernetes cluster: operator and binder in one. The truth lies in the API server, in one TrainingJob per job and the pods it owns;
/// memory only mirrors it, through watches.
/// </summary>
public sealed partial class KubernetesCluster : ICluster, IClusterRequests
{
    private const int Workers = 8;
    private static readonly TimeSpan NodesTogether = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly KubernetesOptions options;
    private readonly ApiClient api;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly DecisionSeal seal;
    private readonly NodeBook book;
    private readonly GangOperator gangs;
    private readonly TrainingJobDesk desk;
    private readonly PodGroupDesk groups;
    private readonly PodEvents events;
    private readonly ObservationJournal journal = new();
    private readonly WorkQueue queue;
    private readonly Informer<NodeObject> nodes;
    private readonly Informer<PodObject> pods;
    private readonly Informer<NamespaceObject> namespaces;
    private readonly Informer<TrainingJobObject> trainingJobs;
    private readonly Lock gate = new();
    private readonly Dictionary<JobId, KubernetesJob> jobs = [];

    /// <summary>Objects that people made and for which nothing has been decided, by the id that their job has.</summary>
    private readonly Dictionary<JobId, TrainingJobObject> made = [];
    private readonly SemaphoreSlim nodesChanged = new(0);
    private readonly Dictionary<string, JobId> foreign = [];
    private readonly AskedSignal asked = new();
    private readonly HashSet<string> settling = [];
    private readonly SemaphoreSlim settled = new(0);
    private readonly CancellationTokenSource closing = new();
    private readonly List<Task> running = [];
    private readonly DateTimeOffset openedAt;
    private bool isClosed;

    private KubernetesCluster(KubernetesOptions options, ApiClient api, TimeProvider time, ILogger log)
    {
        this.options = options;
        this.api = api;
        this.time = time;
        this.log = log;
        seal = new DecisionSeal(options.SealKey);
        book = new NodeBook(new NodePicture(options));
        queue = new WorkQueue(time);
        events = new PodEvents(api, time);
        groups = new PodGroupDesk(options, JobOf, () => asked.Signal(), events.Add, time);
        openedAt = time.GetUtcNow();
        gangs = new GangOperator(options, api, book, groups, journal, gate, time, log);
        desk = new TrainingJobDesk(api, KnownOf, () => asked.Signal(), space => namespaces!.Find(new ObjectKey("", space)) is not null, time, log);
        nodes = new Informer<NodeObject>(api, "/api/v1/nodes", ApiJson.Default.NodeObject, ApiJson.Default.ObjectListNodeObject, OnNode, time, log);
        namespaces = new Informer<NamespaceObject>(api, "/api/v1/namespaces", ApiJson.Default.NamespaceObject, ApiJson.Default.ObjectListNamespaceObject, OnNamespace, time, log);
        trainingJobs = new Informer<TrainingJobObject>(api, TrainingJobObject.Collection, ApiJson.Default.TrainingJobObject, ApiJson.Default.ObjectListTrainingJobObject, OnTrainingJob, time, log);
        pods = new Informer<PodObject>(api, "/api/v1/pods", ApiJson.Default.PodObject, ApiJson.Default.ObjectListPodObject, OnPod, time, log);
    }

    public string Name => options.Name;

    /// <summary>Returns when everything that is in the cluster has been seen; until the API server answers it waits.</summary>
    internal static async Task<KubernetesCluster> OpenAsync(KubernetesOptions options, ApiClient api, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        var cluster = new KubernetesCluster(options, api, time, log);
        try
        {
            await cluster.StartAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken)
    {
        var refusals = await Task.WhenAll(assignments.Select(wish => TakeAsync(wish, cancellationToken)));
        return [.. refusals.OfType<Refusal>()];
    }

    public Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken) => Task.FromResult(journal.Since(since));

    public Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken) => journal.WaitAsync(since, cancellationToken);

    public async Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken)
    {
        KubernetesJob? known;
        lock (gate) known = jobs.GetValueOrDefault(job);
        if (known is null) return true;
        if (known.Record is not null && !known.IsDone) return false;
        await gangs.RemoveAsync(known, cancellationToken);
        lock (gate)
        {
            jobs.Remove(job);
            foreach (var uid in known.Group?.Uids.Values.SelectMany(uids => uids) ?? []) foreign.Remove(uid);
            if (known.Decision is { } decision) journal.Forget(job, decision.Tasks.Count);
        }

        return true;
    }

    /// <summary>Pods go on: who opens the cluster next learns how they ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (isClosed) return;
        isClosed = true;
        await closing.CancelAsync();
        await Task.WhenAll(running);
        gangs.Dispose();
        closing.Dispose();
        nodesChanged.Dispose();
        settled.Dispose();
    }

    /// <summary>Nodes before jobs, whose devices are called as the node calls them; jobs before pods, so that none of Convoy's own is taken for somebody else's.</summary>
    private async Task StartAsync(CancellationToken cancellationToken)
    {
        running.AddRange([nodes.RunAsync(closing.Token), namespaces.RunAsync(closing.Token)]);
        await Task.WhenAll(nodes.Synced, namespaces.Synced).WaitAsync(cancellationToken);
        running.Add(trainingJobs.RunAsync(closing.Token));
        await trainingJobs.Synced.WaitAsync(cancellationToken);
        running.Add(pods.RunAsync(closing.Token));
        await pods.Synced.WaitAsync(cancellationToken);
        lock (gate)
        {
            foreach (var job in jobs.Values)
            {
                gangs.Look(job);
                if (!job.IsDone) queue.Add(job.Id);
            }
        }

        journal.SetNodes(book.TakeChanges() ?? []);
        running.AddRange([ReportNodesAsync(closing.Token), SettleAsync(closing.Token), GoRoundAsync(closing.Token), events.RunAsync(closing.Token)]);
        for (var worker = 0; worker < Workers; worker++) running.Add(WorkAsync(closing.Token));
    }

    private void OnNode(NodeObject? before, NodeObject? after)
    {
        book.Set(before, after);
        nodesChanged.Release();
        if (after is not null) return;

        // Without its node a pod that is being deleted has ended.
        lock (gate)
        {
            foreach (var job in jobs.Values.Where(job => job.Pods.Values.Any(pod => pod.Spec.NodeName == before!.Metadata.Name))) queue.Add(job.Id);
        }
    }

    private void OnNamespace(NamespaceObject? before, NamespaceObject? after)
    {
        if (after is null || (before is not null && OwnerOf(before) == OwnerOf(after))) return;
        foreach (var item in desk.In(after.Metadata.Name))
        {
            if (desk.Note(item)) Settle(item.Metadata.Uid);
        }
    }

    private void OnPod(PodObject? before, PodObject? after)
    {
        var pod = (after ?? before)!;
        lock (gate)
        {
            if ((JobId.TryParse(pod.Metadata.Labels.GetValueOrDefault(ObjectNames.JobIdLabel), out var id) || foreign.TryGetValue(pod.Metadata.Uid, out id)) && jobs.TryGetValue(id, out var job) && job.Recognize(pod) is not null)
            {
                if (after is not null)
                {
                    job.Put(after);
                }
                else
                {
                    // How it ended may have come only just before.
                    gangs.Look(job);
                    job.Remove(pod);
                }

                queue.Add(id);
                if (job.Group is not null) groups.Note(before, after);
                if (job.Group is not null && after is null) foreign.Remove(pod.Metadata.Uid);
                return;
            }

            NoteStray(before, after);
        }

        if (groups.Concerns(pod)) groups.Note(before, after);
        book.SetForeign(pod.Metadata.Uid, after is { IsBound: true, IsTerminal: false } ? after.Spec.NodeName : null, after is { IsBound: true } ? PodRequest.Of(after) : null);
        nodesChanged.Release();
    }

    private void OnTrainingJob(TrainingJobObject? before, TrainingJobObject? after)
    {
        var changed = (after ?? before)!;
        var record = seal.Read(changed);
        lock (gate)
        {
            var asked = JobId.FromKey(options.Name, changed.Metadata.Uid);
            if (after is null || record is not null) made.Remove(asked);
            else made[asked] = after;
        }

        if (record is not null) OnDecision(changed, record, isGone: after is null);
        else OnUndecided(changed, isGone: after is null);
        if (after is null) desk.Remove(changed);
        else if (desk.Note(after)) Settle(after.Metadata.Uid);
    }

    private void OnDecision(TrainingJobObject changed, AssignmentRecord record, bool isGone)
    {
        var id = record.Decision.JobId;
        lock (gate)
        {
            if (isGone) decided.Remove(changed.Metadata.Uid);
            if (!jobs.TryGetValue(id, out var job))
            {
                if (isGone) return;
                jobs[id] = job = new KubernetesJob(id, changed.Metadata.Namespace, changed.Metadata.Name);
            }

            if (isGone)
            {
                if (job.Object?.Metadata.Uid == changed.Metadata.Uid) job.Object = null;
            }
            else if (changed.Metadata.IsNewerThan(job.Object?.Metadata))
            {
                job.Object = changed;
                decided[changed.Metadata.Uid] = id;
                if (job.Record is null || record.Decision.Generation > job.Record.Decision.Generation) gangs.Take(job, record);
                TakeInStrays(job);
                gangs.Recall(job, changed.Status);
            }

            queue.Add(id);
        }
    }

    /// <summary>Whose an object is, what was decided for it, and whether that is over.</summary>
    private (string? Owner, Assignment? Decision, bool IsOver) KnownOf(TrainingJobObject item)
    {
        var owner = namespaces.Find(new ObjectKey("", item.Metadata.Namespace)) is { } space ? OwnerOf(space) : null;
        var record = seal.Read(item);
        lock (gate)
        {
            // What was taken off the object is known still.
            var job = record is not null ? jobs.GetValueOrDefault(record.Decision.JobId) : decided.TryGetValue(item.Metadata.Uid, out var id) ? jobs.GetValueOrDefault(id) : null;
            return (owner, record?.Decision ?? job?.Decision, job?.IsDone == true);
        }
    }

    public Task WaitAsync(CancellationToken cancellationToken) => asked.WaitAsync(cancellationToken);

    private PodGroupAsJob JobOf(ObjectKey group, IReadOnlyList<PodObject> members)
    {
        if (namespaces.Find(new ObjectKey("", group.Namespace)) is not { } space || OwnerOf(space) is not { } owner) return new PodGroupAsJob(null, null, TrainingJobWish.NoOwner, TrainingJobWish.BelongsToNobody(group.Namespace));
        var queued = members.Select(pod => pod.Metadata.Labels.GetValueOrDefault(options.QueueLabel) ?? pod.Metadata.Annotations.GetValueOrDefault(options.QueueLabel)).FirstOrDefault(name => name is not null);
        var spec = PodGroupJob.Of(group, members, queued, options.Name, book.TypesOf, request => (int)request.Extended.Where(each => options.RdmaPrefixes.Any(prefix => each.Key.StartsWith(prefix, StringComparison.Ordinal))).Sum(each => each.Value));
        return spec is null ? new PodGroupAsJob(null, null, "TooVarious", $"pods of a group may be of {PodGroupJob.MostShapes} shapes (requests, selectors, tolerations) at most") : new PodGroupAsJob(owner, spec);
    }

    private async Task ReportNodesAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await nodesChanged.WaitAsync(cancellationToken);
                await Task.Delay(NodesTogether, time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            while (nodesChanged.Wait(0, CancellationToken.None))
            {
            }

            if (book.TakeChanges() is { } all) journal.SetNodes(all);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            JobId id;
            try
            {
                id = await queue.TakeAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            KubernetesJob? job;
            lock (gate) job = jobs.GetValueOrDefault(id);
            try
            {
                if (job?.Record is not null && await MarkAgainAsync(job, cancellationToken) is { } later) queue.AddAfter(id, later, cancellationToken);
                if (job?.Record is not null && await gangs.AdvanceAsync(job, cancellationToken) is { } again) queue.AddAfter(id, again, cancellationToken);
                if (job is { IsDone: true, Object: { } item } && desk.Note(item)) Settle(item.Metadata.Uid);
                job?.Failures = 0;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The boundary of one job's turn: its trouble must not stop the others; it is tried again, later each time.
            catch (Exception trouble)
#pragma warning restore CA1031
            {
                LogTrouble(log, id, trouble.Message);
                var pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(job!.Failures++, 16)));
                queue.AddAfter(id, (trouble as ApiException)?.RetryAfter is { } told && told > pause ? told : pause, cancellationToken);
            }
            finally
            {
                queue.Finish(id);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Took {Wish}")]
    private static partial void LogTaken(ILogger log, ClusterAssignment wish);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An answer could not be written into a TrainingJob: {Reason}")]
    private static partial void LogNotSettled(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} cannot go on now and is tried again: {Reason}")]
    private static partial void LogTrouble(ILogger log, JobId job, string reason);
}
