using System.Text.Json;
using Convoy.Core.Datasets;

namespace Convoy.Store.Sqlite;

internal sealed class DatasetRow
{
    public required string Name { get; init; }

    public required string Owner { get; init; }

    public string? Description { get; init; }

    public required long LastVersion { get; init; }

    public required long CreatedAt { get; init; }

    public StoredDataset ToDataset(IReadOnlyList<DatasetGrant> access) =>
        new(DatasetName.TryParse(Name, out var name) ? name : throw Damaged(Name), Owner, Description, (int)LastVersion, StoredTime.At(CreatedAt), access);

    internal static StoreException Damaged(string what) => new(StoreFault.Damaged, $"the database has a data set '{what}' that none can be called");
}

internal sealed class DatasetGrantRow
{
    public required string Dataset { get; init; }

    public required string Who { get; init; }

    public required long MayWrite { get; init; }
}

internal class VersionRow
{
    public required string Dataset { get; init; }

    public required long Number { get; init; }

    public required string ManifestSha256 { get; init; }

    public required long ManifestBytes { get; init; }

    public required long Files { get; init; }

    public required long Directories { get; init; }

    public required long Bytes { get; init; }

    public required long Packs { get; init; }

    public required long PackBytes { get; init; }

    public required string PublishedBy { get; init; }

    public required long PublishedAt { get; init; }

    public static VersionRow Of(StoredVersion version, int number) => new()
    {
        Dataset = version.Dataset.Value,
        Number = number,
        ManifestSha256 = version.ManifestSha256.ToString(),
        ManifestBytes = version.ManifestBytes,
        Files = version.Figures.Files,
        Directories = version.Figures.Directories,
        Bytes = version.Figures.Bytes,
        Packs = version.Figures.Packs,
        PackBytes = version.Figures.PackBytes,
        PublishedBy = version.By,
        PublishedAt = StoredTime.Of(version.At),
    };

    public StoredVersion ToVersion() => DatasetName.TryParse(Dataset, out var name) && Sha256.TryParse(ManifestSha256, out var manifest)
        ? new StoredVersion(name, new DatasetVersion((int)Number), manifest, ManifestBytes, new ManifestFigures((int)Files, (int)Directories, Bytes, (int)Packs, PackBytes), PublishedBy, StoredTime.At(PublishedAt))
        : throw DatasetRow.Damaged(Dataset);
}

internal sealed class RemovedVersionRow : VersionRow
{
    public required long RemovedAt { get; init; }

    public string? Owner { get; init; }

    /// <summary>A list of names, as JSON.</summary>
    public string? Readers { get; init; }

    public RemovedVersion ToRemoved()
    {
        var version = ToVersion();
        var at = StoredTime.At(RemovedAt);
        if (Owner is null) return new RemovedVersion(version, at, null);
        using var readers = JsonDocument.Parse(Readers ?? "[]");
        return new RemovedVersion(version, at, new StoredDataset(version.Dataset, Owner, null, version.Version.Number, at, [.. readers.RootElement.EnumerateArray().Select(who => new DatasetGrant(who.GetString()!, MayWrite: false))]) { IsRemoved = true });
    }
}

internal sealed class TagRow
{
    public required string Tag { get; init; }

    public required long Number { get; init; }

    public required string MovedBy { get; init; }

    public required long MovedAt { get; init; }

    public StoredTag ToTag() => new(DatasetTag.TryParse(Tag, out var tag) ? tag : throw DatasetRow.Damaged(Tag), new DatasetVersion((int)Number), MovedBy, StoredTime.At(MovedAt));
}

internal sealed class PackRow
{
    public required byte[] Sha256 { get; init; }

    public required long Bytes { get; init; }

    public required byte[] SegmentHashes { get; init; }

    public StoredPack ToPack() => new(Core.Datasets.Sha256.Read(Sha256), (int)Bytes, SegmentHashes);
}

internal sealed class ManifestRow
{
    public required long Id { get; init; }

    public required string Dataset { get; init; }

    public required string Sha256 { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Only where it is asked for.</summary>
    public long IsListed { get; init; }

    public DatasetName Name => DatasetName.TryParse(Dataset, out var name) ? name : throw DatasetRow.Damaged(Dataset);

    public Sha256 Hash => Core.Datasets.Sha256.TryParse(Sha256, out var hash) ? hash : throw DatasetRow.Damaged(Dataset);
}

internal sealed class TombstoneRow
{
    public required string Dataset { get; init; }

    public required byte[] Sha256 { get; init; }

    public required long Bytes { get; init; }

    public required long Since { get; init; }

    public Tombstone ToTombstone()
    {
        var hash = Core.Datasets.Sha256.Read(Sha256);
        var found = Dataset.Length == 0 ? DatasetObject.Pack(hash) : DatasetObject.Manifest(DatasetName.TryParse(Dataset, out var name) ? name : throw DatasetRow.Damaged(Dataset), hash);
        return new Tombstone(found, Bytes, StoredTime.At(Since));
    }
}

internal sealed class UsageOfDatasetRow
{
    public required string Name { get; init; }

    public required string Owner { get; init; }

    public required long Versions { get; init; }

    public required long Bytes { get; init; }

    public required long OwnBytes { get; init; }

    public DatasetUsage ToUsage() => new(DatasetName.TryParse(Name, out var name) ? name : throw DatasetRow.Damaged(Name), Owner, (int)Versions, Bytes, OwnBytes);
}
