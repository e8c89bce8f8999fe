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
public sealed record PackCheckRequest(IReadOnlyList<string> Packs);

/// <param name="Missing">Of those asked for, what has to be sent.</param>
public sealed record PackCheckView(IReadOnlyList<string> Missing, int SchemaVersion = 1);
