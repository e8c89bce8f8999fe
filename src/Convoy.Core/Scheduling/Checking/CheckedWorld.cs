using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling.Checking;

/// <summary>
/// A snapshot and a plan with everything that a rule looks up, made once for each plan that is checked. The snapshot is trusted; the
/// plan may be any nonsense, and what it says of jobs and nodes that are not there is in no index.
/// </summary>
internal sealed class CheckedWorld
{
    private readonly Dictionary<(string Cluster, string Name), CheckedNode> nodes = [];
    private readonly Dictionary<string, Level> levels = [];
    private readonly Dictionary<string, QueueSpec> queues = [];
    private readonly Dictionary<string, QueueSpec?> lines = [];
    private readonly Dictionary<string, CheckedQuota> quotas = [];
    private readonly ILookup<JobId, PlannedEviction> evictions;
    private ILookup<JobId, CheckedResize>? shrinking;
    private ILookup<string, RunningJob>? runningByType;
    private ILookup<string, RunningJob>? runningByOwner;

    public CheckedWorld(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now)
    {
        (Snapshot, Policy, Plan, Now) = (snapshot, policy, plan, now);
        foreach (var level in policy.Levels) levels.TryAdd(level.Name, level);
        foreach (var queue in policy.Queues) queues.TryAdd(queue.Name, queue);
        foreach (var node in snapshot.Nodes) nodes.TryAdd((node.Cluster, node.Name), new CheckedNode(node));
        foreach (var job in snapshot.Pending) Pending.TryAdd(job.Standing.Id, job);
        foreach (var job in snapshot.Running) Running.TryAdd(job.Standing.Id, job);
        evictions = plan.Evictions.ToLookup(eviction => eviction.For);
        Nominal = new Nominal(this);
        foreach (var eviction in plan.Evictions) Evictors.TryAdd(eviction.Victim, eviction.For);
        foreach (var resize in plan.Resizes)
        {
            if (Running.TryGetValue(resize.Job, out var job)) Resizes.TryAdd(resize.Job, CheckedResize.Of(job, resize));
        }

        HashSet<JobId> mustWait = [.. plan.Evictions.Select(eviction => eviction.For), .. plan.Resizes.SelectMany(resize => resize.For)];
        Gangs = [.. plan.Gangs.Where(gang => Pending.ContainsKey(gang.Job)).Select(gang => new CheckedGang(gang, Pending[gang.Job], mustWait.Contains(gang.Job) ? Begin.OnceOthersLeft : Begin.Now))];
        Claims = [.. plan.Claims.Where(gang => Pending.ContainsKey(gang.Job)).Select(gang => new CheckedGang(gang, Pending[gang.Job], Begin.Later))];
        Growths = [.. Resizes.Values.Where(resize => resize.Planned.For.Count == 0 && resize.Added.Length > 0).Select(resize => resize.AsGang(Begin.Growing))];
        Moves = [.. Resizes.Values.Where(resize => resize.IsMove).Select(resize => resize.AsGang(Begin.Moving))];
        foreach (var job in snapshot.Running) Hold(job);
        foreach (var gang in Gangs.Concat(Claims).Concat(Growths).Concat(Moves)) Place(gang);
    }

    public ClusterSnapshot Snapshot { get; }

    public SchedulingPolicy Policy { get; }

    public Plan Plan { get; }

    public DateTimeOffset Now { get; }

    public Dictionary<JobId, PendingJob> Pending { get; } = [];

    public Dictionary<JobId, RunningJob> Running { get; } = [];

    public IEnumerable<CheckedNode> Nodes => nodes.Values;

    public IEnumerable<CheckedNode> ReadyNodes => nodes.Values.Where(node => node.Node.Health == NodeHealth.Ready);

    /// <summary>For whom each victim goes.</summary>
    public Dictionary<JobId, JobId> Evictors { get; } = [];

    /// <summary>By the running job that changes its size.</summary>
    public Dictionary<JobId, CheckedResize> Resizes { get; } = [];

    /// <summary>The plan's gangs whose jobs are pending, in the plan's order.</summary>
    public IReadOnlyList<CheckedGang> Gangs { get; }

