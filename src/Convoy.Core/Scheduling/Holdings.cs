using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>
/// What running jobs hold, kept from plan to plan and indexed by what planning asks. Brought up to a snapshot it is told of every record
/// that is another object than before: one comparison of references for each that is not.
/// </summary>
internal sealed class Holdings
{
    private readonly Dictionary<string, Tenants> byLevel = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<RunningJob>> byOwner = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Jobs, ResourceVector Sum)> ofOwner = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Queue, string Accelerator), ResourceVector> ofQueue = [];
    private readonly Dictionary<(string User, string Accelerator), ResourceVector> ofUser = [];
    private readonly HashSet<RunningJob> elastic = new(ReferenceEqualityComparer.Instance);
    private List<RunningJob> added = [];
    private readonly HashSet<RunningJob> removed = new(ReferenceEqualityComparer.Instance);
    private TimeSpan usualDuration;
    private IReadOnlyList<Node> nodes = [];
    private List<RunningJob> jobs = [];

    /// <summary>Who is on each node, by its number.</summary>
    private List<RunningJob>?[] onNode = [];

    /// <summary>The lists of the plan before last, to be filled anew: large ones that come and go with every plan are dear to collect.</summary>
    private List<RunningJob> spareJobs = [];
    private List<(DateTimeOffset End, RunningJob Job)> spareByEnd = [];

    /// <summary>Less what running jobs hold.</summary>
    public FreeSpace Free { get; private set; } = FreeSpace.Of(new ClusterSnapshot(0, [], [], []), []);

    /// <summary>The same in counts, for what will be.</summary>
    public FreeSpace Counts { get; private set; } = FreeSpace.OfCounts(new ClusterSnapshot(0, [], [], []), []);

    /// <summary>In order of submission.</summary>
    public IReadOnlyList<RunningJob> Jobs => jobs;

    /// <summary>By when they were expected to end as they started; ties by id.</summary>
    public List<(DateTimeOffset End, RunningJob Job)> ByEnd { get; private set; } = [];

    public static Comparer<(DateTimeOffset End, RunningJob Job)> EarliestFirst { get; } = Comparer<(DateTimeOffset End, RunningJob Job)>.Create((x, y) =>
        x.End != y.End ? x.End.CompareTo(y.End) : string.CompareOrdinal(x.Job.Standing.Id.Value, y.Job.Standing.Id.Value));

    /// <summary>Jobs that stop, or change their size.</summary>
    public int Leaving { get; private set; }

    public IReadOnlyCollection<RunningJob> Elastic => elastic;

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

    public void Update(ClusterSnapshot snapshot, SchedulingPolicy policy)
    {
        UpdateNodes(snapshot.Nodes);
        var next = spareJobs;
        FillInOrder(next, snapshot.Running);
        var (i, j) = (0, 0);
        while (i < jobs.Count || j < next.Count)
        {
            if (i < jobs.Count && j < next.Count && ReferenceEquals(jobs[i], next[j])) (i, j) = (i + 1, j + 1);
            else if (j >= next.Count || (i < jobs.Count && Order(jobs[i], next[j]) <= 0)) Remove(jobs[i++]);
            else Add(next[j++]);
        }

        (jobs, spareJobs) = (next, jobs);
        Free.Expect(snapshot.Pending, jobs);
        SortByEnd(policy);
    }

    /// <summary>What one attempt is expected to take.</summary>
    public static TimeSpan DurationOf(RunningJob job, TimeSpan usual) => job.MaxDuration is { } most && most > TimeSpan.Zero ? most : usual;

    private void SortByEnd(SchedulingPolicy policy)
    {
        if (usualDuration != policy.UsualDuration)
        {
            usualDuration = policy.UsualDuration;
            (ByEnd, added) = ([], [.. jobs]);
            removed.Clear();
        }

        if (added.Count == 0 && removed.Count == 0) return;
        var come = added.Where(job => !removed.Remove(job)).Select(job => (End: job.StartedAt + DurationOf(job, usualDuration), job)).ToList();
        come.Sort(EarliestFirst);
        var merged = spareByEnd;
        merged.Clear();
        var next = 0;
        foreach (var each in ByEnd)
        {
            for (; next < come.Count && EarliestFirst.Compare(come[next], each) < 0; next++) merged.Add(come[next]);
            if (!removed.Contains(each.Job)) merged.Add(each);
        }

        merged.AddRange(come[next..]);
        (ByEnd, spareByEnd) = (merged, ByEnd);
        added.Clear();
        removed.Clear();
    }

    /// <summary>The list itself is of no order, and most often in this one.</summary>
    private static void FillInOrder(List<RunningJob> list, IReadOnlyList<RunningJob> running)
    {
        list.Clear();
        list.AddRange(running);
        for (var i = 1; i < list.Count; i++)
        {
            if (Order(list[i - 1], list[i]) < 0) continue;
            list.Sort(Order);
            break;
        }
    }

    private static int Order(RunningJob x, RunningJob y)
    {
        var order = x.Standing.SubmitSequence.CompareTo(y.Standing.SubmitSequence);
        return order == 0 ? string.CompareOrdinal(x.Standing.Id.Value, y.Standing.Id.Value) : order;
    }

    /// <summary>A node that is another object: in place where its like was, else all anew.</summary>
    private void UpdateNodes(IReadOnlyList<Node> next)
    {
        if (ReferenceEquals(nodes, next)) return;
        var isAnew = nodes.Count != next.Count;
        for (var i = 0; !isAnew && i < next.Count; i++)
        {
            if (ReferenceEquals(nodes[i], next[i])) continue;
            isAnew = nodes[i].Name != next[i].Name || nodes[i].Cluster != next[i].Cluster || !Free.TryRenew(next[i]) || !Counts.TryRenew(next[i]);
        }

        nodes = [.. next];
        if (!isAnew) return;
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
    }

    private void Add(RunningJob job)
    {
        added.Add(job);
        Free.Hold(job);
        Counts.Take(job);
        Count(job, 1);
        House(job);
        Of(byOwner, job.Standing.Owner).Add(job);
        if (job.Roles.Any(role => role.Max > role.Min)) elastic.Add(job);
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
        removed.Add(job);
        Free.Release(job);
        Counts.Give(job);
        Count(job, -1);
        byLevel[job.Standing.Level].Remove(job);
        Of(byOwner, job.Standing.Owner).Remove(job);
        elastic.Remove(job);
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
        if (job.IsStopping || job.IsResizing) Leaving += times;
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
