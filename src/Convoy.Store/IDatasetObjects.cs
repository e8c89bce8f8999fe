using Convoy.Core.Datasets;

namespace Convoy.Store;

/// <summary>
/// Which objects of the object store are needed, and by whom. Who is about to need one claims it before it is looked for or written, and what nothing
/// needs gets a tombstone. An object is removed only while its tombstone says so; nobody can claim it meanwhile.
/// </summary>
/// <remarks>
/// A pack is needed while a data set has it or a manifest names it; a data set has what was claimed for it, until that was long ago and none of its
/// manifests names it. A manifest is needed while a version has it, one that was deleted and is held, or while its claim is not long ago.
/// </remarks>
public interface IDatasetObjects
{
    /// <summary>From now on the data set has these packs, and no tombstone: all of them or none. Nothing where there is no such data set.</summary>
    /// <param name="most">Bytes that the data set's owner may have stored; null for no limit.</param>
    Task<Claimed> ClaimPacksAsync(DatasetName name, IReadOnlyList<StoredPack> packs, long? most, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>From now on the manifest is needed. Its number, which stays while it is; null where it is being removed or there is no such data set.</summary>
    Task<ManifestClaim> ClaimManifestAsync(DatasetName name, Sha256 sha256, long bytes, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>The manifest names these packs, and keeps them. Renews its claim.</summary>
    /// <returns>Those that the data set has; null where the claim is no more.</returns>
    Task<IReadOnlyList<StoredPack>?> ListPacksAsync(long manifest, IReadOnlyList<Pack> packs, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Manifests of which is not known yet what packs they name: they are older than that knowledge.</summary>
    Task<IReadOnlyList<UnlistedManifest>> ListUnlistedAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>All of the manifest's packs were told.</summary>
    Task SetListedAsync(long manifest, CancellationToken cancellationToken);

    /// <summary>A deleted version that is held still.</summary>
    Task<RemovedVersion?> GetRemovedVersionAsync(DatasetName name, DatasetVersion version, CancellationToken cancellationToken);

    /// <summary>Of a deleted version's pack its length in bytes; null where it has no such pack.</summary>
    Task<int?> FindRemovedPackAsync(DatasetName name, IReadOnlyList<DatasetVersion> versions, Sha256 pack, CancellationToken cancellationToken);

    /// <summary>The longest deleted first.</summary>
    Task<IReadOnlyList<RemovedVersion>> ListRemovedVersionsAsync(DateTimeOffset removedBefore, RemovedVersion? after, int limit, CancellationToken cancellationToken);

    /// <summary>Nobody holds these any more.</summary>
    Task ForgetRemovedVersionsAsync(IReadOnlyList<RemovedVersion> versions, CancellationToken cancellationToken);

    /// <summary>A bit of what nothing needs any more is let go of, and what nothing needs then gets tombstones.</summary>
    /// <param name="claimedBefore">Who claimed before that does not need it for that any more.</param>
    /// <param name="limit">Rows of each kind.</param>
    /// <returns>Whether there may be more.</returns>
    Task<bool> MarkAsync(DateTimeOffset claimedBefore, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Of objects that were found in the store, those that nothing needs get tombstones. How many.</summary>
    Task<int> MarkStraysAsync(IReadOnlyList<(DatasetObject Of, long Bytes)> found, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>The oldest tombstones are looked at again: what is needed after all loses its own, and the others are to be removed from now on.</summary>
    /// <returns>Those, and such as were to be removed already. None is the end.</returns>
    Task<IReadOnlyList<Tombstone>> BeginRemovalAsync(DateTimeOffset since, int limit, CancellationToken cancellationToken);

    /// <summary>They are gone.</summary>
    Task EndRemovalAsync(IReadOnlyList<DatasetObject> removed, CancellationToken cancellationToken);

    Task<Garbage> CountGarbageAsync(CancellationToken cancellationToken);

    /// <summary>What this platform is known by in an object store.</summary>
    /// <param name="fresh">The name from now on, where it has none.</param>
    Task<string> GetInstallationAsync(string fresh, CancellationToken cancellationToken);

    /// <summary>By name, from above <paramref name="after"/>.</summary>
    /// <param name="reader">Null lists all.</param>
    Task<IReadOnlyList<DatasetUsage>> ListUsageAsync(DatasetReader? reader, string after, int limit, CancellationToken cancellationToken);

    /// <summary>Null where there is none.</summary>
    Task<DatasetUsage?> GetUsageAsync(DatasetName name, CancellationToken cancellationToken);

    /// <summary>Bytes of all packs of the person's data sets; one that several have counts once.</summary>
    Task<long> GetStoredBytesAsync(string owner, CancellationToken cancellationToken);
}

/// <param name="Removing">Of those asked for, what is being removed; nothing was claimed then.</param>
/// <param name="Over">Bytes above what the owner may have; nothing was claimed then. 0 where it is not too much.</param>
public sealed record Claimed(IReadOnlyList<Sha256> Removing, long Over);

/// <param name="Number">Null where it is being removed; ask again.</param>
public sealed record ManifestClaim(long? Number, bool IsThereDataset);

public sealed record UnlistedManifest(long Number, DatasetName Dataset, Sha256 Sha256, long Bytes);

/// <param name="Of">The data set, with those who may read it, where it was deleted as a whole; null where it is there still.</param>
public sealed record RemovedVersion(StoredVersion Version, DateTimeOffset RemovedAt, StoredDataset? Of);

/// <param name="Since">When it was seen first that nothing needs it.</param>
public sealed record Tombstone(DatasetObject Of, long Bytes, DateTimeOffset Since);

/// <param name="Objects">That wait to be removed.</param>
/// <param name="Since">The oldest of them; null where there is none.</param>
public sealed record Garbage(long Objects, long Bytes, DateTimeOffset? Since);

/// <param name="Bytes">Of its packs.</param>
/// <param name="OwnBytes">Of packs that no other data set has.</param>
public sealed record DatasetUsage(DatasetName Name, string Owner, int Versions, long Bytes, long OwnBytes);
