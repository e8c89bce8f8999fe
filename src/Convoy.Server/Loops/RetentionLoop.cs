using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Objects;
using Convoy.Server.Operation;
using Convoy.Store;
using Convoy.Store.Sqlite;

namespace Convoy.Server.Loops;

/// <summary>
/// Removes what has been kept for as long as was asked. Every round finds anew what is to go; how far each kind has come is stored only after
/// it has gone, so a round that is cut off anywhere is done again.
/// </summary>
public sealed partial class RetentionLoop(
    SqliteStore store, IObjectStore objects, IJobFiles files, ICluster local, DeletionLoop deletion, RetentionMarks marks, StateFolder state, ServerOptions options, TimeProvider time, ILogger<RetentionLoop> log) : BackgroundService
{
    private const int AtOnce = 100;

    /// <summary>An archive that was uploaded, or asked for, so lately may belong to a submission that is on its way.</summary>
    private static readonly TimeSpan UploadGrace = TimeSpan.FromHours(24);

    private static readonly TimeSpan ObjectPeriod = TimeSpan.FromHours(1);

    /// <summary>None yet, so that the first round looks.</summary>
    private DateTimeOffset objectsLookedAt = DateTimeOffset.MinValue;

    public async Task LoadAsync(CancellationToken cancellationToken) => marks.All = await store.GetRetentionMarksAsync(cancellationToken);

    /// <summary>All that is to go by now.</summary>
    public async Task RoundAsync(CancellationToken cancellationToken)
    {
        // While a backup is made, what it refers to stays.
        using var alone = state.TryHoldUpkeep();
        if (alone is null) return;
        var now = time.GetUtcNow();
        await ForgetEndedAsync(cancellationToken);
        foreach (var kind in Enum.GetValues<KeptKind>())
        {
            if (options.Retention.Kept[kind] is { } kept) await RemoveAsync(kind, now - kept, cancellationToken);
        }

        if (options.Retention.Kept[KeptKind.Code] is { } code) await ForgetCodeAsync(now - code, now - UploadGrace, cancellationToken);
        if (now - objectsLookedAt < ObjectPeriod) return;
        await RemoveObjectsAsync(now - UploadGrace, cancellationToken);
        objectsLookedAt = now;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.UpkeepPeriod, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RoundAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The boundary of the loop: what was not removed now is found again in the next round.
                LogRoundFailed(log, e);
            }
        }
    }

    /// <summary>How an attempt ended is the cluster's to remember only until the end of its job is stored.</summary>
    private async Task ForgetEndedAsync(CancellationToken cancellationToken)
    {
        foreach (var id in await files.ListEndedAsync(cancellationToken))
        {
            if ((await store.GetJobAsync(id, cancellationToken))?.Job is { } job && job.Phase.IsFinished()) await files.ForgetEndAsync(id, cancellationToken);
        }
    }

    private async Task RemoveAsync(KeptKind kind, DateTimeOffset until, CancellationToken cancellationToken)
    {
        for (var mark = kind == KeptKind.Jobs ? EndMark.Start : marks.Of(kind); ;)
        {
            var page = await store.ListEndedAsync(until, mark, AtOnce, cancellationToken);
            if (page.Count == 0) return;
            var removed = 0;
            foreach (var job in page)
            {
                try
                {
                    await RemoveAsync(kind, job, cancellationToken);
                    removed++;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It goes with the job itself, at the latest; one that cannot be removed must not keep all others.
                    LogLeft(log, e, job.Id);
                }
            }

            mark = EndMark.Of(page[^1]);
            LogRemoved(log, kind, removed);
            if (kind == KeptKind.Jobs)
            {
                deletion.Wake();
                continue;
            }

            await store.SaveRetentionMarkAsync(Retention.NameOf(kind), mark, cancellationToken);
            await LoadAsync(cancellationToken);
        }
    }

    private Task RemoveAsync(KeptKind kind, EndedJob job, CancellationToken cancellationToken) => kind switch
    {
        KeptKind.Events => store.RemoveEventsAsync(job, cancellationToken),
        KeptKind.Metrics => store.RemoveMetricsAsync(job, cancellationToken),
        KeptKind.Jobs => store.DeleteJobAsync(job.Id, job.Revision, cancellationToken),
        _ => RemoveFilesAsync(kind, job, cancellationToken),
    };

    /// <summary>
    /// Files take their time: a job further down the page may have been retried meanwhile, and needs its checkpoints. What it left on clusters
    /// elsewhere is theirs to keep until the job itself goes.
    /// </summary>
    private async Task RemoveFilesAsync(KeptKind kind, EndedJob job, CancellationToken cancellationToken)
    {
        if ((await store.GetJobAsync(job.Id, cancellationToken))?.Job is { } now && now.Phase.IsFinished() && now.Attempts.Count <= job.Attempts && now.Attempts.Any(attempt => attempt.Cluster == local.Name)) await files.RemoveAsync(job.Id, job.OwnerNumber, job.Attempts, PartsOf(kind), cancellationToken);
    }

    private static JobParts PartsOf(KeptKind kind) => kind switch
    {
        KeptKind.Logs => JobParts.Logs,
        KeptKind.Code => JobParts.Code,
        KeptKind.Outputs => JobParts.Outputs,
        KeptKind.Checkpoints => JobParts.Checkpoints,
        _ => JobParts.None,
    };

    private async Task ForgetCodeAsync(DateTimeOffset until, DateTimeOffset latestUntouched, CancellationToken cancellationToken)
    {
        var untouched = until < latestUntouched ? until : latestUntouched;
        for (CodeGrant? last = null; ;)
        {
            var page = await store.ListCodeGrantsAsync(last, AtOnce, cancellationToken);
            foreach (var grant in page.Where(grant => grant.At < untouched))
            {
                // An object that nobody refers to any more goes soon.
                if (await store.ForgetCodeAsync(grant, untouched, until, cancellationToken)) objectsLookedAt = DateTimeOffset.MinValue;
            }

            if (page.Count < AtOnce) return;
            last = page[^1];
        }
    }

    private async Task RemoveObjectsAsync(DateTimeOffset untouched, CancellationToken cancellationToken)
    {
        foreach (var sha256 in objects.List())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!await store.IsReferredAsync(sha256, cancellationToken) && objects.Remove(sha256, untouched)) LogObject(log, sha256);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Kind} of {Count} jobs: they have been kept for as long as was asked")]
    private static partial void LogRemoved(ILogger log, KeptKind kind, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed object {Sha256}: nothing refers to it")]
    private static partial void LogObject(ILogger log, string sha256);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all that {Job} left could be removed")]
    private static partial void LogLeft(ILogger log, Exception exception, JobId job);

    [LoggerMessage(Level = LogLevel.Error, Message = "A round of removing failed; it is repeated")]
    private static partial void LogRoundFailed(ILogger log, Exception exception);
}