    /// <summary>Waiting gangs for which places are kept.</summary>
    public IReadOnlyList<CheckedGang> Claims { get; }

    /// <summary>What running jobs get in addition, as gangs by themselves.</summary>
    public IReadOnlyList<CheckedGang> Growths { get; }

    /// <summary>Where running jobs go on that move, as gangs by themselves: each holds no more than before.</summary>
    public IReadOnlyList<CheckedGang> Moves { get; }

    /// <summary>Who is inside the nominal of its queue.</summary>
    public Nominal Nominal { get; }

    public CheckedNode? NodeAt(string cluster, string name) => nodes.GetValueOrDefault((cluster, name));

    public Level? LevelOf(Standing standing) => levels.GetValueOrDefault(standing.Level);

    public IEnumerable<PlannedEviction> EvictionsFor(JobId gang) => evictions[gang];

    /// <summary>Jobs that run and are evicted for the gang.</summary>
    public IEnumerable<RunningJob> VictimsOf(JobId gang) => evictions[gang].Select(eviction => Running.GetValueOrDefault(eviction.Victim)).OfType<RunningJob>();

    /// <summary>Jobs that give up places for the gang.</summary>
    public IEnumerable<CheckedResize> ShrinkingFor(JobId gang) => (shrinking ??= Resizes.Values.SelectMany(resize => resize.Planned.For.Distinct(), (resize, id) => (resize, id)).ToLookup(each => each.id, each => each.resize))[gang];

    public QueueSpec? QueueOf(string name) => queues.GetValueOrDefault(name);

    public CheckedQuota QuotaOf(string accelerator)
    {
        if (!quotas.TryGetValue(accelerator, out var quota)) quotas[accelerator] = quota = new CheckedQuota(this, accelerator);
        return quota;
    }

    /// <summary>Running jobs with devices of a type.</summary>
    public IEnumerable<RunningJob> RunningOn(string accelerator) =>
        (runningByType ??= Running.Values.Where(job => AcceleratorOf(job) is not null).ToLookup(job => AcceleratorOf(job)!))[accelerator];

    public IEnumerable<RunningJob> RunningOf(string owner) => (runningByOwner ??= Running.Values.ToLookup(job => job.Standing.Owner))[owner];

    /// <summary>The type of a running job's devices; null where it has none.</summary>
    public string? AcceleratorOf(RunningJob job) => job.Places.FirstOrDefault(place => place.Taken.MilliDevices > 0) is { } place ? job.Accelerator ?? NodeAt(job.Cluster, place.Node)?.Node.Accelerator : null;

    public bool MayBeEvicted(RunningJob job) => job.Preemptible && LevelOf(job.Standing)?.Preemptible != false;

    /// <summary>Whether it may be once it runs.</summary>
    public bool MayBeEvicted(PendingJob job) => job.Preemptible && LevelOf(job.Standing)?.Preemptible != false;

    /// <summary>The outermost queue at or above this one that is not fair: it orders all below. Null where there is none.</summary>
    public QueueSpec? LineOf(string queue)
    {
        if (!lines.TryGetValue(queue, out var line)) lines[queue] = line = PathOf(queue).Select(QueueOf).LastOrDefault(at => at is not null && at.Ordering != QueueOrdering.Fair);
        return line;
    }

    public bool IsByService(string queue) => LineOf(queue) is { Ordering: QueueOrdering.Las };

    /// <summary>The queue and all above it, the organisation last. Queues that go in a circle, which no tree does, end it.</summary>
    public IEnumerable<string> PathOf(string queue)
    {
        for (var steps = 0; queue != QueueTree.RootName && steps < queues.Count; steps++, queue = QueueOf(queue)?.Parent ?? QueueTree.RootName) yield return queue;
        yield return QueueTree.RootName;
    }

    public int RankOf(Standing standing) => LevelOf(standing)?.Rank ?? int.MinValue;

    /// <summary>When the job is expected to be gone: at its declared or the usual duration, doubled as long as it is past.</summary>
    public DateTimeOffset ExpectedEnd(RunningJob job)
    {
        if (!GoesOn(job)) return Now;
        var duration = job.MaxDuration is { } most && most > TimeSpan.Zero ? most : Policy.UsualDuration;
        if (job.IsMoving) return Later(Now, duration);
        var end = Later(job.StartedAt, duration);
        while (end <= Now && end > job.StartedAt) end = Later(end, end - job.StartedAt);
        return end;
    }

