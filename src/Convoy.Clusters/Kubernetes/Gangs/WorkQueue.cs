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

    public void Add(JobId job)
    {
        lock (gate)
        {
            if (dirty.Add(job) && !taken.Contains(job)) waiting.Writer.TryWrite(job);
        }
    }

    public void AddAfter(JobId job, TimeSpan delay, CancellationToken cancellationToken) => _ = AddLaterAsync(job, delay, cancellationToken);

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

    private async Task AddLaterAsync(JobId job, TimeSpan delay, CancellationToken cancellationToken)
    {
        await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellationToken.IsCancellationRequested) Add(job);
    }
}
