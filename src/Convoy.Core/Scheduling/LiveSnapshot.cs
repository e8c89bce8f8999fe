using Convoy.Core.Jobs;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>
/// What a plan is made of, kept up to date by being told of every change: taking it costs what changed.
/// The same jobs told in any order, once or often, give the same snapshot.
/// </summary>
/// <param name="usage">What was used before; what the jobs told here use is charged to it, each attempt once.</param>
public sealed class LiveSnapshot(UsageAccounts usage)
{
    private readonly Dictionary<JobId, Job> jobs = [];
    private readonly OrderedRecords<PendingJob> pending = new(job => job.Standing.SubmitSequence);
    private readonly OrderedRecords<RunningJob> running = new(job => job.Standing.SubmitSequence);
    private readonly Dictionary<JobId, AwaitedData> awaited = [];
    private IReadOnlyDictionary<JobId, PlannedReservation> promises = new Dictionary<JobId, PlannedReservation>();

    /// <summary>The job as it is now. One that has finished is forgotten; an older state than is known changes nothing.</summary>
    public void Tell(Job job)
    {
        var before = jobs.GetValueOrDefault(job.Id);
        if (before?.Revision >= job.Revision) return;

        // One that had finished before: whoever remembers it has charged it.
        if (before is null && job.Phase.IsFinished()) return;
        usage.Charge(before, job);
        if (job.Phase.IsFinished())
        {
            jobs.Remove(job.Id);
            awaited.Remove(job.Id);
        }
        else
        {
            jobs[job.Id] = job;
        }

        pending.Set(job.Place, job.Phase == JobPhase.Pending ? Pending(job) : null);
        running.Set(job.Place, RunningJob.Of(job));
    }

    /// <summary>What the latest plan promised, to whom and from when; it takes the place of what was promised before.</summary>
    public void Promise(IReadOnlyDictionary<JobId, PlannedReservation> promised)
    {
        var before = promises;
        promises = promised.ToDictionary(each => each.Key, each => before.GetValueOrDefault(each.Key) is { } same && IsSame(same, each.Value) ? same : each.Value);
        foreach (var id in before.Keys.Union(promises.Keys))
        {
            if (before.GetValueOrDefault(id) != promises.GetValueOrDefault(id) && jobs.TryGetValue(id, out var job) && job.Phase == JobPhase.Pending) pending.Set(job.Place, Pending(job));
        }
    }

    /// <summary>What a job that was told waits for before it may start; null where it is all there.</summary>
    public void Await(JobId id, AwaitedData? data)
    {
        if (data is null) awaited.Remove(id);
        if (!jobs.TryGetValue(id, out var job)) return;
        if (data is not null) awaited[id] = data;
        if (job.Phase == JobPhase.Pending) pending.Set(job.Place, Pending(job));
    }

    public ClusterSnapshot Take(IReadOnlyList<Node> nodes, QueueTree queues, DateTimeOffset now)
    {
        var shares = usage.Shares(queues, nodes, now);
        return new ClusterSnapshot(0, nodes, pending.Take(), running.Take()) { QueueShares = shares.Queues, UserShares = shares.Users };
    }

    private static bool IsSame(PlannedReservation one, PlannedReservation other) => one.From == other.From && one.Gang with { Tasks = other.Gang.Tasks } == other.Gang
        && one.Gang.Tasks.Count == other.Gang.Tasks.Count && one.Gang.Tasks.Zip(other.Gang.Tasks).All(pair => pair.First with { Devices = pair.Second.Devices } == pair.Second && pair.First.Devices.SequenceEqual(pair.Second.Devices));

    private PendingJob Pending(Job job) => PendingJob.Of(job) with { Promised = promises.GetValueOrDefault(job.Id), Data = awaited.GetValueOrDefault(job.Id) };
}
