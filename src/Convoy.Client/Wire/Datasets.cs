namespace Convoy.Client.Wire;

/// <summary>A data set, and its newest version.</summary>
/// <param name="Readers">Who may read it besides its owner and its writers: people, queues (their members), or <c>*</c> for everybody.</param>
/// <param name="Writers">Who may publish versions besides its owner.</param>
/// <param name="MayWrite">Whether you may.</param>
/// <param name="Latest">Null where nothing was published yet.</param>
/// <param name="Tags">By name, each with its version.</param>
public sealed record DatasetView(
    string Name, string Owner, string? Description, IReadOnlyList<string> Readers, IReadOnlyList<string> Writers, bool MayWrite, DateTimeOffset CreatedAt, DatasetVersionView? Latest,
    IReadOnlyDictionary<string, string> Tags, int SchemaVersion = 1);

/// <param name="Next">Give it as <c>after</c> to read on; null at the end.</param>
public sealed record DatasetListView(IReadOnlyList<DatasetView> Items, string? Next, int SchemaVersion = 1) : IListView<DatasetView>;

/// <summary>A version; it never changes.</summary>
/// <param name="Bytes">Of all files; what several files share counts for each.</param>
/// <param name="Packs">Objects that hold its bytes, those that it shares with other versions among them.</param>
/// <param name="ManifestSha256">Versions of the same manifest are the same, byte for byte.</param>
/// <param name="Tags">That point to it.</param>
public sealed record DatasetVersionView(
    string Dataset, string Version, int Files, int Directories, long Bytes, int Packs, long PackBytes, string ManifestSha256, long ManifestBytes, string PublishedBy, DateTimeOffset PublishedAt,
    IReadOnlyList<string> Tags, int SchemaVersion = 1);

/// <param name="Next">Give it as <c>before</c> to read on; null at the end.</param>
public sealed record DatasetVersionListView(IReadOnlyList<DatasetVersionView> Items, string? Next, int SchemaVersion = 1) : IListView<DatasetVersionView>;

/// <summary>What a data set is to be; what is null stays as it is, or is nothing where the data set is new.</summary>
public sealed record DatasetRequest(string? Description = null, IReadOnlyList<string>? Readers = null, IReadOnlyList<string>? Writers = null);

/// <param name="Version">A version, or a tag that points to one.</param>
public sealed record DatasetTagRequest(string Version);

/// <param name="Packs">SHA-256 of each, at most 1000.</param>
/// <param name="Bytes">Length of each, in the same order: with it, what the owner may not have any more is refused before it is sent.</param>
public sealed record PackCheckRequest(IReadOnlyList<string> Packs, IReadOnlyList<int>? Bytes = null);

/// <param name="Missing">Of those asked for, what has to be sent.</param>
public sealed record PackCheckView(IReadOnlyList<string> Missing, int SchemaVersion = 1);

/// <summary>What a data set has stored.</summary>
/// <param name="Bytes">Of its packs, those that it shares with other data sets among them.</param>
/// <param name="OwnBytes">Of packs that no other data set has: what deleting it frees.</param>
public sealed record DatasetUsageView(string Dataset, string Owner, int Versions, long Bytes, long OwnBytes);

/// <summary>What a person has stored in all data sets that are theirs.</summary>
/// <param name="Bytes">A pack that several of them have counts once.</param>
/// <param name="MaxBytes">What their level allows; null for no limit.</param>
public sealed record OwnerUsageView(string Owner, long Bytes, long? MaxBytes);

/// <summary>What nothing needs any more, and waits to be removed.</summary>
/// <param name="Since">When the oldest of it was seen first; null where there is none.</param>
/// <param name="GoesAt">When that goes.</param>
/// <param name="Grace">How long it waits, such as <c>1d</c>.</param>
public sealed record DatasetGarbageView(long Objects, long Bytes, DateTimeOffset? Since, DateTimeOffset? GoesAt, string Grace);

/// <param name="Owners">You, or for administrators the owners of these data sets.</param>
/// <param name="Garbage">For administrators; null for others.</param>
/// <param name="Next">Give it as <c>after</c> to read on; null at the end.</param>
public sealed record DatasetUsageListView(IReadOnlyList<DatasetUsageView> Items, IReadOnlyList<OwnerUsageView> Owners, DatasetGarbageView? Garbage, string? Next, int SchemaVersion = 1) : IListView<DatasetUsageView>;
