using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Store;
using Convoy.Store.Sqlite;

namespace Convoy.Server.Operation;

/// <summary>
/// Removes a finished job with everything of it: record, events, metrics, logs, folders. For people who delete one, and for retention.
/// Objects that were its alone go with the next look for objects that nothing refers to.
/// </summary>
public sealed class JobRemoval(SqliteStore store, IJobFiles files, People people)
{
    private const int AtOnce = 100;

    /// <summary>False where the job is not finished, or has just changed: then nothing happened to it.</summary>
    public async Task<bool> RemoveAsync(Job job, CancellationToken cancellationToken)
    {
        if (!job.Phase.IsFinished() || await people.FindAsync(job.Owner, cancellationToken) is not { } owner) return false;
        return await RemoveAsync(new EndedJob(job.Id, job.SubmitSequence, job.EndedAt!.Value, owner.Number, job.Attempts.Count, job.Revision), cancellationToken);
    }

    /// <summary>The record first: from then on nobody can make it run again, and what is left is found again after a crash.</summary>
    public async Task<bool> RemoveAsync(EndedJob job, CancellationToken cancellationToken)
    {
        await store.RemoveMetricsAsync(job, cancellationToken);
        if (!await store.BeginRemovalAsync(job, cancellationToken)) return false;
        await FinishAsync(new Removal(job.Id, job.OwnerNumber, job.Attempts), cancellationToken);
        return true;
    }

    /// <summary>What an earlier life began, or could not do.</summary>
    public async Task FinishAllAsync(Action<JobId, Exception> failed, CancellationToken cancellationToken)
    {
        for (var after = ""; ;)
        {
            var page = await store.ListRemovalsAsync(after, AtOnce, cancellationToken);
            foreach (var removal in page)
            {
                after = removal.Id.Value;
                try
                {
                    await FinishAsync(removal, cancellationToken);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreException)
                {
                    failed(removal.Id, e);
                }
            }

            if (page.Count < AtOnce) return;
        }
    }

    private async Task FinishAsync(Removal removal, CancellationToken cancellationToken)
    {
        await files.RemoveAsync(removal.Id, removal.OwnerNumber, removal.Attempts, JobParts.All, cancellationToken);
        await store.EndRemovalAsync(removal.Id, cancellationToken);
    }
}
