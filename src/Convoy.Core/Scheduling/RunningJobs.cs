using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>The running jobs as a plan leaves them: who was there, less the plan's victims, and what elastic jobs gave up.</summary>
internal sealed class RunningJobs(Holdings holdings, StandingOrder order, DateTimeOffset now)
{
    private readonly HashSet<JobId> gone = [];
    private readonly Dictionary<JobId, RunningJob> smaller = [];

    public bool IsAnyLeaving => holdings.Leaving.Count > 0 || gone.Count > 0 || smaller.Count > 0;

    /// <summary>Whoever may be evicted at all, by level.</summary>
    public IEnumerable<(string? Level, IEnumerable<Tenant> Tenants)> All => holdings.Levels.Select(level => ((string?)level, Evictable(holdings.OfLevel(level))));

    public IEnumerable<RunningJob> Elastic => As(holdings.Elastic).OrderBy(job => order.Of(job, now));

    /// <summary>The same of those whom a job may evict by its standing: lesser levels, its owner's own (of several levels), and equals where these may be.</summary>
    /// <param name="withEquals">In a line by service, and where equals outstayed a promise.</param>
    public IEnumerable<(string? Level, IEnumerable<Tenant> Tenants)> Below(Standing standing, bool withEquals)
    {
        var rank = order.RankOf(standing);
        foreach (var level in holdings.Levels)
        {
            var other = order.RankOf(level);
            if (other > rank || (other == rank && !withEquals)) continue;
            yield return (level, Evictable(holdings.OfLevel(level)));
        }

        if (withEquals) yield break;
        var own = holdings.OfOwner(standing.Owner).Where(job => order.RankOf(job.Standing) == rank);
        yield return (null, own.Select(job => holdings.OfLevel(job.Standing.Level).Of(job)).Where(IsEvictable));
    }

    public void Remove(RunningJob victim) => gone.Add(victim.Standing.Id);

    /// <summary>The job goes on with less.</summary>
    /// <param name="part">What it gives up.</param>
    /// <returns>What is left.</returns>
    public RunningJob Shrink(RunningJob part)
    {
        var whole = smaller.GetValueOrDefault(part.Standing.Id) ?? holdings.OfOwner(part.Standing.Owner).First(job => job.Standing.Id == part.Standing.Id);
        return smaller[part.Standing.Id] = Elasticity.Without(whole, part);
    }

    private IEnumerable<Tenant> Evictable(Tenants tenants)
    {
        for (var i = 0; i < tenants.Count; i++)
        {
            if (tenants[i] is var tenant && IsEvictable(tenant)) yield return tenant;
        }
    }

    /// <summary>A job that goes on smaller for one gang of a plan cannot die for another of the same plan.</summary>
    private bool IsEvictable(Tenant tenant) => !tenant.IsFixed
        && ((gone.Count == 0 && smaller.Count == 0) || !(gone.Contains(tenant.Job.Standing.Id) || smaller.ContainsKey(tenant.Job.Standing.Id)));

    private IEnumerable<RunningJob> As(IEnumerable<RunningJob> jobs)
    {
        if (gone.Count == 0 && smaller.Count == 0) return jobs;
        return jobs.Where(job => !gone.Contains(job.Standing.Id)).Select(job => smaller.GetValueOrDefault(job.Standing.Id) ?? job);
    }
}
