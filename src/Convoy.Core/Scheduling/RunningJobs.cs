using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>The running jobs as a plan leaves them: who was there, less the plan's victims, and what elastic jobs gave up.</summary>
internal sealed class RunningJobs(Holdings holdings, StandingOrder order, DateTimeOffset now)
{
    private readonly HashSet<JobId> gone = [];
    private readonly Dictionary<JobId, RunningJob> smaller = [];

    public bool IsAnyLeaving => holdings.Leaving > 0 || gone.Count > 0 || smaller.Count > 0;

    public IEnumerable<RunningJob> All => As(holdings.Jobs);

    public IEnumerable<RunningJob> Elastic => As(holdings.Elastic).OrderBy(job => order.Of(job, now));

    /// <summary>Those whom a job may evict by its standing: lesser levels, its owner's own, and equals where these may be.</summary>
    /// <param name="withEquals">In a line by service, and where equals outstayed a promise.</param>
    public IEnumerable<RunningJob> Below(Standing standing, bool withEquals)
    {
        var rank = order.RankOf(standing);
        foreach (var level in holdings.Levels)
        {
            var other = order.RankOf(standing with { Level = level });
            if (other > rank || (other == rank && !withEquals)) continue;
            foreach (var job in As(holdings.OfLevel(level))) yield return job;
        }

        if (withEquals) yield break;
        foreach (var job in As(holdings.OfOwner(standing.Owner)))
        {
            if (order.RankOf(job.Standing) == rank) yield return job;
        }
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

    private IEnumerable<RunningJob> As(IEnumerable<RunningJob> jobs)
    {
        if (gone.Count == 0 && smaller.Count == 0) return jobs;
        return jobs.Where(job => !gone.Contains(job.Standing.Id)).Select(job => smaller.GetValueOrDefault(job.Standing.Id) ?? job);
    }
}
