using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Takes in what the server wishes.</summary>
public sealed partial class KubernetesCluster
{
    private async Task<Refusal?> TakeAsync(ClusterAssignment wish, CancellationToken cancellationToken)
    {
        var wanted = wish.Assignment;
        try
        {
            for (var tries = 0; ; tries++)
            {
                var refusal = await TryTakeAsync(wish, cancellationToken);
                if (refusal is null || tries == 3 || refusal.Reason != Changed) return refusal;
            }
        }
        catch (ApiException no) when (no.IsPermanent)
        {
            // What is to stop must stop: it is said again until it can be written.
            return new Refusal(wanted.JobId, wanted.Generation, no.Message, Permanent: wanted.Wanted == WantedState.Run);
        }
        catch (IOException trouble)
        {
            return new Refusal(wanted.JobId, wanted.Generation, trouble.Message, Permanent: false);
        }
    }

    private const string Changed = "the object was changed meanwhile";

    private async Task<Refusal?> TryTakeAsync(ClusterAssignment wish, CancellationToken cancellationToken)
    {
        var wanted = wish.Assignment;
        KubernetesJob? job;
        lock (gate) job = jobs.GetValueOrDefault(wanted.JobId);
        if (job is null)
        {
            TrainingJobObject? theirs;
            lock (gate) theirs = made.GetValueOrDefault(wanted.JobId);
            var space = theirs?.Metadata.Namespace ?? (wanted.Spec.Pods is { } pods ? pods.Namespace : await NamespaceOfAsync(wanted.Owner, cancellationToken));

            // One whose mark is not ours any more, since the seal was lost: it is taken up again.
            theirs ??= trainingJobs.Find(new ObjectKey(space, ObjectNames.Job(wanted)));
            lock (gate)
            {
                if (!jobs.TryGetValue(wanted.JobId, out job)) jobs[wanted.JobId] = job = new KubernetesJob(wanted.JobId, space, theirs?.Metadata.Name ?? ObjectNames.Job(wanted)) { Object = theirs };
            }
        }

        lock (gate)
        {
            if (job.Decision?.Generation == wanted.Generation)
            {
                job.ReportToken = wish.ReportToken;
                gangs.Hold(job);
                queue.Add(job.Id);
                return null;
            }

            if (RefuseOf(job, wish) is { } refusal) return refusal;
            if (wanted.Spec.Pods is { } group)
            {
                // Nothing is written: the pods are there, where they go is a binding, and the server says it again to the next life of the agent.
                job.ReportToken = wish.ReportToken;
                foreach (var uid in group.Uids.Values.SelectMany(uids => uids)) foreign[uid] = job.Id;
                gangs.Take(job, new AssignmentRecord(wanted, wish.OwnerNumber, ""));
                queue.Add(job.Id);
                return null;
            }
        }

        var record = seal.Mark(job.Namespace, job.Name, wanted, wish.OwnerNumber);
        try
        {
            var taken = await gangs.WriteDecisionAsync(job, record, wish.ReportToken, cancellationToken);
            lock (gate)
            {
                if (taken.Metadata.IsNewerThan(job.Object?.Metadata)) job.Object = taken;
                decided[taken.Metadata.Uid] = job.Id;
                job.ReportToken = wish.ReportToken;
                if (job.Record is null) Adopt(job, record, taken.Status);
                else if (record.Decision.Generation > job.Record.Decision.Generation) gangs.Take(job, record);
                else gangs.Hold(job);
            }

            LogTaken(log, wish);
            queue.Add(job.Id);
            return null;
        }
        catch (ApiException conflict) when (conflict.IsConflict)
        {
            await gangs.RereadAsync(job, cancellationToken);
            return new Refusal(wanted.JobId, wanted.Generation, Changed, Permanent: false);
        }
    }

    /// <summary>Pods of the job may be there, and were taken for somebody else's as long as it was not known. Under the gate.</summary>
    private void Adopt(KubernetesJob job, AssignmentRecord record, TrainingJobStatus? status)
    {
        gangs.Take(job, record);
        TakeInStrays(job);
        gangs.Recall(job, status);
    }

    private Refusal? RefuseOf(KubernetesJob job, ClusterAssignment wish)
    {
        var wanted = wish.Assignment;
        var had = job.Record is { } record ? KnownJob.Of(new ClusterAssignment(record.Decision, record.OwnerNumber, ""), job.IsDone) : null;
        if (WishRules.RefuseByHistory(wish, had) is { } refusal) return refusal;
        if (wanted.Wanted == WantedState.Stop) return null;
        if (wanted.Spec.Code?.Archive is not null && options.AgentImage is null) return No("the agent of this cluster was given no --agent-image, with which code is brought into pods");
        // Pods of another operator that an earlier life of the agent bound are where they are; of those that are gone the end is told.
        var fresh = wanted.Members.Where(task => (had?.Attempt != wanted.Attempt || task.Rank >= had!.Tasks) && !IsThere(task)).Select(task => (task.Rank, task.Node, gangs.RequestOf(wanted, task)));
        return book.Lacks(wanted.JobId, wanted.Attempt, [.. fresh]) is { } lacking ? No(lacking) : null;

        bool IsThere(TaskPlacement task) => wanted.Spec.Pods is { } group && KubernetesJob.UidOf(wanted, task) is { } uid && (groups.Find(group, uid) is not { } pod || pod.IsTerminal || pod.Spec.NodeName == task.Node);

        Refusal No(string reason) => new(wanted.JobId, wanted.Generation, reason, Permanent: true);
    }

    /// <summary>The one that is marked as theirs, the first by name; who has none gets one.</summary>
    private async Task<string> NamespaceOfAsync(string owner, CancellationToken cancellationToken)
    {
        var theirs = namespaces.Items.Where(space => !space.Metadata.IsDeleting && OwnerOf(space) == owner).Select(space => space.Metadata.Name).Order(StringComparer.Ordinal).FirstOrDefault();
        if (theirs is not null) return theirs;
        foreach (var name in ObjectNames.Namespaces(options.NamespacePrefix, owner))
        {
            if (await gangs.MakeNamespaceAsync(name, owner, cancellationToken)) return name;
        }

        throw new IOException($"the namespaces that {owner} could have are there already, and are somebody else's");
    }

    /// <summary>A label has no room for every name; an annotation has.</summary>
    private static string? OwnerOf(NamespaceObject space) => space.Metadata.Annotations.GetValueOrDefault(ObjectNames.OwnerLabel) ?? space.Metadata.Labels.GetValueOrDefault(ObjectNames.OwnerLabel);
}
