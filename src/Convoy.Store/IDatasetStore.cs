using Convoy.Core.Datasets;

namespace Convoy.Store;

/// <summary>What the platform remembers of data sets. Their bytes, and what files a version has, lie in an object store.</summary>
public interface IDatasetStore
{
    Task<StoredDataset?> GetDatasetAsync(DatasetName name, CancellationToken cancellationToken);

    /// <summary>By name, from above <paramref name="after"/>.</summary>
    /// <param name="reader">Null lists all.</param>
    Task<IReadOnlyList<StoredDataset>> ListDatasetsAsync(DatasetReader? reader, string after, int limit, CancellationToken cancellationToken);

    /// <summary>Makes the data set <paramref name="by"/>'s, or changes what is not null where it is theirs already or they may change anybody's: all of it at once.</summary>
    /// <param name="anybodys">May change others' data sets.</param>
    Task<SavedDataset> SaveDatasetAsync(DatasetName name, DatasetChange change, string by, bool anybodys, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Forgets the data set with all its versions and tags; for jobs that read them they are held. False where there is none.</summary>
    Task<bool> RemoveDatasetAsync(DatasetName name, DateTimeOffset at, CancellationToken cancellationToken);

    Task<StoredVersion?> GetVersionAsync(DatasetName name, DatasetVersion version, CancellationToken cancellationToken);

    /// <summary>Newest first: versions below <paramref name="before"/>.</summary>
    Task<IReadOnlyList<StoredVersion>> ListVersionsAsync(DatasetName name, int before, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a version under the next number, and moves <c>latest</c> and <paramref name="tag"/> to it: all of it or nothing. Where the newest version has the
    /// same manifest, that is the answer, and only the tag moves.
    /// </summary>
    /// <param name="version">Its number is not looked at.</param>
    /// <param name="manifest">The claim of its manifest, all of whose packs were told.</param>
    /// <returns>Null where the data set or the claim is not there any more.</returns>
    Task<StoredVersion?> PublishVersionAsync(StoredVersion version, DatasetTag? tag, long manifest, CancellationToken cancellationToken);

    /// <summary>Forgets a version, and the tags that point to it; <c>latest</c> points to the newest that is left. For jobs that read it, it is held. False where there is none.</summary>
    Task<bool> RemoveVersionAsync(DatasetName name, DatasetVersion version, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>By tag; there are few.</summary>
    Task<IReadOnlyList<StoredTag>> ListTagsAsync(DatasetName name, CancellationToken cancellationToken);

    /// <summary>Points the tag to the version. False where there is no such version.</summary>
    Task<bool> MoveTagAsync(DatasetName name, StoredTag tag, CancellationToken cancellationToken);

    /// <summary>False where there was none.</summary>
    Task<bool> RemoveTagAsync(DatasetName name, DatasetTag tag, CancellationToken cancellationToken);

    /// <summary>Of these packs, those that the data set has.</summary>
    Task<IReadOnlyList<StoredPack>> FindPacksAsync(DatasetName name, IReadOnlyList<Sha256> packs, CancellationToken cancellationToken);

    /// <summary>Of these packs, those that any data set has which this person may read.</summary>
    Task<IReadOnlyList<StoredPack>> FindReadablePacksAsync(DatasetReader? reader, IReadOnlyList<Sha256> packs, CancellationToken cancellationToken);
}

/// <param name="LastVersion">The highest number given so far; 0 before the first.</param>
/// <param name="Access">Who may use it besides its owner.</param>
public sealed record StoredDataset(DatasetName Name, string Owner, string? Description, int LastVersion, DateTimeOffset CreatedAt, IReadOnlyList<DatasetGrant> Access)
{
    /// <summary>It was deleted, and there may be another of its name: only jobs that read it find it, and of it what they read.</summary>
    public bool IsRemoved { get; init; }
}

/// <summary>What is null stays as it is, or is nothing where the data set is new.</summary>
public sealed record DatasetChange(string? Description, IReadOnlyList<string>? Readers, IReadOnlyList<string>? Writers)
{
    public bool IsNothing => this is { Description: null, Readers: null, Writers: null };
}

/// <param name="Dataset">As it is now.</param>
/// <param name="IsTheirs">False where it is another's, and nothing was changed.</param>
public sealed record SavedDataset(StoredDataset Dataset, bool IsNew, bool IsTheirs);

/// <param name="Who">A person, a queue (its members), or <c>*</c>: everybody.</param>
public sealed record DatasetGrant(string Who, bool MayWrite);

/// <param name="User">Who reads.</param>
/// <param name="Groups">All that grants to which are this person's too: their queues, and everybody.</param>
public sealed record DatasetReader(string User, IReadOnlyList<string> Groups);

/// <param name="ManifestSha256">Of the manifest, which is what makes two versions the same.</param>
public sealed record StoredVersion(DatasetName Dataset, DatasetVersion Version, Sha256 ManifestSha256, long ManifestBytes, ManifestFigures Figures, string By, DateTimeOffset At);

public sealed record StoredTag(DatasetTag Tag, DatasetVersion Version, string By, DateTimeOffset At);

/// <param name="SegmentHashes">32 bytes for each segment.</param>
public sealed record StoredPack(Sha256 Sha256, int Bytes, byte[] SegmentHashes);
