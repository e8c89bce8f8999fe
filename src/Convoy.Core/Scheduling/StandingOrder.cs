namespace Convoy.Core.Scheduling;

/// <summary>Who goes first: level rank, then priority, then submit sequence, then id. A total order.</summary>
internal sealed class StandingOrder(SchedulingPolicy policy) : IComparer<Standing>
{
    private readonly Dictionary<string, int> ranks = policy.Levels.ToDictionary(level => level.Name, level => level.Rank);

    public int Compare(Standing? x, Standing? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var order = RankOf(y).CompareTo(RankOf(x));
        if (order == 0) order = y.Priority.CompareTo(x.Priority);
        if (order == 0) order = x.SubmitSequence.CompareTo(y.SubmitSequence);
        return order == 0 ? string.CompareOrdinal(x.Id.Value, y.Id.Value) : order;
    }

    private int RankOf(Standing standing) => ranks.GetValueOrDefault(standing.Level, int.MinValue);
}
