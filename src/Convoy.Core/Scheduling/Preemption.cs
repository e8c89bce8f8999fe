using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>Whose running jobs a job may evict, and by what right.</summary>
internal sealed class Preemption(SchedulingPolicy policy, StandingOrder order, QuotaBook quota, DateTimeOffset now)
{
    public int RankOf(Standing standing) => order.RankOf(standing);

    /// <summary>Null where it may not.</summary>
    /// <param name="isInside">Whether the job has a right to the devices that it wants.</param>
    public EvictionCause? RightTo(PendingJob job, bool isInside, RunningJob victim)
    {
        if (victim.IsStopping || !order.MayBeEvicted(victim.Standing, victim.Preemptible)) return null;
        var terms = quota.VictimTermsOf(job, victim);

        // What is borrowed goes back to whom it belongs, whoever borrowed it; what somebody has a right to only those of the same right may take.
        if (isInside && terms.IsBorrower) return EvictionCause.Reclaim;
        if (isInside ? !terms.IsOfOnePool : !terms.IsBorrower) return null;
        return ByStanding(job, victim);
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
        if (preemptor.Owner == victim.Standing.Owner && preemptor.Priority > victim.Standing.Priority) return EvictionCause.Priority;

        // In a queue by attained service who has had less goes before an equal who has had more. Elsewhere all bands are one.
        return order.InOneLine(preemptor, victim.Standing) && preemptor.Priority == victim.Standing.Priority
            && order.Of(job).Band < order.Of(victim, now).Band && now - victim.StartedAt >= policy.MinServedTime ? EvictionCause.Service : null;
    }

    /// <summary>Whether the job's machines were promised to it for an instant that has come, and the other, which came after it, is still there beyond what was expected of it.</summary>
    private bool HasOutstayed(PendingJob job, RunningJob victim) =>
        job.PromisedFrom <= now && victim.Standing.SubmitSequence > job.Standing.SubmitSequence && now - victim.StartedAt >= (victim.MaxDuration ?? policy.UsualDuration);
}

/// <summary>
/// How much harm a set of evictions does, compared in this order: fewest victims at the highest level, then at the next;
/// fewest jobs; least device time since the last checkpoint; fewest devices; the newest jobs.
/// </summary>
internal sealed class Harm : IComparable<Harm>
{
    private readonly (int Rank, int Count)[] byLevel;
    private readonly TimeSpan lost;
    private readonly long milli;
    private readonly RunningJob[] newestFirst;

    public Harm(IReadOnlyCollection<RunningJob> victims, Preemption rules, DateTimeOffset now)
    {
        newestFirst = [.. victims];
        if (newestFirst.Length > 1) Array.Sort(newestFirst, NewestFirst);
        var ranks = new int[newestFirst.Length];
        for (var i = 0; i < ranks.Length; i++)
        {
            var victim = newestFirst[i];
            ranks[i] = rules.RankOf(victim.Standing);
            lost += victim.LostIfEvicted(now);
            foreach (var place in victim.Places) milli += place.Taken.MilliDevices;
        }

        byLevel = ByLevel(ranks);
    }

    private static (int Rank, int Count)[] ByLevel(int[] ranks)
    {
        if (ranks.Length == 1) return [(ranks[0], 1)];
        Array.Sort(ranks);
        var levels = new List<(int Rank, int Count)>();
        for (var i = ranks.Length - 1; i >= 0; i--)
        {
            if (levels.Count > 0 && levels[^1].Rank == ranks[i]) levels[^1] = (ranks[i], levels[^1].Count + 1);
            else levels.Add((ranks[i], 1));
        }

        return [.. levels];
    }

    public static Comparer<RunningJob> NewestFirst { get; } = Comparer<RunningJob>.Create((x, y) =>
    {
        var order = y.StartedAt.CompareTo(x.StartedAt);
        if (order == 0) order = y.Standing.SubmitSequence.CompareTo(x.Standing.SubmitSequence);
        return order == 0 ? string.CompareOrdinal(y.Standing.Id.Value, x.Standing.Id.Value) : order;
    });

    public int CompareTo(Harm? other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < Math.Min(byLevel.Length, other.byLevel.Length); i++)
        {
            // A level that only one of them touches is the higher of the two.
            var order = byLevel[i].Rank.CompareTo(other.byLevel[i].Rank);
            if (order == 0) order = byLevel[i].Count.CompareTo(other.byLevel[i].Count);
            if (order != 0) return order;
        }

        var byRest = byLevel.Length.CompareTo(other.byLevel.Length);
        if (byRest == 0) byRest = lost.CompareTo(other.lost);
        if (byRest == 0) byRest = milli.CompareTo(other.milli);
        for (var i = 0; byRest == 0 && i < Math.Min(newestFirst.Length, other.newestFirst.Length); i++) byRest = NewestFirst.Compare(newestFirst[i], other.newestFirst[i]);
        return byRest;
    }
}
