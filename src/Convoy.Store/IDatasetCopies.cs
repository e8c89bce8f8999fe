using Convoy.Core.Datasets;

namespace Convoy.Store;

/// <summary>
/// Which versions are to be in object stores besides the first, in which everything is, and which objects are there already. An object is written down
/// after it is there, so whatever is cut off, nothing that was written down is copied again.
/// </summary>
public interface IDatasetCopies
{
    /// <summary>By store; there are few.</summary>
    Task<IReadOnlyList<CopyPolicy>> ListPoliciesAsync(DatasetName name, CancellationToken cancellationToken);

    /// <summary>From now on new versions go there, and the newest, too. False where there is no such data set.</summary>
    Task<bool> SavePolicyAsync(CopyPolicy policy, CancellationToken cancellationToken);

    /// <summary>No new version goes there, and what is not whole there is given up; what is, stays. False where there was nothing to stop.</summary>
    Task<bool> RemovePolicyAsync(DatasetName name, string store, CancellationToken cancellationToken);

    /// <summary>One version is to be there; asked again, the earlier time counts.</summary>
    Task AskAsync(DatasetName name, DatasetVersion version, string store, DateTimeOffset at, DateTimeOffset due, CancellationToken cancellationToken);

    /// <summary>A job waits for the version to be there: it goes before all that is only due.</summary>
    Task AwaitAsync(DatasetName name, DatasetVersion version, string store, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Null where nobody has asked.</summary>
    Task<Replication?> GetAsync(DatasetName name, DatasetVersion version, string store, CancellationToken cancellationToken);

    /// <summary>Newest versions first: from below <paramref name="before"/>.</summary>
    Task<IReadOnlyList<Replication>> ListAsync(DatasetName name, (int Version, string Store) before, int limit, CancellationToken cancellationToken);

    /// <summary>Not whole yet, the most urgent first.</summary>
    Task<IReadOnlyList<Replication>> ListOpenAsync(IReadOnlyList<string> stores, int limit, CancellationToken cancellationToken);

    /// <summary>The version's manifest, also of one that was deleted and is held; null where it is gone.</summary>
    Task<CopiedManifest?> FindManifestAsync(DatasetName name, DatasetVersion version, CancellationToken cancellationToken);

    /// <summary>What of the manifest's packs is in the store, and what is not.</summary>
    Task<CopyFigures> CountAsync(long manifest, string store, CancellationToken cancellationToken);

    /// <summary>Of the packs that the store has not, how many bytes come from which: the first of <paramref name="stores"/> that has one, or <paramref name="otherwise"/>.</summary>
    Task<IReadOnlyList<(string Store, long Bytes)>> CountSourcesAsync(long manifest, string store, IReadOnlyList<string> stores, string otherwise, CancellationToken cancellationToken);

    /// <summary>Packs of the manifest that the store has not, in the order of their hashes.</summary>
    /// <param name="after">Null from the first.</param>
    Task<IReadOnlyList<(Sha256 Pack, long Bytes)>> ListMissingAsync(long manifest, string store, Sha256? after, int limit, CancellationToken cancellationToken);

    /// <summary>The object is in the store. Where nothing needs it any more it is one of those left there.</summary>
    Task RecordAsync(string store, DatasetObject copied, long bytes, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>The version is whole there.</summary>
    Task SetWholeAsync(Replication replication, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Why it could not go on; null where it goes on.</summary>
    Task SetProblemAsync(Replication replication, string? problem, CancellationToken cancellationToken);

    Task RemoveAsync(Replication replication, CancellationToken cancellationToken);

    /// <summary>Stores that have the object.</summary>
    Task<IReadOnlyList<StoredCopy>> ListCopiesAsync(DatasetObject of, CancellationToken cancellationToken);

    /// <summary>By which the store is known. Where it was known by another, it is another place: nothing is there yet.</summary>
    Task SetMarkAsync(string store, string mark, CancellationToken cancellationToken);

    /// <summary>Nothing needs the object any more, and it is still there.</summary>
    Task LeaveAsync(StoredCopy copy, CancellationToken cancellationToken);

    /// <summary>Whether something needs again what was to go; it stays then.</summary>
    Task<bool> KeepAsync(StoredCopy copy, CancellationToken cancellationToken);

    /// <summary>It is not there any more.</summary>
    Task ForgetAsync(StoredCopy copy, CancellationToken cancellationToken);

    /// <summary>Of those that nothing needs, the oldest.</summary>
    Task<IReadOnlyList<StoredCopy>> ListLeftAsync(string store, DateTimeOffset copiedBefore, int limit, CancellationToken cancellationToken);
}

/// <param name="Within">How soon after its publication a version is to be there.</param>
public sealed record CopyPolicy(DatasetName Dataset, string Store, TimeSpan Within, string By, DateTimeOffset At);

/// <summary>A version that is to be in a store, or is.</summary>
/// <param name="Problem">Why it could not go on last time.</param>
/// <param name="WholeAt">Null where it is not whole there yet.</param>
public sealed record Replication(DatasetName Dataset, DatasetVersion Version, string Store, DateTimeOffset AskedAt, DateTimeOffset DueAt, string? Problem, DateTimeOffset? WholeAt)
{
    /// <summary>A job waits, or waited, for it.</summary>
    public bool IsAwaited { get; init; }
}

/// <param name="Number">By which its packs are known.</param>
/// <param name="IsListed">Whether it is known which they are; it is soon, of a version that is older than that knowledge.</param>
public sealed record CopiedManifest(long Number, Sha256 Sha256, long Bytes, bool IsListed);

public sealed record CopyFigures(long Packs, long Bytes, long MissingPacks, long MissingBytes);

public sealed record StoredCopy(string Store, DatasetObject Of, long Bytes, DateTimeOffset CopiedAt);
