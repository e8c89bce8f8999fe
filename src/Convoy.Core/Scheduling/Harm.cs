using System.Runtime.InteropServices;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>A running job that may be evicted, with what its going costs, looked up once for a search that weighs it often.</summary>
/// <param name="Rank">Of its level.</param>
/// <param name="Lost">Device time since its last checkpoint.</param>
/// <param name="Node">As a <see cref="Tenant"/> has it, and what follows.</param>
internal readonly record struct Victim(RunningJob Job, int Rank, TimeSpan Lost, int Node, ResourceVector Held, long Started, long Sequence) : IComparable<Victim>
{
    /// <summary>Thousandths of devices that it holds.</summary>
    public long Milli => Held.MilliDevices;

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
        var order = y.Started.CompareTo(x.Started);
        if (order == 0) order = y.Sequence.CompareTo(x.Sequence);
        return order == 0 ? string.CompareOrdinal(y.Job.Standing.Id.Value, x.Job.Standing.Id.Value) : order;
    }
}

/// <summary>
/// How much harm a set of evictions does, compared in this order: fewest victims at the highest level, then at the next;
/// fewest jobs; least device time since the last checkpoint; fewest devices; the newest jobs.
/// </summary>
internal readonly struct Harm : IComparable<Harm>
{
    private readonly List<Victim> all;

    /// <summary>Which of those the set is.</summary>
    private readonly ArraySegment<int> which;
    private readonly (int Rank, int Count) highest = (int.MinValue, 0);
    private readonly TimeSpan lost;
    private readonly long milli;
    private readonly int newest;

    public Harm(List<Victim> all, ArraySegment<int> which)
    {
        (this.all, this.which) = (all, which);
        var victims = CollectionsMarshal.AsSpan(all);
        for (var i = 0; i < which.Count; i++)
        {
            ref readonly var victim = ref victims[which[i]];
            if (victim.Rank > highest.Rank) highest = (victim.Rank, 0);
            if (victim.Rank == highest.Rank) highest.Count++;
            lost += victim.Lost;
            milli += victim.Milli;
            if (i == 0 || Victim.NewestFirst(victim, victims[newest]) < 0) newest = which[i];
        }
    }

    public static Harm Of(IEnumerable<Victim> set)
    {
        List<Victim> victims = [.. set];
        return new Harm(victims, Enumerable.Range(0, victims.Count).ToArray());
    }

    public IEnumerable<Victim> Victims
    {
        get
        {
            foreach (var victim in which) yield return all[victim];
        }
    }

    public int CompareTo(Harm other)
    {
        var (own, its) = (highest, other.highest);
        var order = ByLevel(own, its);
        for (; order == 0 && own.Count > 0; order = ByLevel(own, its)) (own, its) = (Below(own), other.Below(its));
        if (order == 0) order = lost.CompareTo(other.lost);
        if (order == 0) order = milli.CompareTo(other.milli);
        if (order == 0 && which.Count > 0) order = Victim.NewestFirst(all[newest], other.all[other.newest]);
        return order == 0 && which.Count > 1 ? ByNewest(other) : order;
    }

    /// <summary>A level that only one of them touches is the higher of the two.</summary>
    private static int ByLevel((int Rank, int Count) one, (int Rank, int Count) other)
    {
        var order = one.Rank.CompareTo(other.Rank);
        return order == 0 ? one.Count.CompareTo(other.Count) : order;
    }

    /// <summary>The next lower level; a count of 0 where there is none.</summary>
    private (int Rank, int Count) Below((int Rank, int Count) level)
    {
        (int Rank, int Count) below = (int.MinValue, 0);
        if (level.Count == which.Count) return below;
        foreach (var victim in which)
        {
            var rank = all[victim].Rank;
            if (rank >= level.Rank || rank < below.Rank) continue;
            if (rank > below.Rank) below = (rank, 0);
            below.Count++;
        }

        return below;
    }

    private int ByNewest(in Harm other)
    {
        Victim[] own = [.. Victims], its = [.. other.Victims];
        Array.Sort(own, Victim.NewestFirst);
        Array.Sort(its, Victim.NewestFirst);
        var order = 0;
        for (var i = 0; order == 0 && i < own.Length; i++) order = Victim.NewestFirst(own[i], its[i]);
        return order;
    }
}
