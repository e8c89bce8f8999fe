namespace Convoy.Store.Sqlite;

/// <summary>What is asked of the tables that say which objects of data sets are needed.</summary>
internal static class GarbageQueries
{
    private const string ColumnsOfVersion = "dataset, number, manifest_sha256, manifest_bytes, files, directories, bytes, packs, pack_bytes, published_by, published_at";
    private const string Readers = "(SELECT json_group_array(who) FROM dataset_access WHERE dataset = @name)";

    public const string Removing = "SELECT sha256 FROM dataset_tombstones WHERE dataset = '' AND sha256 IN @hashes AND is_removing = 1";

    public const string Grant = """
        INSERT INTO dataset_packs (dataset, sha256, bytes, segment_hashes, granted_at, is_named)
        VALUES (@name, @hash, @Bytes, @SegmentHashes, @at, EXISTS (SELECT 1 FROM dataset_manifest_packs n JOIN dataset_manifests m ON m.id = n.manifest WHERE n.pack = @hash AND m.dataset = @name))
        ON CONFLICT DO UPDATE SET granted_at = max(granted_at, excluded.granted_at)
        """;

    public const string Lift = "DELETE FROM dataset_tombstones WHERE dataset = @dataset AND sha256 = @hash";

    public const string LiftPack = "DELETE FROM dataset_tombstones WHERE dataset = '' AND sha256 = @hash";

    public const string IsOwners = "SELECT EXISTS (SELECT 1 FROM dataset_packs p JOIN datasets d ON d.name = p.dataset WHERE p.sha256 = @hash AND d.owner = @owner)";

    public const string ClaimManifest = """
        INSERT INTO dataset_manifests (dataset, sha256, bytes, claimed_at, is_named, is_listed) VALUES (@name, @sha256, @bytes, @at, 0, 1)
        ON CONFLICT (dataset, sha256) WHERE is_going = 0 DO UPDATE SET claimed_at = max(claimed_at, excluded.claimed_at)
        RETURNING id
        """;

    public const string NamePack = "UPDATE dataset_packs SET is_named = 1 WHERE dataset = @name AND sha256 = @pack RETURNING sha256 AS Sha256, bytes AS Bytes, segment_hashes AS SegmentHashes";

    public const string NameNoMore = """
        UPDATE dataset_packs SET is_named = EXISTS (SELECT 1 FROM dataset_manifest_packs n JOIN dataset_manifests m ON m.id = n.manifest WHERE n.pack = @pack AND m.dataset = @name)
        WHERE dataset = @name AND sha256 = @pack
        """;

    /// <summary>Versions that are not the newest may have the same manifest.</summary>
    public const string UnnameManifest = """
        UPDATE dataset_manifests SET is_named = EXISTS (SELECT 1 FROM dataset_versions v WHERE v.dataset = @name AND v.manifest_sha256 = @sha256)
        WHERE dataset = @name AND sha256 = @sha256 AND is_going = 0
        """;

    public const string Unlisted = $"{SelectManifests} WHERE is_listed = 0 AND is_going = 0 AND id > @after ORDER BY id LIMIT @limit";

    /// <summary>Those that a deleted version has are passed over each time: there are as many as unfinished jobs read.</summary>
    public const string FreeManifests = $"""
        {SelectManifests} WHERE is_named = 0 AND is_going = 0 AND claimed_at < @before
            AND NOT EXISTS (SELECT 1 FROM dataset_removed_versions r WHERE r.dataset = dataset_manifests.dataset AND r.manifest_sha256 = dataset_manifests.sha256)
        LIMIT @limit
        """;

    public const string Going = $"{SelectManifests} WHERE is_going = 1 LIMIT 1";

    /// <summary>Of a data set not all of whose manifests are listed nobody knows which packs are free.</summary>
    public const string FreePacks = """
        SELECT p.dataset, p.sha256, p.bytes FROM dataset_packs p
        WHERE p.is_named = 0 AND p.granted_at < @before AND NOT EXISTS (SELECT 1 FROM dataset_manifests m WHERE m.dataset = p.dataset AND m.is_listed = 0 AND m.is_going = 0)
        LIMIT @limit
        """;

    public const string Tombstones = "SELECT dataset AS Dataset, sha256 AS Sha256, bytes AS Bytes, since AS Since FROM dataset_tombstones WHERE since <= @since ORDER BY since LIMIT @limit";

    public const string IsManifestNeeded = "SELECT EXISTS (SELECT 1 FROM dataset_manifests WHERE dataset = @name AND sha256 = @sha256 AND is_going = 0)";

    public const string IsPackNeeded = "SELECT EXISTS (SELECT 1 FROM dataset_packs WHERE sha256 = @hash) OR EXISTS (SELECT 1 FROM dataset_manifest_packs WHERE pack = @hash)";

    public const string SelectRemoved = $"""
        SELECT dataset AS Dataset, number AS Number, manifest_sha256 AS ManifestSha256, manifest_bytes AS ManifestBytes, files AS Files, directories AS Directories, bytes AS Bytes,
            packs AS Packs, pack_bytes AS PackBytes, published_by AS PublishedBy, published_at AS PublishedAt, removed_at AS RemovedAt, owner AS Owner, readers AS Readers
        FROM dataset_removed_versions
        """;

    public const string Removed = $"{SelectRemoved} WHERE removed_at < @before AND (removed_at, dataset, number) > (@at, @name, @number) ORDER BY removed_at, dataset, number LIMIT @limit";

    public const string RemovedPack = """
        SELECT n.bytes FROM dataset_removed_versions r JOIN dataset_manifests m ON m.dataset = r.dataset AND m.sha256 = r.manifest_sha256 AND m.is_going = 0
            JOIN dataset_manifest_packs n ON n.manifest = m.id
        WHERE r.dataset = @name AND r.number IN @numbers AND n.pack = @pack
        """;

    public const string SelectUsage = "SELECT d.name AS Name, d.owner AS Owner, (SELECT count(*) FROM dataset_versions v WHERE v.dataset = d.name) AS Versions, d.pack_bytes AS Bytes, d.own_bytes AS OwnBytes FROM datasets d";

    public const string KeepReaders = $"UPDATE dataset_removed_versions SET owner = (SELECT owner FROM datasets WHERE name = @name), readers = {Readers} WHERE dataset = @name AND owner IS NULL";

    private const string SelectManifests = "SELECT id AS Id, dataset AS Dataset, sha256 AS Sha256, bytes AS Bytes FROM dataset_manifests";

    public static string KeepRemoved(bool isOne) => $"""
        INSERT INTO dataset_removed_versions ({ColumnsOfVersion}, removed_at)
        SELECT {ColumnsOfVersion}, @at FROM dataset_versions WHERE dataset = @name {(isOne ? "AND number = @number" : "")}
        """;
}
