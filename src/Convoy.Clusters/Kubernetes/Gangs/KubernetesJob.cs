using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>
/// What is known of one job in the cluster: the newest decision taken, its pods, and what was seen of its tasks. Mirrors objects of the API
/// server, and can be made anew from them at any time.
/// </summary>
internal sealed class KubernetesJob(JobId id, string space, string name)
{
    private readonly Dictionary<(int Rank, TaskState State), TaskObservation> seen = [];
    private readonly HashSet<int> ended = [];
    private readonly Dictionary<string, int> foreign = new(StringComparer.Ordinal);
    private string? uid;

    public JobId Id => id;

    public string Namespace => space;

    public string Name => name;

    /// <summary>Null before it is made, and where it was taken away by force; its pods are still known by it then.</summary>
    public TrainingJobObject? Object
    {
        get;
        set
        {
            field = value;
            uid = value?.Metadata.Uid ?? uid;
        }
    }

    /// <summary>The attempt whose secret this life of the agent has written.</summary>
    public int SecretOf { get; set; }

    /// <summary>Null where the job has no machines yet.</summary>
    public AssignmentRecord? Record { get; private set; }

    /// <summary>With which the tasks report; null where only an earlier life of the agent knew.</summary>
    public string? ReportToken { get; set; }

    /// <summary>Of the newest attempt, by rank.</summary>
    public Dictionary<int, PodObject> Pods { get; } = [];

    /// <summary>Of attempts before.</summary>
    public Dictionary<string, PodObject> Stragglers { get; } = [];

    /// <summary>See <see cref="GangState"/>.</summary>
    public int BoundTasks { get; set; }

    /// <summary>Why the gang cannot become whole in this attempt; null while it may.</summary>
    public string? Broken { get; set; }

    /// <summary>Every task has ended, and how is written in the object.</summary>
    public bool IsDone { get; set; }

    /// <summary>The token and the service that the attempt's pods need are there.</summary>
    public bool IsPrepared { get; set; }

    public TrainingJobStatus? WrittenStatus { get; set; }

    public DateTimeOffset StatusWrittenAt { get; set; }

    public int Failures { get; set; }

    public Assignment? Decision => Record?.Decision;

    /// <summary>Its pods are another operator's: they are bound and evicted, and never made.</summary>
    public PodGroupSpec? Group => Decision?.Spec.Pods;

    public IEnumerable<TaskObservation> Seen => seen.Values;

    /// <summary>A newer decision. Of another attempt nothing that was known counts any more.</summary>
    public void Take(AssignmentRecord record)
    {
        if (Record?.Decision.Attempt != record.Decision.Attempt)
        {
            foreach (var pod in Pods.Values) Stragglers[pod.Metadata.Name] = pod;
            Pods.Clear();
            seen.Clear();
            ended.Clear();
            BoundTasks = 0;
            Broken = null;
            IsPrepared = false;
        }

        // What it was to grow by could not come: the server has decided anew since.
        if (record.Decision.Generation > Record?.Decision.Generation && BoundTasks > 0) Broken = null;
        foreach (var task in record.Decision.Spec.Pods is null ? [] : record.Decision.Tasks)
        {
            if (UidOf(record.Decision, task) is { } uid) foreign[uid] = task.Rank;
        }

        IsDone = record.Decision.Attempt == Record?.Decision.Attempt && IsDone && record.Decision.Tasks.Count == Record.Decision.Tasks.Count;
        Record = record;
        if (record.Decision.Spec.Pods is not null) return;

        // Pods may be known before the decision that they belong to.
        foreach (var pod in Stragglers.Values.Where(pod => Recognize(pod)?.Attempt == record.Decision.Attempt).ToArray()) Put(pod);
    }

    /// <summary>Of the pod of another operator's that is this task.</summary>
    public static string? UidOf(Assignment decision, TaskPlacement task) =>
        decision.Spec.Pods!.Uids.GetValueOrDefault(task.Role) is { } uids && task.RoleIndex < uids.Count ? uids[task.RoleIndex] : null;

    public bool HasEnded(int rank) => ended.Contains(rank);

    /// <summary>True where it is news: a task starts once and ends once.</summary>
    public bool See(TaskObservation observation)
    {
        var isEnd = observation.State is TaskState.Exited or TaskState.Lost;
        if (isEnd && !ended.Add(observation.Rank)) return false;
        return seen.TryAdd((observation.Rank, observation.State), observation);
    }

    public GangState State() => new(
        Decision!,
        [.. Decision!.Tasks.Select(task => StageOf(task.Rank))],
        BoundTasks,
        Broken is not null || seen.Values.Any(one => one.State is TaskState.Lost or TaskState.Exited && one.Outcome is not { IsSuccess: true } && !Decision.Released.Contains(one.Rank)));

    /// <summary>Of which attempt and rank a pod is; null where it is not this job's, whatever it is labelled.</summary>
    public (int Attempt, int Rank)? Recognize(PodObject pod)
    {
        if (Group is not null) return foreign.TryGetValue(pod.Metadata.Uid, out var known) ? (Decision!.Attempt, known) : null;
        if (Decision is null || uid is null || pod.Metadata.Namespace != space || pod.Metadata.OwnerReferences.All(owner => owner.Uid != uid)) return null;
        return int.TryParse(pod.Metadata.Labels.GetValueOrDefault(ObjectNames.AttemptLabel), out var attempt) && int.TryParse(pod.Metadata.Labels.GetValueOrDefault(ObjectNames.RankLabel), out var rank)
            && pod.Metadata.Name == ObjectNames.Pod(Decision with { Attempt = attempt }, rank) ? (attempt, rank) : null;
    }

    /// <summary>What was written here may be told of late, when something newer is known.</summary>
    public void Put(PodObject pod)
    {
        if (Recognize(pod) is not var (attempt, rank)) return;
        if (attempt != Decision!.Attempt)
        {
            Stragglers[pod.Metadata.Name] = pod;
            return;
        }

        Stragglers.Remove(pod.Metadata.Name);
        var known = Pods.GetValueOrDefault(rank);
        if (known?.Metadata.Uid == pod.Metadata.Uid && !pod.Metadata.IsNewerThan(known.Metadata)) return;

        // A binding answers with no version: until the watch has come to it, an older look would show the pod on no node.
        Pods[rank] = known is { IsBound: true } && known.Metadata.Uid == pod.Metadata.Uid && !pod.IsBound ? pod with { Spec = pod.Spec with { NodeName = known.Spec.NodeName } } : pod;
    }

    public void Remove(PodObject pod)
    {
        Stragglers.Remove(pod.Metadata.Name);
        foreach (var (rank, known) in Pods)
        {
            if (known.Metadata.Uid == pod.Metadata.Uid) Pods.Remove(rank);
        }
    }

    private PodStage StageOf(int rank)
    {
        if (ended.Contains(rank)) return PodStage.Ended;
        if (!Pods.TryGetValue(rank, out var pod)) return PodStage.Absent;
        if (!pod.IsBound) return PodStage.Unbound;
        return pod.Metadata.IsDeleting ? PodStage.Deleting : PodStage.Bound;
    }
}
