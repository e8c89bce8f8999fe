using System.Collections.Concurrent;
using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>
/// The newest changes of all jobs, for any number of watchers: each change is kept once, and wakes only those who watch its owner's
/// jobs or everybody's. Who was asleep for longer than is kept is told so, and reads the list again.
/// </summary>
public sealed class JobChanges
{
    private const int Kept = 4096;
    private const string Everybody = "";

    /// <summary>Positions of another life of the server mean nothing.</summary>
    private readonly string life = Guid.NewGuid().ToString("N");
    private readonly Lock changing = new();
    private readonly Job?[] ring = new Job?[Kept];
    private readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new();
    private long end;

    public JobChanges(JobFeed feed) => feed.Listen(Add);

    /// <summary>One past the newest change.</summary>
    public long End
    {
        get
        {
            lock (changing) return end;
        }
    }

    /// <summary>Take it first, then read, then await it: nothing is missed.</summary>
    /// <param name="owner">Whose jobs; null means everybody's.</param>
    public Task NextChange(string? owner) => waiting.GetOrAdd(owner ?? Everybody, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The jobs that changed since, each once, as they are now, in the order of their last change; null where more has changed than is kept.</summary>
    public IReadOnlyList<Job>? Since(long from, JobFilter filter, out long upTo)
    {
        var changed = new List<Job>();
        var seen = new HashSet<JobId>();
        lock (changing)
        {
            upTo = end;
            if (from > end || end - from > Kept) return null;
            for (var at = end - 1; at >= from; at--)
            {
                var job = ring[at % Kept]!;
                if (Concerns(filter, job) && seen.Add(job.Id)) changed.Add(job);
            }
        }

        changed.Reverse();
        return changed;
    }

    /// <summary>Where a watcher stands, as an event's id.</summary>
    public string IdOf(long position) => $"{life}-{position.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Null where it is none of this life.</summary>
    public long? PositionOf(string? id) =>
        id?.Split('-') is [var of, var text] && of == life && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position : null;

    /// <summary>But for the phase: a watcher wants to know that a job has left it.</summary>
    private static bool Concerns(JobFilter filter, Job job) =>
        (filter.Owner ?? job.Owner) == job.Owner && (filter.Queue ?? job.Queue) == job.Queue && (filter.Name ?? job.Spec.Name) == job.Spec.Name;

    private void Add(Job job)
    {
        lock (changing) ring[end++ % Kept] = job;
        Wake(job.Owner);
        Wake(Everybody);
    }

    private void Wake(string owner)
    {
        if (waiting.TryRemove(owner, out var change)) change.TrySetResult();
    }
}
