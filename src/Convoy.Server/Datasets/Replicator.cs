using System.Collections.Concurrent;
using Convoy.Core.Datasets;
using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>
/// Copies versions to the stores in which they are to be: the most urgent first, a few packs at a time, so that what a job waits for overtakes a backup.
/// What is missing is the difference of two sets of hashes; nothing is listed. Each object is compared with its hash on its way, and written down when it is
/// there; the manifest comes last.
/// </summary>
public sealed partial class Replicator(DatasetStores stores, StoreMarks marks, IDatasetCopies copies, TimeProvider time, ILogger<Replicator> log)
{
    private const int PacksOfBatch = 16;
    private const int PacksAtOnce = 4;
    private const int MostOpen = 1000;
    private const int LeftAtOnce = 500;

    private readonly ConcurrentDictionary<(string Dataset, int Version, string Store), CopyPace> paces = new();

    /// <summary>Of the loop alone.</summary>
    private readonly Dictionary<(string Dataset, int Version, string Store), CopyLap> laps = [];

    /// <summary>Until nothing can be done any more for now.</summary>
    /// <returns>Whether anything was copied.</returns>
    public async Task<bool> RoundAsync(CancellationToken cancellationToken)
    {
        var moved = false;
        string[] names = [.. stores.Others.Select(store => store.Name)];
        var open = await copies.ListOpenAsync(names, MostOpen, cancellationToken);
        if (open.Count < MostOpen) ForgetAllBut([.. open.Select(KeyOf)]);
        for (; open.FirstOrDefault(IsDue) is { } next; open = await copies.ListOpenAsync(names, MostOpen, cancellationToken))
        {
            var lap = laps[KeyOf(next)] = laps.GetValueOrDefault(KeyOf(next)) ?? new CopyLap();
            moved |= await GoOnAsync(next, lap, stores.Find(next.Store)!, cancellationToken);
        }

        await RemoveLeftAsync(cancellationToken);
        return moved;
    }

    /// <summary>How far it is; null where nobody has begun.</summary>
    public CopyPace? PaceOf(Replication replication) => paces.GetValueOrDefault(KeyOf(replication));

    /// <summary>What the bytes cost that the store lacks, where they come from.</summary>
    public async Task<decimal> CostAsync(long manifest, DatasetStore to, CancellationToken cancellationToken)
    {
        var cheaper = stores.Others.Where(store => store != to && store.PriceOut < stores.Home.PriceOut).OrderBy(store => store.PriceOut).Select(store => store.Name).ToArray();
        return (await copies.CountSourcesAsync(manifest, to.Name, cheaper, stores.Home.Name, cancellationToken)).Sum(source => stores.Find(source.Store)!.CostOf(source.Bytes));
    }

    private static (string, int, string) KeyOf(Replication replication) => (replication.Dataset.Value, replication.Version.Number, replication.Store);

    private bool IsDue(Replication replication) => stores.Find(replication.Store) is not null && !(laps.GetValueOrDefault(KeyOf(replication))?.PausedUntil > time.GetUtcNow());

    /// <summary>Of what was stopped or deleted nothing is kept.</summary>
    private void ForgetAllBut(HashSet<(string, int, string)> open)
    {
        foreach (var gone in laps.Keys.Concat(paces.Keys).Where(key => !open.Contains(key)).ToArray()) Forget(gone);
    }

    private void Forget((string, int, string) key)
    {
        laps.Remove(key);
        paces.TryRemove(key, out _);
    }

