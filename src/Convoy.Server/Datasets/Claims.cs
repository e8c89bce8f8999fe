using Convoy.Core.Datasets;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>Claims objects before they are looked for or written. One that is just being removed is waited for: it is gone in a moment, and may be written then.</summary>
public sealed class Claims(IDatasetObjects objects, StorageQuota quota, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);
    private const int MostLooks = 100;

    /// <summary>Bytes above what the data set's owner may have; nothing was claimed then.</summary>
    /// <exception cref="BeingRemovedException">It takes long.</exception>
    public async Task<long> PackAsync(StoredDataset dataset, StoredPack pack, CancellationToken cancellationToken)
    {
        for (var looks = 0; looks < MostLooks; looks++)
        {
            var claimed = await PacksAsync(dataset, [pack], cancellationToken);
            if (claimed.Removing.Count == 0) return claimed.Over;
            await Task.Delay(LookAgain, time, cancellationToken);
        }

        throw new BeingRemovedException();
    }

    /// <summary>All of them or none; waits for none.</summary>
    public async Task<Claimed> PacksAsync(StoredDataset dataset, IReadOnlyList<StoredPack> packs, CancellationToken cancellationToken) =>
        await objects.ClaimPacksAsync(dataset.Name, packs, await quota.MostAsync(dataset.Owner, cancellationToken), time.GetUtcNow(), cancellationToken);

    /// <summary>Null where there is no such data set any more.</summary>
    /// <exception cref="BeingRemovedException">It takes long.</exception>
    public async Task<long?> ManifestAsync(DatasetName dataset, Sha256 sha256, long bytes, CancellationToken cancellationToken)
    {
        for (var looks = 0; looks < MostLooks; looks++)
        {
            var claim = await objects.ClaimManifestAsync(dataset, sha256, bytes, time.GetUtcNow(), cancellationToken);
            if (!claim.IsThereDataset || claim.Number is not null) return claim.Number;
            await Task.Delay(LookAgain, time, cancellationToken);
        }

        throw new BeingRemovedException();
    }
}

/// <summary>An object is being removed, and the store does not say that it is gone.</summary>
public sealed class BeingRemovedException : Exception;
