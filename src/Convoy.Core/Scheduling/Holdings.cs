using Convoy.Core.Queues;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>
/// What running jobs hold, kept from plan to plan and indexed by what planning asks. Brought up to a snapshot it is told of every record
/// that is another object than before; where the snapshot's lists are <see cref="Segments{T}"/>, the others are not even looked at.
/// </summary>
internal sealed class Holdings
{
    private readonly Dictionary<string, Tenants> byLevel = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<RunningJob>> byOwner = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Jobs, ResourceVector Sum)> ofOwner = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Queue, string Accelerator), ResourceVector> ofQueue = [];
    private readonly Dictionary<(string User, string Accelerator), ResourceVector> ofUser = [];
    private readonly HashSet<RunningJob> elastic = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<RunningJob> leaving = new(ReferenceEqualityComparer.Instance);
    private readonly ExpectedEnds ends = new();
    private SchedulingPolicy policy = new([]);
    private IReadOnlyList<Node> nodes = [];
    private IReadOnlyList<Node>? listed;
    private Segments<RunningJob> jobs = Segments<RunningJob>.Empty;

    /// <summary>Who is on each node, by its number.</summary>
    private List<RunningJob>?[] onNode = [];

    /// <summary>Less what running jobs hold.</summary>
    public FreeSpace Free { get; private set; } = FreeSpace.Of(new ClusterSnapshot(0, [], [], []), []);

    /// <summary>The same in counts, for what will be.</summary>
    public FreeSpace Counts { get; private set; } = FreeSpace.OfCounts(new ClusterSnapshot(0, [], [], []), []);

    /// <summary>By when they were expected to end as they started.</summary>
    public IReadOnlyList<(DateTimeOffset End, RunningJob Job)> ByEnd => ends.List;

    /// <summary>Jobs that stop, or change their size.</summary>
    public IReadOnlyCollection<RunningJob> Leaving => leaving;

    /// <summary>What all nodes have together, in whatever state.</summary>
    public ClusterTotals Totals { get; private set; } = new();

    public IReadOnlyCollection<RunningJob> Elastic => elastic;

    /// <summary>What administrators say of queues, as a tree.</summary>
    public QueueTree Queues { get; private set; } = QueueTree.Default;

    public StandingOrder Order { get; private set; } = new(new([]), QueueTree.Default);

    public QuotaBook Quota { get; private set; } = new([], QueueTree.Default, new(new([]), QueueTree.Default));

    /// <summary>For one search at a time.</summary>
    public VictimsByNode Victims { get; } = new();

    public IEnumerable<string> Levels => byLevel.Keys;

    /// <summary>Held by queue, or by person, and accelerator ("" for jobs that use none); those that stop are not in it.</summary>
    public IReadOnlyDictionary<(string Queue, string Accelerator), ResourceVector> OfQueues => ofQueue;

    public IReadOnlyDictionary<(string User, string Accelerator), ResourceVector> OfUsers => ofUser;

    public Tenants OfLevel(string level) => byLevel[level];

    public IReadOnlyCollection<RunningJob> OfOwner(string owner) => byOwner.TryGetValue(owner, out var held) ? held : [];

    public (int Jobs, ResourceVector Sum) SumOfOwner(string owner) => ofOwner.GetValueOrDefault(owner);

    public IReadOnlyList<RunningJob> On(string cluster, string node) => Free.Layout.IndexOf(cluster, node) is >= 0 and var index ? onNode[index] ?? [] : [];

    public void Update(ClusterSnapshot snapshot, SchedulingPolicy by)
    {
        UpdateNodes(snapshot.Nodes);
        UpdatePolicy(by);
        var next = snapshot.Running as Segments<RunningJob> ?? InOrder(snapshot.Running);
        Segments<RunningJob>.Compare(jobs, next, BySubmission, Remove, Add);
        jobs = next;
        Quota.Commit();
        Free.Expect(snapshot.Pending, jobs);
        ends.Settle(policy.UsualDuration, jobs);
    }

    /// <summary>The list itself is of no order, and most often in this one.</summary>
    private static Segments<RunningJob> InOrder(IReadOnlyList<RunningJob> running)
    {
        RunningJob[] sorted = [.. running];
        for (var i = 1; i < sorted.Length; i++)
        {
            if (BySubmission(sorted[i - 1], sorted[i]) < 0) continue;
            Array.Sort(sorted, BySubmission);
            break;
        }

        return new Segments<RunningJob>(sorted.Length == 0 ? [] : [sorted]);
    }

    private static int BySubmission(RunningJob x, RunningJob y)
    {
        var order = x.Standing.SubmitSequence.CompareTo(y.Standing.SubmitSequence);
        return order == 0 ? string.CompareOrdinal(x.Standing.Id.Value, y.Standing.Id.Value) : order;
    }

    /// <summary>A node that is another object: in place where its like was, else all anew.</summary>
    private void UpdateNodes(IReadOnlyList<Node> next)
    {
        if (ReferenceEquals(listed, next)) return;
        listed = next;
        var isAnew = nodes.Count != next.Count;
        for (var i = 0; !isAnew && i < next.Count; i++)
        {
            if (ReferenceEquals(nodes[i], next[i])) continue;
            isAnew = nodes[i].Name != next[i].Name || nodes[i].Cluster != next[i].Cluster || !Free.TryRenew(next[i]) || !Counts.TryRenew(next[i]);
            Totals.Add(nodes[i], -1);
            Totals.Add(next[i]);
            if (!isAnew) Quota.Renew(nodes[i], next[i]);
        }

        nodes = [.. next];
        if (!isAnew) return;
        Totals = new ClusterTotals();
        foreach (var node in nodes) Totals.Add(node);
        var empty = new ClusterSnapshot(0, nodes, [], []);
        (Free, Counts) = (FreeSpace.Of(empty, []), FreeSpace.OfCounts(empty, []));
        onNode = new List<RunningJob>?[Free.Layout.Nodes.Length];
        byLevel.Clear();
        foreach (var job in jobs)
        {
            Free.Hold(job);
            Counts.Take(job);
            House(job);
        }

        KeepQuotas();
    }

    private void UpdatePolicy(SchedulingPolicy next)
    {
        if (policy == next) return;
        policy = next;
        Queues = QueueTree.Of(policy.Queues).Tree ?? QueueTree.Default;
        Order = new StandingOrder(policy, Queues);
        KeepQuotas();
    }

    private void KeepQuotas()
    {
        Quota = new QuotaBook(nodes, Queues, Order);
        foreach (var job in jobs) Quota.Hold(job);
    }

    private void Add(RunningJob job)
    {
        ends.Add(job);
        Quota.Hold(job);
        Free.Hold(job);
        Counts.Take(job);
        Count(job, 1);
        House(job);
        Of(byOwner, job.Standing.Owner).Add(job);
        if (job.Roles.Any(role => role.Max > role.Min)) elastic.Add(job);
        if (job.IsStopping || job.IsResizing) leaving.Add(job);
    }

    private void House(RunningJob job)
    {
        if (!byLevel.TryGetValue(job.Standing.Level, out var equals)) byLevel.Add(job.Standing.Level, equals = new Tenants(job.Standing.Level));
        equals.Add(job, Free.Layout);
        for (var i = 0; i < job.Places.Count; i++)
        {
            if (Free.Layout.IndexOf(job.Cluster, job.Places[i].Node) is not (>= 0 and var node)) continue;
            var here = onNode[node] ??= [];
            if (here.Count == 0 || !ReferenceEquals(here[^1], job)) here.Add(job);
        }
    }

    private void Remove(RunningJob job)
    {
        ends.Remove(job);
        Quota.Release(job);
        Free.Release(job);
        Counts.Give(job);
        Count(job, -1);
        byLevel[job.Standing.Level].Remove(job);
        Of(byOwner, job.Standing.Owner).Remove(job);
        elastic.Remove(job);
        leaving.Remove(job);
        for (var i = 0; i < job.Places.Count; i++)
        {
            if (Free.Layout.IndexOf(job.Cluster, job.Places[i].Node) is not (>= 0 and var node) || onNode[node] is not { } here) continue;
            var at = here.Count - 1;
            while (at >= 0 && !ReferenceEquals(here[at], job)) at--;
            if (at >= 0) here.RemoveAt(at);
        }
    }

    private void Count(RunningJob job, int times)
    {
        var held = default(ResourceVector);
        foreach (var place in job.Places) held += place.IsComing ? default : place.Taken;
        var (count, sum) = ofOwner.GetValueOrDefault(job.Standing.Owner);
        ofOwner[job.Standing.Owner] = (count + times, sum + (held * times));
        if (job.IsStopping) return;
        ofQueue[(job.Standing.Queue, job.Accelerator ?? "")] = ofQueue.GetValueOrDefault((job.Standing.Queue, job.Accelerator ?? "")) + (held * times);
        ofUser[(job.Standing.Owner, job.Accelerator ?? "")] = ofUser.GetValueOrDefault((job.Standing.Owner, job.Accelerator ?? "")) + (held * times);
    }

    private static HashSet<RunningJob> Of(Dictionary<string, HashSet<RunningJob>> sets, string key)
    {
        if (!sets.TryGetValue(key, out var set)) sets.Add(key, set = new HashSet<RunningJob>(ReferenceEqualityComparer.Instance));
        return set;
    }
}
