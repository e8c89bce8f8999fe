using Convoy.Core.People;

namespace Convoy.Core.Scheduling;

/// <summary>Whose running jobs a job may evict.</summary>
internal sealed class Preemption(SchedulingPolicy policy, StandingOrder order, DateTimeOffset now)
{
    private readonly Dictionary<string, Level> levels = policy.Levels.ToDictionary(level => level.Name);

    public int RankOf(Standing standing) => LevelOf(standing).Rank;

    public bool MayEvict(PendingJob job, RunningJob victim) => RightTo(job, victim) is not null;

    /// <summary>What gives the job the right to evict the other; null where nothing does.</summary>
    public EvictionCause? RightTo(PendingJob job, RunningJob victim)
    {
        var preemptor = job.Standing;
        var (own, other) = (LevelOf(preemptor), LevelOf(victim.Standing));
        if (victim.IsStopping || !victim.Preemptible || !other.Preemptible || !own.MayPreempt) return null;
        if (own.Rank > other.Rank) return now - victim.StartedAt >= other.MinRunTime ? EvictionCause.Level : null;
        if (own.Rank < other.Rank || preemptor.Priority < victim.Standing.Priority) return null;
        if (preemptor.Owner == victim.Standing.Owner && preemptor.Priority > victim.Standing.Priority) return EvictionCause.Priority;

        // In a queue by attained service who has had less goes before an equal who has had more. Elsewhere all bands are one.
        return order.InOneLine(preemptor, victim.Standing) && preemptor.Priority == victim.Standing.Priority
            && order.Of(job).Band < order.Of(victim, now).Band && now - victim.StartedAt >= policy.MinServedTime ? EvictionCause.Service : null;
    }

    private Level LevelOf(Standing standing) => levels.TryGetValue(standing.Level, out var level) ? level : new Level(standing.Level, int.MinValue);
}

/// <summary>
/// How much harm a set of evictions does, compared in this order: fewest victims at the highest level, then at the next;
/// fewest jobs; least device time since the last checkpoint; fewest devices; the newest jobs.
/// </summary>
internal sealed class Harm : IComparable<Harm>
{
    private readonly (int Rank, int Count)[] byLevel;
    private readonly TimeSpan lost;
    private readonly int devices;
    private readonly RunningJob[] newestFirst;

    public Harm(IReadOnlyCollection<RunningJob> victims, Preemption rules, DateTimeOffset now)
    {
        byLevel = [.. victims.GroupBy(victim => rules.RankOf(victim.Standing)).OrderByDescending(group => group.Key).Select(group => (group.Key, group.Count()))];
        lost = victims.Aggregate(TimeSpan.Zero, (sum, victim) => sum + victim.LostIfEvicted(now));
        devices = victims.Sum(victim => victim.Devices);
        newestFirst = [.. victims.Order(NewestFirst)];
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
        if (byRest == 0) byRest = devices.CompareTo(other.devices);
        for (var i = 0; byRest == 0 && i < Math.Min(newestFirst.Length, other.newestFirst.Length); i++) byRest = NewestFirst.Compare(newestFirst[i], other.newestFirst[i]);
        return byRest;
    }
}
