using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>
/// What has been tried in vain in this cycle, by shape: free space only shrinks in a cycle, until a promise is kept,
/// so what holds for one job holds for its likes, and five thousand of them cost one search.
/// </summary>
internal sealed class BlockedShapes(QuotaBook quota)
{
    private static readonly ShapeComparer ByShape = new();
    private readonly Dictionary<(QuotaClass Quota, bool IsInside), Dictionary<PendingJob, WaitingReason>> noPlace = [];
    private readonly Dictionary<(string Owner, string Level, string Queue, JobPriority Priority, int Band, bool IsInside, bool HasPromise), HashSet<PendingJob>> noVictims = [];

    /// <summary>Why the job's likes found no place; null where none has looked for one.</summary>
    public WaitingReason? ReasonOf(PendingJob job, bool isInside) => noPlace.TryGetValue(KeyOf(job, isInside), out var reasons) ? reasons.GetValueOrDefault(job) : null;

    public void Add(PendingJob job, bool isInside, WaitingReason reason)
    {
        if (!noPlace.TryGetValue(KeyOf(job, isInside), out var reasons)) noPlace.Add(KeyOf(job, isInside), reasons = new Dictionary<PendingJob, WaitingReason>(ByShape));
        reasons[job] = reason;
    }

    /// <param name="searcher">What decides whom a job may evict.</param>
    public bool HasSearchedInVain(PendingJob job, (string, string, string, JobPriority, int, bool, bool) searcher) => noVictims.TryGetValue(searcher, out var shapes) && shapes.Contains(job);

    public void AddSearch(PendingJob job, (string, string, string, JobPriority, int, bool, bool) searcher)
    {
        if (!noVictims.TryGetValue(searcher, out var shapes)) noVictims.Add(searcher, shapes = new HashSet<PendingJob>(ByShape));
        shapes.Add(job);
    }

    public void ForgetPlaces() => noPlace.Clear();

    public void ForgetSearches() => noVictims.Clear();

    private (QuotaClass Quota, bool IsInside) KeyOf(PendingJob job, bool isInside) => (quota.ClassOf(job), isInside);
}
