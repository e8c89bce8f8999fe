namespace Convoy.Core.Scheduling;

/// <summary>A running job that may be evicted, with what its going costs, looked up once for a search that weighs it often.</summary>
/// <param name="Rank">Of its level.</param>
/// <param name="Lost">Device time since its last checkpoint.</param>
/// <param name="Milli">Thousandths of devices that it holds.</param>
internal readonly record struct Victim(RunningJob Job, int Rank, TimeSpan Lost, long Milli) : IComparable<Victim>
{
    /// <summary>The least harm first, as <see cref="Harm"/> has it of each by itself.</summary>
    public int CompareTo(Victim other)
    {
        var order = Rank.CompareTo(other.Rank);
        if (order == 0) order = Lost.CompareTo(other.Lost);
        if (order == 0) order = Milli.CompareTo(other.Milli);
        return order == 0 ? NewestFirst(this, other) : order;
    }

    public static int NewestFirst(Victim x, Victim y)
    {
        var order = y.Job.StartedAt.CompareTo(x.Job.StartedAt);
        if (order == 0) order = y.Job.Standing.SubmitSequence.CompareTo(x.Job.Standing.SubmitSequence);
        return order == 0 ? string.CompareOrdinal(y.Job.Standing.Id.Value, x.Job.Standing.Id.Value) : order;
    }
}

/// <summary>
/// How much harm a set of evictions does, compared in this order: fewest victims at the highest level, then at the next;
/// fewest jobs; least device time since the last checkpoint; fewest devices; the newest jobs.
/// </summary>
internal sealed class Harm : IComparable<Harm>
{
    private readonly (int Rank, int Count) highest;

    /// <summary>Levels below the highest; null where there are none, as most often.</summary>
    private readonly (int Rank, int Count)[]? lower;
    private readonly TimeSpan lost;
    private readonly long milli;
    private readonly Victim[] victims;
    private bool isNewestFirst;

    /// <param name="victims">The set keeps the array, and may sort it.</param>
    public Harm(Victim[] victims)
    {
        this.victims = victims;
        var (most, least) = (int.MinValue, int.MaxValue);
        foreach (var victim in victims)
        {
            (most, least) = (Math.Max(most, victim.Rank), Math.Min(least, victim.Rank));
            lost += victim.Lost;
            milli += victim.Milli;
        }

        highest = (most, victims.Length);
        if (most <= least) return;
        var levels = victims.CountBy(victim => victim.Rank).OrderByDescending(level => level.Key).Select(level => (level.Key, level.Value)).ToArray();
        (highest, lower) = (levels[0], levels[1..]);
    }

    public int CompareTo(Harm? other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var order = victims.Length == 0 || other.victims.Length == 0 ? 0 : ByLevel(highest, other.highest);
        for (var i = 0; order == 0 && i < Math.Min(lower?.Length ?? 0, other.lower?.Length ?? 0); i++) order = ByLevel(lower![i], other.lower![i]);
        if (order == 0) order = Levels.CompareTo(other.Levels);
        if (order == 0) order = lost.CompareTo(other.lost);
        if (order == 0) order = milli.CompareTo(other.milli);
        for (var i = 0; order == 0 && i < Math.Min(victims.Length, other.victims.Length); i++) order = Victim.NewestFirst(NewestFirst()[i], other.NewestFirst()[i]);
        return order;
    }

    private int Levels => victims.Length == 0 ? 0 : 1 + (lower?.Length ?? 0);

    /// <summary>A level that only one of them touches is the higher of the two.</summary>
    private static int ByLevel((int Rank, int Count) one, (int Rank, int Count) other)
    {
        var order = one.Rank.CompareTo(other.Rank);
        return order == 0 ? one.Count.CompareTo(other.Count) : order;
    }

    /// <summary>Sorted only where all else is equal.</summary>
    private Victim[] NewestFirst()
    {
        if (!isNewestFirst) Array.Sort(victims, Victim.NewestFirst);
        isNewestFirst = true;
        return victims;
    }
}
