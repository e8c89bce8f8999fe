using System.Threading.Channels;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Jobs to be looked at. One that is added again while somebody looks at it is looked at once more afterwards, by one at a time.</summary>
internal sealed class WorkQueue(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Channel<JobId> waiting = Channel.CreateUnbounded<JobId>();
    private readonly HashSet<JobId> dirty = [];
    private readonly HashSet<JobId> taken = [];

    /// <summary>The earliest that was asked for of each: every turn asks anew, and the turns must not become more by it.</summary>
    private readonly Dictionary<JobId, DateTimeOffset> due = [];

    public void Add(JobId job)
    {
        lock (gate)
        {
            if (dirty.Add(job) && !taken.Contains(job)) waiting.Writer.TryWrite(job);
        }
    }

    public void AddAfter(JobId job, TimeSpan delay, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow() + delay;
        lock (gate)
        {
            if (due.TryGetValue(job, out var earlier) && earlier <= at) return;
            due[job] = at;
        }

        _ = AddLaterAsync(job, at, delay, cancellationToken);
    }

    public async Task<JobId> TakeAsync(CancellationToken cancellationToken)
    {
        var job = await waiting.Reader.ReadAsync(cancellationToken);
        lock (gate)
        {
            dirty.Remove(job);
            taken.Add(job);
        }

        return job;
    }

    /// <summary>To be said of every job that was taken.</summary>
    public void Finish(JobId job)
    {
        lock (gate)
        {
            taken.Remove(job);
            if (dirty.Contains(job)) waiting.Writer.TryWrite(job);
        }
    }

    private async Task AddLaterAsync(JobId job, DateTimeOffset at, TimeSpan delay, CancellationToken cancellationToken)
    {
        await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate)
        {
            // Somebody has asked for an earlier time since: that one does it.
            if (!due.TryGetValue(job, out var wanted) || wanted != at) return;
            due.Remove(job);
        }

        if (!cancellationToken.IsCancellationRequested) Add(job);
    }
}
