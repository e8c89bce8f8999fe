using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>Whose running jobs a job may evict, and by what right; and which may be moved for it.</summary>
internal sealed class Preemption(SchedulingPolicy policy, StandingOrder order, QuotaBook quota, DateTimeOffset now)
{
    public Victim VictimOf(in Tenant tenant) =>
        new(tenant.Job, order.RankOf(tenant.Level), RunningJob.LostSince(tenant.Since, now, tenant.Held), tenant.Node, tenant.Held, tenant.Started, tenant.Sequence);

    public Harm HarmOf(IEnumerable<RunningJob> victims, NodeLayout layout) => Harm.Of(victims.Select(victim => VictimOf(Tenant.Of(victim, layout))));

    /// <summary>Whom of a level the job may evict.</summary>
    /// <param name="level">Null where they are of several.</param>
    /// <returns>Asked only of those that may be evicted at all.</returns>
    public Func<Tenant, bool> RightOver(PendingJob job, bool isInside, string? level)
    {
        if (policy.EvictionsPaused) return _ => false;
        if (level is not null && isInside && !quota.IsAnyLimited && !(job.PromisedFrom <= now))
        {
            // Who is of a lesser level has only its minimum run time to say for itself.
            var (own, other) = (order.LevelOf(job.Standing), order.LevelOf(level));
            var latest = (now - other.MinRunTime).UtcTicks;
            if (own.Rank > other.Rank) return own.MayPreempt && other.Preemptible ? tenant => tenant.Started <= latest : _ => false;
        }

        return tenant => RightTo(job, isInside, tenant.Job) is not null;
    }

    public int RankOf(Standing standing) => order.RankOf(standing);

    /// <summary>
    /// Whether the running job may go on elsewhere so that the other fits: not within its minimum run time, nor twice a day, nor where much is
    /// lost. Where its roles and their type are not told, nobody could say what it is to have there.
    /// </summary>
    public bool MayMove(RunningJob mover, PendingJob forWhom) => !policy.EvictionsPaused && mover is { Roles.Count: > 0, IsStopping: false } && (mover.Accelerator is not null || !mover.Roles.Any(role => role.UsesDevices))
        && order.RankOf(mover.Standing) <= order.RankOf(forWhom.Standing) && order.MayBeEvicted(mover.Standing, mover.Preemptible)
        && now - mover.SizedAt >= policy.MinTimeBetweenSizes(mover.Standing) && !(now - mover.MovedAt < policy.MinTimeBetweenMoves)
        && now - (mover.CheckpointedAt ?? mover.StartedAt) <= policy.MostLostByMove;

    /// <summary>Null where it may not.</summary>
    /// <param name="isInside">Whether the job has a right to the devices that it wants.</param>
    public EvictionCause? RightTo(PendingJob job, bool isInside, RunningJob victim)
    {
        if (policy.EvictionsPaused || victim.IsStopping || !order.MayBeEvicted(victim.Standing, victim.Preemptible)) return null;
        var terms = quota.VictimTermsOf(job, victim);

        // What another queue borrowed goes back to whom it belongs, whoever has it; what somebody has a right to only those of the same right may take.
        if (isInside && terms.IsBorrower && !terms.IsOfOnePool) return EvictionCause.Reclaim;
        if (isInside ? !terms.IsOfOnePool : !terms.IsBorrower) return null;
        return ByStanding(job, victim);
    }

    /// <summary>From when its level lets the job evict the other: once that has had its minimum run time. Null where it never does.</summary>
    public DateTimeOffset? ByLevelFrom(PendingJob job, bool isInside, RunningJob other)
    {
        var (own, its) = (order.LevelOf(job.Standing), order.LevelOf(other.Standing));
        if (policy.EvictionsPaused || !own.MayPreempt || own.Rank <= its.Rank || other.IsStopping || other.IsResizing || !order.MayBeEvicted(other.Standing, other.Preemptible)) return null;
        var terms = quota.VictimTermsOf(job, other);
        return terms.IsBorrower || (isInside && terms.IsOfOnePool) ? other.StartedAt + its.MinRunTime : null;
    }

    private EvictionCause? ByStanding(PendingJob job, RunningJob victim)
    {
        var preemptor = job.Standing;
        var (own, other) = (order.LevelOf(preemptor), order.LevelOf(victim.Standing));
        if (own.Rank < other.Rank) return null;
        if (HasOutstayed(job, victim)) return EvictionCause.Overrun;
        if (!own.MayPreempt) return null;
        if (own.Rank > other.Rank) return now - victim.StartedAt >= other.MinRunTime ? EvictionCause.Level : null;
        if (preemptor.Priority < victim.Standing.Priority) return null;
        if (IsOwnersBetter(preemptor, victim.Standing)) return EvictionCause.Priority;

        // In a queue by attained service who has had less goes before an equal who has had more. Elsewhere all bands are one.
        return order.InOneLine(preemptor, victim.Standing) && preemptor.Priority == victim.Standing.Priority
            && order.Of(job).Band < order.Of(victim, now).Band && now - victim.StartedAt >= policy.MinServedTime ? EvictionCause.Service : null;
    }

    private static bool IsOwnersBetter(Standing one, Standing other) => one.Owner == other.Owner && one.Priority > other.Priority;

    /// <summary>
    /// Whether the job's machines were promised to it for an instant that has come, and the other, which came after it, is still there beyond
    /// what was expected of it. Not its owner's more important one: that would evict it in turn.
    /// </summary>
    private bool HasOutstayed(PendingJob job, RunningJob victim) =>
        job.PromisedFrom <= now && victim.Standing.SubmitSequence > job.Standing.SubmitSequence && !IsOwnersBetter(victim.Standing, job.Standing) && now - victim.StartedAt >= (victim.MaxDuration ?? policy.UsualDuration);
}
