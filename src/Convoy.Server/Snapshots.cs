using System.Collections.Concurrent;
using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Server.Datasets;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>
/// What plans are made of, up to date with the ledger and the fleet. It begins with what is stored; from then on the feed tells it of
/// every job that changes, in the order of the commits, so it never shows a later change without an earlier one.
/// </summary>
public sealed class Snapshots
{
    private const int PageOfUsage = 5000;

    private readonly Ledger ledger;
    private readonly Fleet fleet;
    private readonly People people;
    private readonly IStore store;
    private readonly Restraints restraints;
    private readonly DataReadiness? readiness;
    private readonly TimeProvider time;
    private readonly ConcurrentQueue<Job> told = new();
    private readonly Lock taking = new();
    private IReadOnlyList<QueueSpec> listed = [];
    private QueueTree queues = QueueTree.Default;
    private LiveSnapshot live = new(Accounts(DateTimeOffset.UnixEpoch));

    /// <param name="readiness">Null where all data is wherever jobs run.</param>
    public Snapshots(Ledger ledger, Fleet fleet, People people, IStore store, Restraints restraints, DataReadiness? readiness, JobFeed feed, TimeProvider time)
    {
        this.ledger = ledger;
        this.fleet = fleet;
        this.people = people;
        this.store = store;
        this.restraints = restraints;
        this.readiness = readiness;
        this.time = time;
        feed.Listen(told.Enqueue);
    }

    /// <summary>After the ledger has loaded, and before anything is decided: a change that came between would be charged twice, or never.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow() - (FairShare.DefaultHalfLife * UsageAccounts.HalfLivesRemembered);
        var usage = Accounts(since);
        for (AttemptUsage? last = null; ;)
        {
            var page = await store.ListUsageAsync(since, last, PageOfUsage, cancellationToken);
            foreach (var attempt in page) usage.Charge(attempt);
            if (page.Count == 0) break;
            last = page[^1];
        }

        var begun = new LiveSnapshot(usage);
        foreach (var job in ledger.Unfinished.Values) Tell(begun, job);
        live = begun;
    }

    /// <summary>All that a decision may depend on, as of now.</summary>
    public async ValueTask<PlanningCase> TakeAsync(CancellationToken cancellationToken) => Take(await people.PolicyAsync(cancellationToken));

    public PlanningCase Take(SchedulingPolicy decided)
    {
        var policy = restraints.Apply(decided);
        var now = time.GetUtcNow();
        lock (taking)
        {
            while (told.TryDequeue(out var job)) Tell(live, job);
            while (readiness?.TryTake(out var change) == true) live.Await(change.Job, change.Data);
            if (policy.Queues != listed) (listed, queues) = (policy.Queues, QueueTree.Of(policy.Queues).Tree ?? QueueTree.Default);
            return new PlanningCase(live.Take(fleet.NodesAt(now), queues, now), policy, now);
        }
    }

    /// <summary>What the plan in force promises; the next one is told of it.</summary>
    public void Promise(Plan plan, DateTimeOffset now)
    {
        lock (taking) live.Promise(plan.Promises(now));
    }

    private void Tell(LiveSnapshot snapshot, Job job)
    {
        snapshot.Tell(job);
        if (readiness?.Tell(job) is { } data) snapshot.Await(job.Id, data);
    }

    private static UsageAccounts Accounts(DateTimeOffset since) => new(FairShare.DefaultHalfLife, since);
}
