using System.Collections;

namespace Convoy.Core.Scheduling;

/// <summary>Jobs by when they end, the earliest first; as far as somebody has looked, for most who look are served by the first of many.</summary>
internal sealed class Timeline : IEnumerable<(DateTimeOffset End, RunningJob Job)>
{
    private readonly List<(DateTimeOffset End, RunningJob Job)> known = [];
    private readonly IEnumerator<(DateTimeOffset End, RunningJob Job)> rest;

    private Timeline(IEnumerable<(DateTimeOffset End, RunningJob Job)> ends) => rest = ends.GetEnumerator();

    public (DateTimeOffset End, RunningJob Job) this[int index] => known[index];

    /// <param name="sorted">The earliest first; not changed while this is used.</param>
    /// <param name="more">In any order.</param>
    public static Timeline Of(IEnumerable<(DateTimeOffset End, RunningJob Job)> sorted, IEnumerable<(DateTimeOffset End, RunningJob Job)> more) => new(Merged(sorted, [.. more]));

    /// <summary>How many there are, up to so many; those have been looked at then.</summary>
    public int Reach(int count)
    {
        while (known.Count < count && rest.MoveNext()) known.Add(rest.Current);
        return Math.Min(known.Count, count);
    }

    public IEnumerator<(DateTimeOffset End, RunningJob Job)> GetEnumerator()
    {
        for (var i = 0; Reach(i + 1) > i; i++) yield return known[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static IEnumerable<(DateTimeOffset End, RunningJob Job)> Merged(IEnumerable<(DateTimeOffset End, RunningJob Job)> sorted, List<(DateTimeOffset End, RunningJob Job)> more)
    {
        more.Sort(ExpectedEnds.EarliestFirst);
        var next = 0;
        foreach (var each in sorted)
        {
            for (; next < more.Count && ExpectedEnds.EarliestFirst.Compare(more[next], each) < 0; next++) yield return more[next];
            yield return each;
        }

        for (; next < more.Count; next++) yield return more[next];
    }
}
