using System.Globalization;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>
/// Pods of other operators that ask for Convoy's scheduler, gathered into groups. A group that is all there is asked for as one job; one that
/// loses a pod before it has machines is withdrawn, and asked for again when it is whole.
/// </summary>
/// <param name="specOf">The job of these pods and whose it is.</param>
/// <param name="tell">Says to a pod why it waits: a token, and a sentence.</param>
internal sealed class PodGroupDesk(
    KubernetesOptions options, Func<ObjectKey, IReadOnlyList<PodObject>, PodGroupAsJob> specOf, Action changed, Action<PodObject, string, string> tell, TimeProvider time)
{
    /// <summary>Taken after the cluster's, and before the <see cref="NodeBook"/>'s.</summary>
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectKey, PodGroup> groups = [];
    private readonly Dictionary<string, PodGroup> byKey = [];
    private readonly SortedDictionary<long, PodGroup> order = [];

    /// <summary>Groups that are not asked for: not whole yet, or nobody's.</summary>
    private readonly HashSet<PodGroup> idle = [];

    /// <summary>Groups without machines: why is asked for those that are taken in, and those that were refused are asked for again.</summary>
    private readonly Rounds waiting = new(time);
    private long count;

    public bool IsLookDue
    {
        get
        {
            // Those that are quiet now are whole, and those that were told that they are nobody's have no haste.
            lock (gate) return waiting.IsAnyDue || idle.Any(group => group.Told is null && IsQuiet(group));
        }
    }

    /// <summary>True where it asks for Convoy's scheduler, and so is not somebody else's business.</summary>
    public bool Concerns(PodObject pod) => pod.Spec.SchedulerName == options.SchedulerName;

    public void Note(PodObject? before, PodObject? after)
    {
        var pod = (after ?? before)!;
        var name = GroupOf(pod) ?? pod.Metadata.Name;
        var key = new ObjectKey(pod.Metadata.Namespace, name);
        lock (gate)
        {
            if (!groups.TryGetValue(key, out var group))
            {
                if (after is null) return;
                groups[key] = group = new PodGroup(key, GroupOf(pod) is null);
            }

            group.Pods.Remove(pod.Metadata.Uid);
            group.Ended.Remove(pod.Metadata.Uid);
            if (after is { IsTerminal: true }) group.Ended[after.Metadata.Uid] = after;
            else if (after is not null && (after.IsBound || !after.Metadata.IsDeleting)) group.Pods[after.Metadata.Uid] = after;
            group.ChangedAt = time.GetUtcNow();
            Judge(group);
        }
    }

    /// <summary>Looks again at groups that do not say how many they are, or were nobody's.</summary>
    public void LookAgain()
    {
        lock (gate)
        {
            foreach (var group in idle.ToArray()) Judge(group);
        }
    }

    public IReadOnlyList<ClusterRequest> Pending(int limit)
    {
        lock (gate)
        {
            var looks = new List<ClusterRequest>();
            foreach (var group in waiting.Take(limit).Select(key => byKey[key]).Where(group => group.Request is null))
            {
                if (group.Job is { } job) looks.Add(new ClusterRequest(group.Key!, RequestKind.Look, group.Owner!, job, null));
                else Ask(group, group.Refused!);
            }

            return [.. order.Values.Select(group => group.Request!).Concat(looks).Take(limit)];
        }
    }

    /// <returns>False where no group asked this.</returns>
    public bool Answer(RequestAnswer answer)
    {
        lock (gate)
        {
            if (!byKey.TryGetValue(answer.Key, out var group)) return false;
            if (answer is { Kind: RequestKind.Look, Standing: { } standing } && group is { Request: null, IsDecided: false } && (standing.Phase == JobPhase.Pending || standing.Phase.IsFinished()))
            {
                Tell(group, standing.Reason ?? standing.Phase.ToString(), standing.Message ?? "");
            }

            if (answer is { Kind: RequestKind.Look, Standing: null, Retry: false } && group is { Request: null, IsDecided: false })
            {
                // Its job was removed, and the pods are there still.
                Reset(group);
                Judge(group);
                return true;
            }

            if (answer.Retry || group.Request?.Kind != answer.Kind) return true;
            order.Remove(group.Number);
            if (answer.Kind == RequestKind.Submit)
            {
                (group.Job, group.Refused, group.Request) = answer.Code is null ? (answer.Job, null, null) : (null as JobId?, group.Request, null as ClusterRequest);
                if (answer.Code is { } code) Tell(group, code, answer.Message ?? "");
                Judge(group);
            }
            else
            {
                Reset(group);
                Judge(group);
            }

            return true;
        }
    }

    /// <summary>The pods of a group by their ids, as they are now.</summary>
    public IReadOnlyDictionary<string, PodObject> PodsOf(PodGroupSpec spec)
    {
        lock (gate) return groups.TryGetValue(new ObjectKey(spec.Namespace, spec.Name), out var group) ? new Dictionary<string, PodObject>(group.Pods.Concat(group.Ended)) : new Dictionary<string, PodObject>();
    }

    public PodObject? Find(PodGroupSpec spec, string uid)
    {
        lock (gate) return groups.TryGetValue(new ObjectKey(spec.Namespace, spec.Name), out var group) ? group.Pods.GetValueOrDefault(uid) ?? group.Ended.GetValueOrDefault(uid) : null;
    }

    /// <summary>Its job has machines: how it ends is its tasks' to tell.</summary>
    public void Decide(JobId job, string owner, PodGroupSpec spec)
    {
        lock (gate)
        {
            var key = new ObjectKey(spec.Namespace, spec.Name);
            if (!groups.TryGetValue(key, out var group)) return;
            if (group.Job != job)
            {
                // Of an earlier life of the agent.
                Reset(group);
                (group.Job, group.Owner, group.Asked) = (job, owner, [.. spec.Uids.Values.SelectMany(uids => uids)]);
                group.Key = KeyOf(key, group.Asked);
                byKey[group.Key] = group;
            }

            if (group.Request is not null) order.Remove(group.Number);
            (group.Request, group.Number, group.IsDecided, group.Told) = (null, 0, true, null);
            waiting.Remove(group.Key!);
        }
    }

    /// <summary>The attempt has ended here. Pods that still wait do so under the same job; where none is left it is over, whatever the server makes of it.</summary>
    public void Finish(PodGroupSpec spec, bool isSuccess)
    {
        lock (gate)
        {
            if (!groups.TryGetValue(new ObjectKey(spec.Namespace, spec.Name), out var group) || !group.IsDecided) return;
            group.IsDecided = false;
            if (isSuccess) Reset(group);
            else waiting.Add(group.Key!);
            Judge(group);
        }
    }

    private void Judge(PodGroup group)
    {
        if (group.IsDecided) return;
        if (group.Asked.Count > 0)
        {
            // A group that is not whole must not get machines.
            if (group.Asked.All(group.Pods.ContainsKey) || group.Request is { Kind: RequestKind.Cancel }) return;
            if (group.Request is { Kind: RequestKind.Submit })
            {
                // Perhaps it arrived: the same key is cancelled, whether there is such a job or not.
                group.Job ??= JobId.FromKey(options.Name, group.Key!);
            }

            if (group.Job is { } job) Ask(group, new ClusterRequest(group.Key!, RequestKind.Cancel, group.Owner!, job, null));
            else Reset(group);
        }

        if (group.Asked.Count == 0)
        {
            idle.Remove(group);
            if (group.Pods.Count == 0)
            {
                if (group.Ended.Count == 0) groups.Remove(group.Name);
                return;
            }

            // Some are on nodes: an earlier life of the agent knows why, and the server says so soon.
            if (group.Pods.Values.Any(pod => pod.IsBound)) return;
            var waiting = group.Pods.Values.OrderBy(pod => pod.Metadata.Name, StringComparer.Ordinal).ToArray();
            var job = IsComplete(group, waiting) ? specOf(group.Name, waiting) : null;
            if (job is not { Owner: { } owner, Spec: { } spec })
            {
                idle.Add(group);
                if (job is not null) Tell(group, job.Reason!, job.Message!);
                else if (IsQuiet(group) && waiting.Select(SizeOf).Max() is { } size) Tell(group, "Incomplete", $"pod group {group.Name.Name} has {waiting.Length} of {size} pods");
                return;
            }

            group.Owner = owner;
            group.Asked = [.. waiting.Select(pod => pod.Metadata.Uid)];
            group.Key = KeyOf(group.Name, group.Asked);
            byKey[group.Key] = group;
            Ask(group, new ClusterRequest(group.Key, RequestKind.Submit, owner, null, spec));
        }
    }

    private void Ask(PodGroup group, ClusterRequest request)
    {
        if (group.Request is not null) order.Remove(group.Number);
        waiting.Add(group.Key!);
        group.Request = request;
        group.Number = ++count;
        order[group.Number] = group;
        changed();
    }

    private void Reset(PodGroup group)
    {
        if (group.Request is not null) order.Remove(group.Number);
        if (group.Key is not null)
        {
            byKey.Remove(group.Key);
            waiting.Remove(group.Key);
        }

        (group.Request, group.Refused, group.Number, group.Key, group.Job, group.Asked, group.IsDecided) = (null, null, 0, null, null, [], false);
    }

    /// <summary>Each reason once: its numbers change all the time.</summary>
    private void Tell(PodGroup group, string reason, string message)
    {
        if (group.Told == reason) return;
        group.Told = reason;
        foreach (var pod in group.Pods.Values) tell(pod, reason, message);
    }

    /// <summary>The same for the same pods.</summary>
    private static string KeyOf(ObjectKey group, IEnumerable<string> uids) => $"{group}/{uids.Min(StringComparer.Ordinal)}";

    private bool IsComplete(PodGroup group, PodObject[] waiting)
    {
        if (group.IsAlone) return true;
        var size = waiting.Select(SizeOf).Max();
        return size is { } told ? waiting.Length >= told : IsQuiet(group);
    }

    private bool IsQuiet(PodGroup group) => time.GetUtcNow() - group.ChangedAt >= options.PodGroupQuiet;

    private string? GroupOf(PodObject pod) => MarkOf(pod, options.PodGroupMarks);

    private int? SizeOf(PodObject pod) => int.TryParse(MarkOf(pod, options.PodGroupSizes), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 ? size : null;

    private static string? MarkOf(PodObject pod, IReadOnlyList<string> marks)
    {
        foreach (var mark in marks)
        {
            if ((pod.Metadata.Labels.GetValueOrDefault(mark) ?? pod.Metadata.Annotations.GetValueOrDefault(mark)) is { Length: > 0 } value) return value;
        }

        return null;
    }

    /// <param name="isAlone">One pod that names no group.</param>
    private sealed class PodGroup(ObjectKey name, bool isAlone)
    {
        public ObjectKey Name => name;

        public bool IsAlone => isAlone;

        /// <summary>By uid: those that wait or run.</summary>
        public Dictionary<string, PodObject> Pods { get; } = [];

        /// <summary>Those that have ended, and whose objects are there: how they ended may not have been told.</summary>
        public Dictionary<string, PodObject> Ended { get; } = [];

        public DateTimeOffset ChangedAt { get; set; }

        public string? Key { get; set; }

        public string? Owner { get; set; }

        /// <summary>The pods that were asked for.</summary>
        public HashSet<string> Asked { get; set; } = [];

        public ClusterRequest? Request { get; set; }

        /// <summary>What the server said no to; it is asked again, as caps and queues change.</summary>
        public ClusterRequest? Refused { get; set; }

        /// <summary>Why its pods were last told that they wait.</summary>
        public string? Told { get; set; }

        public long Number { get; set; }

        public JobId? Job { get; set; }

        public bool IsDecided { get; set; }
    }
}

/// <param name="Owner">Null, as is the job, where there can be none.</param>
/// <param name="Reason">One token: why there is none.</param>
internal sealed record PodGroupAsJob(string? Owner, JobSpec? Spec, string? Reason = null, string? Message = null);
