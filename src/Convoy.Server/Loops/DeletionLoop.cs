using Convoy.Core.Jobs;
using Convoy.Store;

namespace Convoy.Server.Loops;

/// <summary>
/// Removes what deleted jobs left: files of the cluster first, then rows. The store remembers which are not done, and each step may be
/// done again, so a server killed in between goes on where it was.
/// </summary>
public sealed partial class DeletionLoop(IStore store, ClusterLoops clusters, People people, TimeProvider time, ILogger<DeletionLoop> log) : BackgroundService
{
    /// <summary>Few enough that submissions do not wait for them.</summary>
    private const int RowsAtOnce = 2000;

    private const int JobsAtOnce = 100;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly Wakeup wakeup = new(time);
    private readonly SemaphoreSlim turn = new(1);

    /// <summary>A job was deleted.</summary>
    public void Wake() => wakeup.Signal();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await RemoveAllAsync(stoppingToken);
            }
            catch (StoreException e)
            {
                // The boundary of the loop: the store says again what is left.
                LogPutOff(log, e);
            }

            await wakeup.WaitAsync(Period, stoppingToken);
        }
    }

    /// <summary>One round; what cannot be removed now is left for the next.</summary>
    public async Task RemoveAllAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            for (long after = 0; ;)
            {
                var page = await store.ListBeingDeletedAsync(after, JobsAtOnce, cancellationToken);
                if (page.Count == 0) return;
                foreach (var job in page) await RemoveAsync(job, cancellationToken);
                after = page[^1].SubmitSequence;
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public override void Dispose()
    {
        turn.Dispose();
        base.Dispose();
    }

    private async Task RemoveAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var owner = await people.FindAsync(job.Owner, cancellationToken) ?? throw new InvalidOperationException($"job {job.Id} belongs to nobody");
            foreach (var cluster in clusters.Of(job))
            {
                if (!await cluster.ForgetAsync(job.Id, owner.Number, cancellationToken)) return;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogStuck(log, e, job.Id);
            return;
        }

        while (!await store.RemoveDeletedAsync(job.SubmitSequence, RowsAtOnce, cancellationToken))
        {
            // There is more; others' writes come in between.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What deleted jobs left is looked at again later")]
    private static partial void LogPutOff(ILogger log, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The files of deleted job {Job} cannot be removed now; that is tried again")]
    private static partial void LogStuck(ILogger log, Exception exception, JobId job);
}
