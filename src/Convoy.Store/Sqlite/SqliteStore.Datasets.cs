using Convoy.Core.Datasets;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore : IDatasetStore
{
    private const string SelectDatasets = "SELECT name AS Name, owner AS Owner, description AS Description, last_version AS LastVersion, created_at AS CreatedAt FROM datasets";
    private const string SelectVersions = """
        SELECT dataset AS Dataset, number AS Number, manifest_sha256 AS ManifestSha256, manifest_bytes AS ManifestBytes, files AS Files, directories AS Directories, bytes AS Bytes,
            packs AS Packs, pack_bytes AS PackBytes, published_by AS PublishedBy, published_at AS PublishedAt
        FROM dataset_versions WHERE dataset = @name
        """;

    private const string SelectPacks = "SELECT p.sha256 AS Sha256, p.bytes AS Bytes, p.segment_hashes AS SegmentHashes FROM dataset_packs p";
    private const string IsReadable = "(d.owner = @user OR EXISTS (SELECT 1 FROM dataset_access a WHERE a.dataset = d.name AND a.who IN @groups))";

    /// <summary>As many values as one statement takes with ease.</summary>
    private const int PacksOfQuery = 500;

    private static readonly string[] TablesOfDataset = ["dataset_access", "dataset_tags", "dataset_versions", "dataset_policies", "dataset_replications"];

    public Task<StoredDataset?> GetDatasetAsync(DatasetName name, CancellationToken cancellationToken) =>
        ReadOneAsync(connection => WithAccess(connection, connection.Query<DatasetRow>($"{SelectDatasets} WHERE name = @name", new { name = name.Value })).SingleOrDefault(), cancellationToken);

    public Task<IReadOnlyList<StoredDataset>> ListDatasetsAsync(DatasetReader? reader, string after, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<StoredDataset>>(
        connection => WithAccess(connection, connection.Query<DatasetRow>(
            $"{SelectDatasets} d WHERE name > @after {(reader is null ? "" : "AND " + IsReadable)} ORDER BY name LIMIT @limit", new { after, limit, user = reader?.User, groups = reader?.Groups })),
        cancellationToken);

    public Task<SavedDataset> SaveDatasetAsync(DatasetName name, DatasetChange change, string by, bool anybodys, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            var isNew = connection.Execute(
                "INSERT INTO datasets (name, owner, last_version, created_at) VALUES (@name, @by, coalesce((SELECT last_version FROM dataset_numbers WHERE name = @name), 0), @at) ON CONFLICT DO NOTHING",
                new { name = name.Value, by, at = StoredTime.Of(at) }) > 0;
            var isTheirs = isNew || anybodys || connection.ExecuteScalar<string>("SELECT owner FROM datasets WHERE name = @name", new { name = name.Value }) == by;
            if (isTheirs)
            {
                if (change.Description is { } description) connection.Execute("UPDATE datasets SET description = @description WHERE name = @name", new { name = name.Value, description });
                Open(connection, name, mayWrite: false, change.Readers);
                Open(connection, name, mayWrite: true, change.Writers);
            }

            var row = connection.QuerySingle<DatasetRow>($"{SelectDatasets} WHERE name = @name", new { name = name.Value });
            return new SavedDataset(WithAccess(connection, [row])[0], isNew, isTheirs);
        },
        cancellationToken);

    /// <summary>Takes the place of those who might before; null leaves them. Whoever may write may read.</summary>
    private static void Open(SqliteConnection connection, DatasetName name, bool mayWrite, IReadOnlyList<string>? people)
    {
        if (people is null) return;
        connection.Execute("DELETE FROM dataset_access WHERE dataset = @name AND may_write = @mayWrite", new { name = name.Value, mayWrite });
        connection.Execute(
            "INSERT INTO dataset_access (dataset, who, may_write) VALUES (@name, @who, @mayWrite) ON CONFLICT DO UPDATE SET may_write = max(may_write, excluded.may_write)",
            people.Select(who => new { name = name.Value, who, mayWrite }));
    }

    public Task<bool> RemoveDatasetAsync(DatasetName name, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            KeepRemoved(connection, name.Value, number: null, at);
            connection.Execute("UPDATE dataset_manifests SET is_named = 0 WHERE dataset = @name AND is_going = 0", new { name = name.Value });
            var packs = connection.Query<(byte[] Pack, long Bytes)>("DELETE FROM dataset_packs WHERE dataset = @name RETURNING sha256, bytes", new { name = name.Value }).ToArray();
            foreach (var (pack, bytes) in packs) BuryIfFree(connection, pack, bytes, StoredTime.Of(at));
            connection.Execute("INSERT OR REPLACE INTO dataset_numbers (name, last_version) SELECT name, last_version FROM datasets WHERE name = @name", new { name = name.Value });
            foreach (var table in TablesOfDataset) connection.Execute($"DELETE FROM {table} WHERE dataset = @name", new { name = name.Value });
            return connection.Execute("DELETE FROM datasets WHERE name = @name", new { name = name.Value }) > 0;
        },
        cancellationToken);

    public Task<StoredVersion?> GetVersionAsync(DatasetName name, DatasetVersion version, CancellationToken cancellationToken) => ReadOneAsync(
        connection => connection.QuerySingleOrDefault<VersionRow>($"{SelectVersions} AND number = @Number", new { name = name.Value, version.Number })?.ToVersion(), cancellationToken);

    public Task<IReadOnlyList<StoredVersion>> ListVersionsAsync(DatasetName name, int before, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<StoredVersion>>(
        connection => [.. connection.Query<VersionRow>($"{SelectVersions} AND number < @before ORDER BY number DESC LIMIT @limit", new { name = name.Value, before, limit }).Select(row => row.ToVersion())],
        cancellationToken);

    public Task<StoredVersion?> PublishVersionAsync(StoredVersion version, DatasetTag? tag, long manifest, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            var name = version.Dataset.Value;
            if (connection.QuerySingleOrDefault<long?>("SELECT last_version FROM datasets WHERE name = @name", new { name }) is not { } last) return null;
            if (connection.Execute("UPDATE dataset_manifests SET is_named = 1 WHERE id = @manifest AND dataset = @name AND is_going = 0", new { manifest, name }) == 0) return null;
            var newest = connection.QuerySingleOrDefault<VersionRow>($"{SelectVersions} ORDER BY number DESC LIMIT 1", new { name })?.ToVersion();
            var published = newest?.ManifestSha256 == version.ManifestSha256 ? newest : version with { Version = new DatasetVersion((int)last + 1) };
            if (published != newest)
            {
                connection.Execute(
                    "INSERT INTO dataset_versions VALUES (@Dataset, @Number, @ManifestSha256, @ManifestBytes, @Files, @Directories, @Bytes, @Packs, @PackBytes, @PublishedBy, @PublishedAt)",
                    VersionRow.Of(published, published.Version.Number));
                connection.Execute("UPDATE datasets SET last_version = @Number WHERE name = @name", new { name, published.Version.Number });
                AskByPolicy(connection, published);
            }

            Point(connection, name, new StoredTag(DatasetTag.Latest, published.Version, version.By, version.At));
            if (tag is { } named) Point(connection, name, new StoredTag(named, published.Version, version.By, version.At));
            return published;
        },
        cancellationToken);

    public Task<bool> RemoveVersionAsync(DatasetName name, DatasetVersion version, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            var which = new { name = name.Value, version.Number };
            KeepRemoved(connection, name.Value, version.Number, at);
            connection.Execute("DELETE FROM dataset_tags WHERE dataset = @name AND number = @Number", which);
            connection.Execute("DELETE FROM dataset_replications WHERE dataset = @name AND number = @Number", which);
            if (connection.QuerySingleOrDefault<string>("DELETE FROM dataset_versions WHERE dataset = @name AND number = @Number RETURNING manifest_sha256", which) is not { } sha256) return false;
            connection.Execute(GarbageQueries.UnnameManifest, new { name = name.Value, sha256 });
            connection.Execute(
                """
                INSERT INTO dataset_tags (dataset, tag, number, moved_by, moved_at)
                SELECT dataset, 'latest', number, published_by, published_at FROM dataset_versions WHERE dataset = @name ORDER BY number DESC LIMIT 1
                ON CONFLICT DO NOTHING
                """,
                which);
            return true;
        },
        cancellationToken);

    public Task<IReadOnlyList<StoredTag>> ListTagsAsync(DatasetName name, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<StoredTag>>(
        connection =>
        [
            .. connection.Query<TagRow>("SELECT tag AS Tag, number AS Number, moved_by AS MovedBy, moved_at AS MovedAt FROM dataset_tags WHERE dataset = @name ORDER BY tag", new { name = name.Value })
                .Select(row => row.ToTag()),
        ],
        cancellationToken);

    public Task<bool> MoveTagAsync(DatasetName name, StoredTag tag, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM dataset_versions WHERE dataset = @name AND number = @Number", new { name = name.Value, tag.Version.Number }) == 0) return false;
            Point(connection, name.Value, tag);
            return true;
        },
        cancellationToken);

    public Task<bool> RemoveTagAsync(DatasetName name, DatasetTag tag, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute("DELETE FROM dataset_tags WHERE dataset = @name AND tag = @tag", new { name = name.Value, tag = tag.Value }) > 0, cancellationToken);

    public Task<IReadOnlyList<StoredPack>> FindPacksAsync(DatasetName name, IReadOnlyList<Sha256> packs, CancellationToken cancellationToken) =>
        ReadPacksAsync($"{SelectPacks} WHERE p.dataset = @name AND p.sha256 IN @hashes", packs, hashes => new { name = name.Value, hashes }, cancellationToken);

    public Task<IReadOnlyList<StoredPack>> FindReadablePacksAsync(DatasetReader? reader, IReadOnlyList<Sha256> packs, CancellationToken cancellationToken) => ReadPacksAsync(
        $"{SelectPacks} JOIN datasets d ON d.name = p.dataset WHERE p.sha256 IN @hashes {(reader is null ? "" : "AND " + IsReadable)} GROUP BY p.sha256",
        packs, hashes => new { hashes, user = reader?.User, groups = reader?.Groups }, cancellationToken);

    private static void Point(SqliteConnection connection, string name, StoredTag tag) => connection.Execute(
        "INSERT OR REPLACE INTO dataset_tags (dataset, tag, number, moved_by, moved_at) VALUES (@name, @tag, @Number, @By, @at)",
        new { name, tag = tag.Tag.Value, tag.Version.Number, tag.By, at = StoredTime.Of(tag.At) });

    private static List<StoredDataset> WithAccess(SqliteConnection connection, IEnumerable<DatasetRow> found)
    {
        var rows = found.ToArray();
        var grants = connection.Query<DatasetGrantRow>(
            "SELECT dataset AS Dataset, who AS Who, may_write AS MayWrite FROM dataset_access WHERE dataset IN @names ORDER BY dataset, who", new { names = rows.Select(row => row.Name) })
            .ToLookup(row => row.Dataset, row => new DatasetGrant(row.Who, row.MayWrite != 0));
        return [.. rows.Select(row => row.ToDataset([.. grants[row.Name]]))];
    }

    private Task<IReadOnlyList<StoredPack>> ReadPacksAsync(string sql, IReadOnlyList<Sha256> packs, Func<byte[][], object> arguments, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<StoredPack>>(
        connection => [.. packs.Distinct().Select(BytesOf).Chunk(PacksOfQuery).SelectMany(hashes => connection.Query<PackRow>(sql, arguments(hashes))).Select(row => row.ToPack())],
        cancellationToken);

    private static byte[] BytesOf(Sha256 hash)
    {
        var bytes = new byte[Sha256.Size];
        hash.Write(bytes);
        return bytes;
    }
}