    /// <summary>One batch. A pack that cannot be had keeps no other from being copied; where none of a batch can, it is more likely the store.</summary>
    /// <returns>Whether anything was copied.</returns>
    private async Task<bool> GoOnAsync(Replication replication, CopyLap lap, DatasetStore to, CancellationToken cancellationToken)
    {
        if (await copies.FindManifestAsync(replication.Dataset, replication.Version, cancellationToken) is not { } manifest)
        {
            // Deleted since.
            await copies.RemoveAsync(replication, cancellationToken);
            return true;
        }

        if (!manifest.IsListed)
        {
            lap.Pause(time.GetUtcNow());
            return false;
        }

        if (!paces.TryGetValue(KeyOf(replication), out var pace))
        {
            var figures = await copies.CountAsync(manifest.Number, to.Name, cancellationToken);
            pace = paces[KeyOf(replication)] = new CopyPace(figures.Bytes, figures.Bytes - figures.MissingBytes, time);
        }

        var missing = await copies.ListMissingAsync(manifest.Number, to.Name, lap.After, PacksOfBatch, cancellationToken);
        var copied = 0;
        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = PacksAtOnce, CancellationToken = cancellationToken }, async (pack, stop) =>
        {
            if (!await TryCopyAsync(DatasetObject.Pack(pack.Pack), pack.Bytes, to, lap, stop)) return;
            pace.Copied(pack.Bytes);
            Interlocked.Increment(ref copied);
        });
        if (copied > 0) lap.GotOn();
        var isLast = missing.Count < PacksOfBatch;
        if (isLast && lap.Problem is null && await TryCopyAsync(DatasetObject.Manifest(replication.Dataset, manifest.Sha256), manifest.Bytes, to, lap, cancellationToken))
        {
            await copies.SetWholeAsync(replication, time.GetUtcNow(), cancellationToken);
            Forget(KeyOf(replication));
            LogWhole(log, replication.Dataset, replication.Version, to.Name);
            return true;
        }

        if (lap.Problem != replication.Problem && (isLast || copied == 0 || lap.Problem is null)) await copies.SetProblemAsync(replication, lap.Problem, cancellationToken);
        if (lap.Problem is { } problem && (isLast || copied == 0))
        {
            LogStuck(log, replication.Dataset, replication.Version, to.Name, problem);
            lap.Pause(time.GetUtcNow());
        }

        lap.MoveTo(isLast ? null : missing[^1].Pack);
        return copied > 0;
    }

    private async Task<bool> TryCopyAsync(DatasetObject of, long bytes, DatasetStore to, CopyLap lap, CancellationToken cancellationToken)
    {
        try
        {
            await marks.EnsureAsync(to, cancellationToken);
            await CopyAsync(of, bytes, to, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is ObjectStoreException or DamagedCopyException or ForeignPlaceException or SharedPlaceException)
        {
            lap.Fail(e.Message);
            return false;
        }
    }

    /// <summary>From the cheapest store that has it as it should be.</summary>
    private async Task CopyAsync(DatasetObject of, long bytes, DatasetStore to, CancellationToken cancellationToken)
    {
        Exception? failed = null;
        foreach (var from in await SourcesAsync(of, to, cancellationToken))
        {
            try
            {
                await using var content = await from.Bucket.ReadAsync(of.Name, 0, bytes, cancellationToken);
                if (content is null) continue;
                await using var verified = new VerifiedStream(content, bytes, of.Sha256);
                await to.Bucket.PutAsync(of.Name, verified, bytes, cancellationToken);
                await copies.RecordAsync(to.Name, of, bytes, time.GetUtcNow(), cancellationToken);
                Instruments.DatasetBytesCopied.WithLabels(from.Name, to.Name).Inc(bytes);
                return;
            }
            catch (Exception e) when (e is ObjectStoreException or DamagedCopyException)
            {
                failed ??= e is DamagedCopyException ? new ObjectStoreException($"{of.Name} in store {from.Name}: {e.Message}", e) : e;
            }
        }

        throw failed ?? new ObjectStoreException($"{of.Name} is in no store", new FileNotFoundException());
    }

    private async Task<IEnumerable<DatasetStore>> SourcesAsync(DatasetObject of, DatasetStore to, CancellationToken cancellationToken)
    {
        var having = (await copies.ListCopiesAsync(of, cancellationToken)).Select(copy => copy.Store).ToHashSet();
        return stores.All.Where(store => store != to && (store == stores.Home || having.Contains(store.Name))).OrderBy(store => store.PriceOut);
    }

    /// <summary>What nothing needs any more, and could not be removed with the rest.</summary>
    private async Task RemoveLeftAsync(CancellationToken cancellationToken)
    {
        foreach (var store in stores.Others)
        {
            foreach (var left in await copies.ListLeftAsync(store.Name, time.GetUtcNow() - (store.Lock ?? TimeSpan.Zero), LeftAtOnce, cancellationToken))
            {
                if (await copies.KeepAsync(left, cancellationToken)) continue;
                try
                {
                    await marks.EnsureAsync(store, cancellationToken);
                    await store.Bucket.RemoveAsync(left.Of.Name, cancellationToken);
                }
                catch (Exception e) when (e is ObjectStoreException or ForeignPlaceException or SharedPlaceException)
                {
                    LogNotRemoved(log, store.Name, e.Message);
                    break;
                }

                await copies.ForgetAsync(left, cancellationToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Data set {Dataset} {Version} is whole in store {Store}")]
    private static partial void LogWhole(ILogger log, DatasetName dataset, DatasetVersion version, string store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Data set {Dataset} {Version} cannot be copied to store {Store} now, and is tried again: {Why}")]
    private static partial void LogStuck(ILogger log, DatasetName dataset, DatasetVersion version, string store, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What nothing needs cannot be removed from store {Store} now, and is tried again: {Why}")]
    private static partial void LogNotRemoved(ILogger log, string store, string why);
}

/// <summary>How far a copy is, and how fast it has gone since it was begun.</summary>
/// <param name="bytes">Of its packs.</param>
/// <param name="before">Of these, what was there at the beginning.</param>
public sealed class CopyPace(long bytes, long before, TimeProvider time)
{
    private static readonly TimeSpan LongestGuess = TimeSpan.FromDays(365);

    private readonly long begun = time.GetTimestamp();
    private long copied;

    public long Bytes => bytes;

    public long There => before + Interlocked.Read(ref copied);

    /// <summary>Bytes a second; null where none have come yet.</summary>
    public double? Rate => Interlocked.Read(ref copied) is > 0 and var since && time.GetElapsedTime(begun).TotalSeconds is > 0 and var seconds ? since / seconds : null;

    /// <summary>At that pace; null where it is not known.</summary>
    public TimeSpan? Left => Rate is { } rate && Math.Max(0, bytes - There) / rate is var seconds && seconds < LongestGuess.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;

    public void Copied(long more) => Interlocked.Add(ref copied, more);
}