    public DateTimeOffset ExpectedEnd(CheckedGang gang) => Later(Now, DurationOf(gang.Job));

    /// <summary>As late as time goes, at most.</summary>
    public static DateTimeOffset Later(DateTimeOffset from, TimeSpan by) => by > DateTimeOffset.MaxValue - from ? DateTimeOffset.MaxValue : from + by;

    public TimeSpan DurationOf(PendingJob job) => job.MaxDuration ?? Policy.UsualDuration;

    /// <summary>Whether it is still there once all who are told to leave have left.</summary>
    public bool GoesOn(RunningJob job) => !job.IsStopping && !Evictors.ContainsKey(job.Standing.Id);

    /// <summary>What it holds, in thousandths of devices.</summary>
    public static long MilliDevicesNow(RunningJob job) => job.Places.Where(place => !place.IsComing).Sum(place => place.Taken.MilliDevices);

    /// <summary>The same without what it was told to give up before this plan.</summary>
    public static long MilliDevicesStaying(RunningJob job) => job.Places.Where(place => !place.IsLeaving).Sum(place => place.Taken.MilliDevices);

    /// <summary>Of that the tasks that its size never goes below.</summary>
    public static long MilliDevicesOfMinimum(RunningJob job)
    {
        var (left, milli) = (job.Roles.ToDictionary(role => role.Role, role => role.Min), 0L);
        foreach (var place in job.Places)
        {
            if (!place.IsLeaving && (!left.ContainsKey(place.Role) || left[place.Role]-- > 0)) milli += place.Taken.MilliDevices;
        }

        return milli;
    }

    /// <summary>What it holds of that once all who are told to leave have left.</summary>
    public long MilliDevicesThen(RunningJob job) => GoesOn(job) ? MilliDevicesKept(job) : 0;

    /// <summary>What it holds of that once it has given up what it is to, as if it went on.</summary>
    public long MilliDevicesKept(RunningJob job) => Resizes.GetValueOrDefault(job.Standing.Id) is { IsMove: true } ? MilliDevicesStaying(job)
        : job.Places.Where((place, i) => !place.IsLeaving && Resizes.GetValueOrDefault(job.Standing.Id)?.Keeps[i] != false).Sum(place => place.Taken.MilliDevices);

    /// <summary>The nodes that a gang is to be on.</summary>
    public IEnumerable<CheckedNode> NodesOf(CheckedGang gang) => gang.Tasks.Select(task => NodeAt(gang.Planned.Cluster, task.Placement.Node)).OfType<CheckedNode>().Distinct();

    public IEnumerable<CheckedNode> NodesOf(RunningJob job) => job.Places.Select(place => NodeAt(job.Cluster, place.Node)).OfType<CheckedNode>().Distinct();

    /// <summary>Whether the plan makes the job leave the place for this gang.</summary>
    public bool LeavesFor(Holder holder, CheckedGang gang) => holder.Stay == Stay.MadeToLeave
        && (Evictors.TryGetValue(holder.Job.Standing.Id, out var evictor) ? evictor == gang.Id : Resizes[holder.Job.Standing.Id].Planned.For.Contains(gang.Id));

    private void Hold(RunningJob job)
    {
        var isVictim = Evictors.ContainsKey(job.Standing.Id);
        var resize = Resizes.GetValueOrDefault(job.Standing.Id);
        for (var i = 0; i < job.Places.Count; i++)
        {
            var place = job.Places[i];
            var stay = job.IsStopping || place.IsLeaving ? Stay.LeftBefore : isVictim || resize?.Keeps[i] == false ? Stay.MadeToLeave : Stay.Stays;
            NodeAt(job.Cluster, place.Node)?.Holders.Add(new Holder(job, place, stay));
        }
    }

    private void Place(CheckedGang gang)
    {
        foreach (var task in gang.Tasks) NodeAt(gang.Planned.Cluster, task.Placement.Node)?.Planned.Add((gang, task));
    }
}
