using System.Runtime.InteropServices;

namespace Convoy.Core.Scheduling;

/// <summary>Running jobs by when they were expected to end as they started, kept from plan to plan.</summary>
internal sealed class ExpectedEnds
{
    private readonly List<RunningJob> come = [];
    private readonly List<RunningJob> gone = [];
    private TimeSpan usualDuration;
    private List<(DateTimeOffset End, RunningJob Job)> sorted = [];

    /// <summary>The list of the plan before last, to be filled anew: large ones that come and go with every plan are dear to collect.</summary>
    private List<(DateTimeOffset End, RunningJob Job)> spare = [];

    /// <summary>Ties by id.</summary>
    public static Comparer<(DateTimeOffset End, RunningJob Job)> EarliestFirst { get; } = Comparer<(DateTimeOffset End, RunningJob Job)>.Create((x, y) =>
        x.End != y.End ? x.End.CompareTo(y.End) : string.CompareOrdinal(x.Job.Standing.Id.Value, y.Job.Standing.Id.Value));

    /// <summary>As of the last <see cref="Settle"/>, the earliest first.</summary>
    public IReadOnlyList<(DateTimeOffset End, RunningJob Job)> List => sorted;

    /// <summary>What one attempt is expected to take.</summary>
    public static TimeSpan DurationOf(RunningJob job, TimeSpan usual) => job.MaxDuration is { } most && most > TimeSpan.Zero ? most : usual;

    public void Add(RunningJob job) => come.Add(job);

    public void Remove(RunningJob job) => gone.Add(job);

    /// <param name="all">Every job that runs.</param>
    public void Settle(TimeSpan usual, IEnumerable<RunningJob> all)
    {
        if (usualDuration != usual)
        {
            usualDuration = usual;
            sorted.Clear();
            come.Clear();
            come.AddRange(all);
            gone.Clear();
        }

        if (come.Count == 0 && gone.Count == 0) return;
        var changes = new List<(DateTimeOffset End, RunningJob Job, bool IsGone)>(come.Count + gone.Count);
        foreach (var job in gone) changes.Add((job.StartedAt + DurationOf(job, usual), job, true));
        foreach (var job in come) changes.Add((job.StartedAt + DurationOf(job, usual), job, false));
        changes.Sort((x, y) => EarliestFirst.Compare((x.End, x.Job), (y.End, y.Job)) is var order and not 0 ? order : y.IsGone.CompareTo(x.IsGone));
        Merge(changes);
        come.Clear();
        gone.Clear();
    }

    /// <summary>One search for each change, and a copy of all between them.</summary>
    private void Merge(List<(DateTimeOffset End, RunningJob Job, bool IsGone)> changes)
    {
        var before = CollectionsMarshal.AsSpan(sorted);
        spare.Clear();
        spare.EnsureCapacity(sorted.Count + changes.Count);
        foreach (var (end, job, isGone) in changes)
        {
            var found = before.BinarySearch((end, job), EarliestFirst);
            var at = found >= 0 ? found : ~found;
            spare.AddRange(before[..at]);
            if (!isGone) spare.Add((end, job));
            before = before[(isGone && found >= 0 ? at + 1 : at)..];
        }

        spare.AddRange(before);
        (sorted, spare) = (spare, sorted);
    }
}
