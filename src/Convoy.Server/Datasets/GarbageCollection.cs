using System.Collections.Concurrent;
using Convoy.Core.Datasets;
using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>
/// Removes packs and manifests that nothing needs any more. What is seen to be needed by nothing gets a tombstone; when that has stood for the grace it is
/// looked at again, and only then the object goes. Every step may be cut off and done again.
/// </summary>
/// <param name="held">Versions that unfinished jobs name; asked once a round, and only where one of a data set was deleted.</param>
public sealed partial class GarbageCollection(
    IBucket bucket, OwnerMark mark, IDatasetObjects objects, ManifestShelf manifests, Func<IReadOnlySet<(string Dataset, string Version)>> held, TimeSpan grace, TimeProvider time, ILogger<GarbageCollection> log)
{
    private const int RowsAtOnce = 500;
    private const int ObjectsAtOnce = 16;

    /// <summary>What was written where nobody came to note it down is rare, and to find it everything has to be listed.</summary>
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromDays(1);

    /// <summary>Within which a job whose version was just looked up is one of the unfinished.</summary>
    private static readonly TimeSpan SubmissionTime = TimeSpan.FromMinutes(10);

    private DateTimeOffset sweptAt = DateTimeOffset.MinValue;

    /// <summary>From the tombstone to the end.</summary>
    public TimeSpan Grace => grace;

    public async Task RoundAsync(CancellationToken cancellationToken)
    {
        await ListOlderAsync(cancellationToken);
        await LetVersionsGoAsync(cancellationToken);
        var now = time.GetUtcNow();
        while (await objects.MarkAsync(now - grace, now, RowsAtOnce, cancellationToken))
        {
            // There is more; others' writes come in between.
        }

        await SweepAsync(now, cancellationToken);
        await RemoveAsync(now - grace, cancellationToken);
        Tell(await objects.CountGarbageAsync(cancellationToken));
    }

    /// <summary>Manifests of versions that an earlier version of Convoy published.</summary>
    private async Task ListOlderAsync(CancellationToken cancellationToken)
    {
        for (var after = 0L; await objects.ListUnlistedAsync(after, RowsAtOnce, cancellationToken) is { Count: > 0 } page; after = page[^1].Number)
        {
            foreach (var older in page)
            {
                using var fetched = await manifests.FetchAsync(older.Dataset, older.Sha256, older.Bytes, cancellationToken);
                if (fetched is null)
                {
                    LogUnreadable(log, older.Sha256, older.Dataset);
                    continue;
                }

                foreach (var packs in Enumerable.Range(0, fetched.Manifest.Packs).Select(fetched.Manifest.PackAt).Chunk(RowsAtOnce))
                {
                    await objects.ListPacksAsync(older.Number, packs, DateTimeOffset.MinValue, cancellationToken);
                }

                await objects.SetListedAsync(older.Number, cancellationToken);
            }
        }
    }

    private async Task LetVersionsGoAsync(CancellationToken cancellationToken)
    {
        var until = time.GetUtcNow() - (grace < SubmissionTime ? grace : SubmissionTime);
        IReadOnlySet<(string, string)>? needed = null;
        for (RemovedVersion? last = null; await objects.ListRemovedVersionsAsync(until, last, RowsAtOnce, cancellationToken) is { Count: > 0 } page; last = page[^1])
        {
            needed ??= held();
            var free = page.Where(removed => !needed.Contains((removed.Version.Dataset.Value, removed.Version.Version.ToString()))).ToArray();
            if (free.Length > 0) await objects.ForgetRemovedVersionsAsync(free, cancellationToken);
        }
    }

    /// <summary>Finds what is in the store and nowhere else.</summary>
    private async Task SweepAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (now - sweptAt < SweepPeriod) return;
        var strays = 0;
        foreach (var prefix in (string[])[DatasetObject.Packs, DatasetObject.Manifests])
        {
            var page = new List<(DatasetObject Of, long Bytes)>(RowsAtOnce);
            await foreach (var found in bucket.ListAsync(prefix, "", cancellationToken))
            {
                if (DatasetObject.TryParse(found.Name, out var parsed)) page.Add((parsed, found.Length));
                if (page.Count == RowsAtOnce) await MarkAsync(page);
            }

            await MarkAsync(page);
        }

        sweptAt = now;
        if (strays > 0) LogStrays(log, strays);

        async Task MarkAsync(List<(DatasetObject Of, long Bytes)> page)
        {
            if (page.Count > 0) strays += await objects.MarkStraysAsync(page, now, cancellationToken);
            page.Clear();
        }
    }

    private async Task RemoveAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var (count, bytes) = (0L, 0L);
        try
        {
            if ((await objects.CountGarbageAsync(cancellationToken)).Since is not { } oldest || oldest > since) return;
            if (!await mark.IsOursAsync(cancellationToken)) throw new ForeignPlaceException("--datasets");
            while (await objects.BeginRemovalAsync(since, RowsAtOnce, cancellationToken) is { Count: > 0 } page)
            {
                var (removed, failure) = await RemoveAsync(page, cancellationToken);
                await objects.EndRemovalAsync([.. removed.Select(tombstone => tombstone.Of)], cancellationToken);
                count += removed.Count;
                bytes += removed.Sum(tombstone => tombstone.Bytes);
                if (failure is not null) throw new ObjectStoreException("not everything could be removed", failure);
            }
        }
        finally
        {
            Instruments.DatasetObjectsRemoved.Inc(count);
            Instruments.DatasetBytesFreed.Inc(bytes);
            if (count > 0) LogFreed(log, count, bytes);
        }
    }

    private async Task<(IReadOnlyCollection<Tombstone> Removed, ObjectStoreException? Failure)> RemoveAsync(IReadOnlyList<Tombstone> page, CancellationToken cancellationToken)
    {
        var removed = new ConcurrentBag<Tombstone>();
        ObjectStoreException? failure = null;
        await Parallel.ForEachAsync(page, new ParallelOptions { MaxDegreeOfParallelism = ObjectsAtOnce, CancellationToken = cancellationToken }, async (tombstone, stop) =>
        {
            try
            {
                await RemoveAsync(tombstone.Of, stop);
                removed.Add(tombstone);
            }
            catch (ObjectStoreException e)
            {
                // The others go all the same, and this one in a later round.
                Volatile.Write(ref failure, e);
            }
        });
        return (removed, failure);
    }

    /// <summary>Wherever it lies.</summary>
    private Task RemoveAsync(DatasetObject gone, CancellationToken cancellationToken) => bucket.RemoveAsync(gone.Name, cancellationToken);

    private static void Tell(Garbage left)
    {
        Instruments.DatasetGarbageObjects.Set(left.Objects);
        Instruments.DatasetGarbageBytes.Set(left.Bytes);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Count} objects of data sets that nothing needed: {Bytes} bytes")]
    private static partial void LogFreed(ILogger log, long count, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} objects in the store of data sets belong to nothing; they are removed after the grace")]
    private static partial void LogStrays(ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Manifest {Sha256} of data set {Dataset} is not in the object store as it was: none of that data set's packs is removed until the versions that have it are deleted")]
    private static partial void LogUnreadable(ILogger log, Sha256 sha256, DatasetName dataset);
}
