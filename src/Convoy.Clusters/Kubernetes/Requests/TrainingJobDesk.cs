using System.Text.Json;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.Kubernetes;

/// <summary>
/// Takes what people ask with TrainingJobs of their own to the server, and shows them the answer. Looks at the objects as they are: what is
/// answered is written in the object, so that nothing is asked for ever, and nothing is lost.
/// </summary>
internal sealed partial class TrainingJobDesk(ApiClient api, Func<TrainingJobObject, (string? Owner, Assignment? Decision, bool IsOver)> known, Action changed, Func<string, bool> knowsNamespace, TimeProvider time, ILogger log)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, TrainingJobObject> open = [];
    private readonly SortedDictionary<long, string> order = [];
    private readonly Dictionary<string, (long Number, ClusterRequest Request)> asked = [];
    private readonly HashSet<string> cancelled = [];

    /// <summary>Objects without machines, to which the server tells why, or how it ended.</summary>
    private readonly Rounds waiting = new(time);
    private readonly HashSet<string> finished = [];
    private long count;

    public bool IsLookDue
    {
        get
        {
            lock (gate) return waiting.IsAnyDue;
        }
    }

    /// <summary>To be called whenever the object, or what is known of its job, has changed.</summary>
    /// <returns>True where something is to be written in the object: <see cref="SettleAsync"/>.</returns>
    public bool Note(TrainingJobObject item)
    {
        lock (gate)
        {
            // What was written here is told of late: an answer that is there already would be asked for again.
            if (open.TryGetValue(item.Metadata.Uid, out var seen) && seen.Metadata.ResourceVersion != item.Metadata.ResourceVersion && !item.Metadata.IsNewerThan(seen.Metadata)) return false;
            var wish = WishOf(item);
            open[item.Metadata.Uid] = item;
            if (WaitsFor(item) is not null) waiting.Add(item.Metadata.Uid);
            else waiting.Remove(item.Metadata.Uid);
            if (NeedsFinalizer(item, wish)) return true;
            if (wish.Ask is { } request)
            {
                if (!asked.TryGetValue(item.Metadata.Uid, out var before))
                {
                    asked[item.Metadata.Uid] = (++count, request);
                    order[count] = item.Metadata.Uid;
                    changed();
                }
                else if (before.Request.Kind != request.Kind)
                {
                    asked[item.Metadata.Uid] = (before.Number, request);
                    changed();
                }

                return false;
            }

            Withdraw(item.Metadata.Uid);
            return wish.Reject is not null || (wish.LetGo && item.Metadata.Finalizers.Contains(ObjectNames.JobFinalizer));
        }
    }

    /// <summary>Those in a namespace, to be noted again where it has another owner.</summary>
    public IReadOnlyList<TrainingJobObject> In(string space)
    {
        lock (gate) return [.. open.Values.Where(item => item.Metadata.Namespace == space)];
    }

    public void Remove(TrainingJobObject item)
    {
        lock (gate)
        {
            open.Remove(item.Metadata.Uid);
            cancelled.Remove(item.Metadata.Uid);
            finished.Remove(item.Metadata.Uid);
            waiting.Remove(item.Metadata.Uid);
            Withdraw(item.Metadata.Uid);
        }
    }

    /// <summary>Writes into the object what needs no word of the server's.</summary>
    public async Task SettleAsync(string uid, CancellationToken cancellationToken)
    {
        TrainingJobObject? item;
        TrainingJobWish wish;
        bool needsFinalizer;
        lock (gate)
        {
            item = open.GetValueOrDefault(uid);
            if (item is null) return;
            wish = WishOf(item);
            needsFinalizer = NeedsFinalizer(item, wish);
        }

        if (wish.Reject is var (reason, message)) await ShowAsync(item, JobStatus.Answered(item.Status, item.Metadata.Generation, "Rejected", null, reason, message, isAccepted: false, time.GetUtcNow()), cancellationToken);
        // First, so that one who deletes it from now on is heard, whoever knows by then that it was asked for.
        else if (needsFinalizer) await SetFinalizersAsync(item, [.. item.Metadata.Finalizers.Append(ObjectNames.JobFinalizer).Distinct()], cancellationToken);
        else if (wish.LetGo) await SetFinalizersAsync(item, [.. item.Metadata.Finalizers.Where(finalizer => finalizer != ObjectNames.JobFinalizer)], cancellationToken);
    }

    public IReadOnlyList<ClusterRequest> Pending(int limit)
    {
        lock (gate)
        {
            ClusterRequest[] wishes = [.. order.Values.Take(limit).Select(uid => asked[uid].Request)];
            return [.. wishes, .. waiting.Take(limit - wishes.Length).Select(uid => WaitsFor(open[uid])).OfType<ClusterRequest>()];
        }
    }

    public async Task AnswerAsync(RequestAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Retry) return;
        TrainingJobObject? item;
        lock (gate) item = open.GetValueOrDefault(answer.Key);
        if (item is null) return;
        if (answer.Kind == RequestKind.Look)
        {
            await StandAsync(item, answer.Standing, cancellationToken);
            return;
        }

        var isDone = answer.Code is null;
        var (generation, now) = (item.Metadata.Generation, time.GetUtcNow());
        switch (answer.Kind)
        {
            case RequestKind.Submit when isDone:
                await ShowAsync(item, JobStatus.Answered(item.Status, generation, "Pending", answer.Job?.Value, "Queued", $"waits in Convoy's queue as job {answer.Job}", isAccepted: true, now), cancellationToken);
                break;
            case RequestKind.Submit when item.Status is { Phase: "Rejected" } said && said.ObservedGeneration == generation && said.Reason == answer.Code && said.Message == answer.Message:
                break;
            case RequestKind.Submit:
                await ShowAsync(item, JobStatus.Answered(item.Status, generation, "Rejected", null, answer.Code!, answer.Message ?? "", isAccepted: false, now), cancellationToken);
                break;
            case RequestKind.Cancel:
                // Where it held machines it is stopped now; where not, there is nothing left to wait for. A job that is unknown, or has finished, is as good as cancelled.
                lock (gate) cancelled.Add(answer.Key);
                LogCancelled(log, item.Metadata.Namespace, item.Metadata.Name);
                await SettleAsync(answer.Key, cancellationToken);
                break;
            default:
                await ShowAsync(item, (item.Status ?? new TrainingJobStatus()) with { Suspended = answer.Kind == RequestKind.Suspend, Message = isDone ? null : answer.Message, Phase = isDone && !item.HasAssignment ? answer.Kind == RequestKind.Suspend ? "Suspended" : "Pending" : item.Status?.Phase }, cancellationToken);
                break;
        }

        lock (gate) Withdraw(answer.Key);
    }

    /// <summary>How it stands, or whether what was refused may be by now. Null where it has machines, and what its pods show is what there is to tell; or where there is no job, or nothing more to hear of it. Under the gate.</summary>
    private ClusterRequest? WaitsFor(TrainingJobObject item)
    {
        var (owner, decision, isOver) = known(item);
        if (decision is not null && !isOver) finished.Remove(item.Metadata.Uid);
        if (item.Metadata.IsDeleting || (decision is not null && !isOver) || finished.Contains(item.Metadata.Uid)) return null;
        var job = decision?.JobId ?? (JobId.TryParse(item.Status?.JobId, out var told) ? told : null as JobId?);
        if (job is null && owner is not null && TrainingJobWish.Again(item, owner) is { } again) return again;
        return job is null || (decision?.Owner ?? owner) is not { } whose ? null : new ClusterRequest(item.Metadata.Uid, RequestKind.Look, whose, job, null);
    }

    private async Task StandAsync(TrainingJobObject item, JobStanding? standing, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            // Of a job that the server does not know any more there is nothing to hear.
            if (standing is null || standing.Phase.IsFinished()) finished.Add(item.Metadata.Uid);
            if (finished.Contains(item.Metadata.Uid)) waiting.Remove(item.Metadata.Uid);
            var isNews = standing is { Phase: JobPhase.Pending or JobPhase.Suspended } ? WaitsFor(item) is not null : standing?.Phase.IsFinished() ?? false;
            if (!isNews) return;
        }

        var status = (item.Status ?? new TrainingJobStatus()) with { Phase = standing!.Phase.ToString(), Reason = standing.Reason, Message = standing.Message };
        if (status.Phase == item.Status?.Phase && status.Reason == item.Status.Reason && status.Message == item.Status.Message) return;
        try
        {
            await ShowAsync(item, status, cancellationToken);
        }
        catch (ApiException changed) when (changed.IsConflict)
        {
            // It is told with the next turn.
        }
    }

    /// <summary>What may be asked for, or is in the queue, is not to go without a word. Under the gate.</summary>
    private bool NeedsFinalizer(TrainingJobObject item, TrainingJobWish wish) =>
        !item.Metadata.IsDeleting && !item.Metadata.Finalizers.Contains(ObjectNames.JobFinalizer) && (wish.Ask is { Kind: RequestKind.Submit } || WaitsFor(item) is not null);

    private TrainingJobWish WishOf(TrainingJobObject item)
    {
        var (owner, decision, isOver) = known(item);

        // The watch of the namespaces may be behind: then it comes with the next word of it.
        if (owner is null && decision is null && !knowsNamespace(item.Metadata.Namespace)) return TrainingJobWish.None;
        return TrainingJobWish.Of(item, owner, decision, isOver || (decision is null && cancelled.Contains(item.Metadata.Uid)));
    }

    private void Withdraw(string uid)
    {
        if (asked.Remove(uid, out var before)) order.Remove(before.Number);
    }

    /// <summary>Nothing where the object has changed since: a status is written whole, and the operator writes it, too.</summary>
    private async Task ShowAsync(TrainingJobObject item, TrainingJobStatus status, CancellationToken cancellationToken)
    {
        var write = new TrainingJobStatusWrite(new TrainingJobMeta(item.Metadata.Name, item.Metadata.Namespace) { ResourceVersion = item.Metadata.ResourceVersion }, status);
        try
        {
            var now = await api.ApplyAsync($"{item.Path}/status", JsonSerializer.SerializeToUtf8Bytes(write, ApiJson.Default.TrainingJobStatusWrite), ApiJson.Default.TrainingJobObject, cancellationToken);
            lock (gate)
            {
                if (open.ContainsKey(item.Metadata.Uid)) open[item.Metadata.Uid] = now;
            }
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            // Nobody looks at it any more.
        }
    }

    private async Task SetFinalizersAsync(TrainingJobObject item, IReadOnlyList<string> finalizers, CancellationToken cancellationToken)
    {
        if (finalizers.SequenceEqual(item.Metadata.Finalizers)) return;
        try
        {
            await api.MergeAsync(item.Path, JsonSerializer.SerializeToUtf8Bytes(new FinalizersWrite(new FinalizersMeta(finalizers, item.Metadata.Uid)), ApiJson.Default.FinalizersWrite), ApiJson.Default.NamespaceObject, cancellationToken);
        }
        catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict || gone.Status == 422)
        {
            // It is another object by now, which a uid tells, or none, or it is being deleted.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "TrainingJob {Namespace}/{Name} was deleted in the cluster, and its job is cancelled")]
    private static partial void LogCancelled(ILogger log, string @namespace, string name);
}

internal sealed record FinalizersWrite(FinalizersMeta Metadata);

/// <param name="Uid">Another object of the same name is not touched.</param>
internal sealed record FinalizersMeta(IReadOnlyList<string> Finalizers, string? Uid);
