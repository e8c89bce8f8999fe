using System.Collections;

namespace Convoy.Core.Scheduling;

/// <summary>Jobs by when they end, the earliest first; as far as somebody has looked, for most who look are served by the first of many.</summary>
internal sealed class Timeline : IEnumerable<(DateTimeOffset End, RunningJob Job)>
{
    private const int Step = 16;

    private readonly List<(DateTimeOffset End, RunningJob Job)> known = [];
    private readonly IEnumerator<(DateTimeOffset End, RunningJob Job)> rest;

    private Timeline(IEnumerable<(DateTimeOffset End, RunningJob Job)> ends) => rest = ends.GetEnumerator();

    public (DateTimeOffset End, RunningJob Job) this[int index] => known[index];

    /// <summary>Both the earliest first, and not changed while this is used.</summary>
    public static Timeline Of(IEnumerable<(DateTimeOffset End, RunningJob Job)> some, List<(DateTimeOffset End, RunningJob Job)> others) => new(Merged(some, others));

    /// <summary>How many there are, up to so many; those have been looked at then.</summary>
    public int Reach(int count)
    {
        while (known.Count < count && rest.MoveNext()) known.Add(rest.Current);
        return Math.Min(known.Count, count);
    }

    /// <summary>How many end by then.</summary>
    public int EndedBy(DateTimeOffset instant) => CountUntil(end => end > instant);

    /// <summary>How many end sooner.</summary>
    public int EndedBefore(DateTimeOffset instant) => CountUntil(end => end >= instant);

    private int CountUntil(Predicate<DateTimeOffset> isBeyond)
    {
        while (known.Count == 0 || !isBeyond(known[^1].End))
        {
            var count = known.Count;
            if (Reach(count + Step) == count) break;
        }

        var (low, high) = (0, known.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (isBeyond(known[middle].End)) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    public IEnumerator<(DateTimeOffset End, RunningJob Job)> GetEnumerator()
    {
        for (var i = 0; Reach(i + 1) > i; i++) yield return known[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static IEnumerable<(DateTimeOffset End, RunningJob Job)> Merged(IEnumerable<(DateTimeOffset End, RunningJob Job)> some, List<(DateTimeOffset End, RunningJob Job)> others)
    {
        var next = 0;
        foreach (var each in some)
        {
            for (; next < others.Count && ExpectedEnds.EarliestFirst.Compare(others[next], each) < 0; next++) yield return others[next];
            yield return each;
        }

        for (; next < others.Count; next++) yield return others[next];
    }
}
