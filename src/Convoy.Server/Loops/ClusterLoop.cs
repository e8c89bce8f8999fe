using System.Collections.Concurrent;
using Convoy.Clusters;
using Convoy.Core.Jobs;

namespace Convoy.Server.Loops;

/// <summary>
/// Keeps one cluster and the ledger in step: wishes down, observations up. Both are levels, so a lost or repeated round
/// changes nothing, and after a restart everything is simply said again.
/// </summary>
public sealed partial class ClusterLoop : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private readonly ICluster cluster;
    private readonly Ledger ledger;
    private readonly Fleet fleet;
    private readonly People people;
    private readonly Authentication.ReportTokens reportTokens;
    private readonly SchedulingLoop scheduling;
    private readonly JobFeed feed;
    private readonly Wakeup wishes;
    private readonly TimeProvider time;
    private readonly ILogger<ClusterLoop> log;

    /// <summary>Jobs whose wish may differ from what the cluster has taken.</summary>
    private readonly ConcurrentDictionary<JobId, byte> unsaid = new();

    /// <summary>Held while wishes are under way.</summary>
    private readonly SemaphoreSlim saying = new(1);

    /// <summary>The newest generation the cluster has taken, for jobs that hold machines.</summary>
    private readonly ConcurrentDictionary<JobId, long> taken = new();

    public ClusterLoop(
        ICluster cluster, Ledger ledger, Fleet fleet, People people, Authentication.ReportTokens reportTokens, SchedulingLoop scheduling, JobFeed feed, TimeProvider time, ILogger<ClusterLoop> log)
    {
        this.cluster = cluster;
        this.ledger = ledger;
        this.fleet = fleet;
        this.people = people;
        this.reportTokens = reportTokens;
        this.scheduling = scheduling;
        this.feed = feed;
        this.time = time;
        this.log = log;
        wishes = new Wakeup(time);
        feed.Listen(Notice);
    }

    /// <summary>The cluster's name.</summary>
    public string Cluster => cluster.Name;

    /// <summary>
    /// Of a job that is deleted, and so not in the ledger. A wish for it that is under way would make it known again; there can be no later
    /// one, so nobody else's has to wait until its files are gone. See <see cref="ICluster.ForgetAsync"/>.
    /// </summary>
    public async Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken)
    {
        await saying.WaitAsync(cancellationToken);
        saying.Release();
        return await cluster.ForgetAsync(job, ownerNumber, cancellationToken);
    }

    public override void Dispose()
    {
        feed.Leave(Notice);
        saying.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var job in ledger.Unfinished.Values) Notice(job);
        await Task.WhenAll(RepeatAsync(SayWishesAsync, stoppingToken), RepeatAsync(HearAsync(), stoppingToken));
    }

    private void Notice(Job job)
    {
        if (job.Current is null)
        {
            taken.TryRemove(job.Id, out _);
            return;
        }

        if (job.Current.Cluster != cluster.Name || (taken.TryGetValue(job.Id, out var generation) && generation == job.Generation)) return;
        unsaid[job.Id] = 0;
        wishes.Signal();
    }

    private async Task SayWishesAsync(CancellationToken cancellationToken)
    {
        await wishes.WaitAsync(Period, cancellationToken);
        var ids = unsaid.Keys.OrderBy(id => id.Value, StringComparer.Ordinal).ToArray();
        foreach (var id in ids) unsaid.TryRemove(id, out _);
        await saying.WaitAsync(cancellationToken);
        try
        {
            await SayAsync(ids, cancellationToken);
        }
        catch
        {
            foreach (var id in ids) unsaid[id] = 0;
            throw;
        }
        finally
        {
            saying.Release();
        }
    }

    private async Task SayAsync(IEnumerable<JobId> ids, CancellationToken cancellationToken)
    {
        var batch = new List<ClusterAssignment>();
        foreach (var id in ids)
        {
            if (!ledger.Unfinished.TryGetValue(id, out var job) || Assignment.Of(job) is not { } wish || wish.Cluster != cluster.Name) continue;
            var owner = await people.FindAsync(job.Owner, cancellationToken) ?? throw new InvalidOperationException($"job {id} belongs to nobody");
            batch.Add(new ClusterAssignment(wish, owner.Number, reportTokens.For(id, wish.Attempt)));
        }

        if (batch.Count == 0) return;
        var refusals = await cluster.ApplyAsync(batch, cancellationToken);
        var refused = refusals.ToDictionary(refusal => refusal.JobId);
        foreach (var said in batch)
        {
            var id = said.Assignment.JobId;
            if (!refused.TryGetValue(id, out var refusal)) taken[id] = said.Assignment.Generation;
            else if (refusal.Permanent) await ledger.TellAsync(id, new JobCommand.Refuse(refusal.Generation, refusal.Reason), cancellationToken);
            else unsaid[id] = 0;
            if (refusal is not null) LogRefused(log, id, refusal.Generation, refusal.Reason);

            // Its machines may have come back meanwhile: then the mark is of no use.
            if (!ledger.Unfinished.TryGetValue(id, out var job) || job.Current is null) taken.TryRemove(id, out _);
        }
    }

    private Func<CancellationToken, Task> HearAsync()
    {
        ReportCursor? cursor = null;
        return async cancellationToken =>
        {
            if (cursor is { } since)
            {
                using var period = new CancellationTokenSource(Period, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, period.Token);
                try
                {
                    await cluster.WaitForChangeAsync(since, either.Token);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    // The period.
                }
            }

            var report = await cluster.ObserveAsync(cursor, cancellationToken);
            await Task.WhenAll(report.Tasks.GroupBy(task => task.JobId).Where(group => ledger.Unfinished.TryGetValue(group.Key, out var job) && job.Current?.Cluster == cluster.Name)
                .Select(group => ledger.TellAsync(group.Key, new JobCommand.Observe([.. group]), cancellationToken)));
            cursor = report.Cursor;

            // Another life of the cluster: what it had taken it may not know any more.
            if (report.IsComplete)
            {
                taken.Clear();
                foreach (var job in ledger.Unfinished.Values) Notice(job);
            }

            // Only now, so that nothing is placed on what a task not yet heard of holds.
            if (fleet.Saw(cluster.Name, report, time.GetUtcNow())) scheduling.Wake();
        };
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> round, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await round(cancellationToken);
            }
            catch (IOException e)
            {
                // It is out of reach; what there is to say is said once it is not.
                LogOutOfReach(log, cluster.Name, e.Message);
                await Task.Delay(Period, time, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // The boundary of the loop: the round is repeated from what is known then.
                LogRoundFailed(log, e, cluster.Name);
                await Task.Delay(Period, time, cancellationToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster refused generation {Generation} of {Job}: {Reason}")]
    private static partial void LogRefused(ILogger log, JobId job, long generation, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster {Cluster} cannot be told now what is wished: {Why}; that is tried again")]
    private static partial void LogOutOfReach(ILogger log, string cluster, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "A round with cluster {Cluster} failed; it is repeated")]
    private static partial void LogRoundFailed(ILogger log, Exception exception, string cluster);
}
