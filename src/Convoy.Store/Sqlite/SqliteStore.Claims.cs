using Convoy.Core.Datasets;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore : IDatasetObjects
{
    public Task<Claimed> ClaimPacksAsync(DatasetName name, IReadOnlyList<StoredPack> packs, long? most, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            if (connection.QuerySingleOrDefault<string>("SELECT owner FROM datasets WHERE name = @name", new { name = name.Value }) is not { } owner) return new Claimed([], 0);
            var removing = packs.Select(pack => BytesOf(pack.Sha256)).Chunk(PacksOfQuery).SelectMany(hashes => connection.Query<byte[]>(GarbageQueries.Removing, new { hashes })).Select(hash => Sha256.Read(hash)).ToArray();
            if (removing.Length > 0) return new Claimed(removing, 0);
            if (most is { } room && OverOf(connection, name, owner, packs, room) is > 0 and var over) return new Claimed([], over);
            foreach (var pack in packs)
            {
                var row = new { name = name.Value, hash = BytesOf(pack.Sha256), pack.Bytes, pack.SegmentHashes, at = StoredTime.Of(at) };
                connection.Execute(GarbageQueries.Grant, row);
                connection.Execute(GarbageQueries.LiftPack, row);
            }

            return new Claimed([], 0);
        },
        cancellationToken);

    public Task<ManifestClaim> ClaimManifestAsync(DatasetName name, Sha256 sha256, long bytes, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            var row = new { name = name.Value, sha256 = sha256.ToString(), hash = BytesOf(sha256), bytes, at = StoredTime.Of(at) };
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM datasets WHERE name = @name", row) == 0) return new ManifestClaim(null, IsThereDataset: false);
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM dataset_tombstones WHERE dataset = @name AND sha256 = @hash AND is_removing = 1", row) > 0) return new ManifestClaim(null, IsThereDataset: true);
            connection.Execute("DELETE FROM dataset_tombstones WHERE dataset = @name AND sha256 = @hash", row);
            return new ManifestClaim(connection.ExecuteScalar<long>(GarbageQueries.ClaimManifest, row), IsThereDataset: true);
        },
        cancellationToken);

    public Task<IReadOnlyList<StoredPack>?> ListPacksAsync(long manifest, IReadOnlyList<Pack> packs, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync<IReadOnlyList<StoredPack>?>(
        connection =>
        {
            if (connection.QuerySingleOrDefault<string>("UPDATE dataset_manifests SET claimed_at = max(claimed_at, @at) WHERE id = @manifest AND is_going = 0 RETURNING dataset", new { manifest, at = StoredTime.Of(at) }) is not { } name) return null;
            var had = new List<StoredPack>(packs.Count);
            foreach (var pack in packs)
            {
                var row = new { manifest, name, pack = BytesOf(pack.Sha256), bytes = pack.Length };
                connection.Execute("INSERT INTO dataset_manifest_packs VALUES (@manifest, @pack, @bytes) ON CONFLICT DO NOTHING", row);
                if (connection.QuerySingleOrDefault<PackRow>(GarbageQueries.NamePack, row) is { } found) had.Add(found.ToPack());
            }

            return had;
        },
        cancellationToken);

    public Task<IReadOnlyList<UnlistedManifest>> ListUnlistedAsync(long after, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<UnlistedManifest>>(
        connection => [.. connection.Query<ManifestRow>(GarbageQueries.Unlisted, new { after, limit }).Select(row => new UnlistedManifest(row.Id, row.Name, row.Hash, row.Bytes))], cancellationToken);

    public Task SetListedAsync(long manifest, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute("UPDATE dataset_manifests SET is_listed = 1 WHERE id = @manifest", new { manifest }), cancellationToken);

    public Task<RemovedVersion?> GetRemovedVersionAsync(DatasetName name, DatasetVersion version, CancellationToken cancellationToken) => ReadOneAsync(
        connection => connection.QuerySingleOrDefault<RemovedVersionRow>($"{GarbageQueries.SelectRemoved} WHERE dataset = @name AND number = @Number", new { name = name.Value, version.Number })?.ToRemoved(), cancellationToken);

    public Task<int?> FindRemovedPackAsync(DatasetName name, IReadOnlyList<DatasetVersion> versions, Sha256 pack, CancellationToken cancellationToken) => ReadOneAsync(
        connection => connection.QueryFirstOrDefault<int?>(GarbageQueries.RemovedPack, new { name = name.Value, numbers = versions.Select(version => version.Number), pack = BytesOf(pack) }), cancellationToken);

    public Task<IReadOnlyList<DatasetUsage>> ListUsageAsync(DatasetReader? reader, string after, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<DatasetUsage>>(
        connection =>
        [
            .. connection.Query<UsageOfDatasetRow>(
                $"{GarbageQueries.SelectUsage} WHERE d.name > @after {(reader is null ? "" : "AND " + IsReadable)} ORDER BY d.name LIMIT @limit", new { after, limit, user = reader?.User, groups = reader?.Groups })
                .Select(row => row.ToUsage()),
        ],
        cancellationToken);

    public Task<DatasetUsage?> GetUsageAsync(DatasetName name, CancellationToken cancellationToken) =>
        ReadOneAsync(connection => connection.QuerySingleOrDefault<UsageOfDatasetRow>($"{GarbageQueries.SelectUsage} WHERE d.name = @name", new { name = name.Value })?.ToUsage(), cancellationToken);

    public Task<long> GetStoredBytesAsync(string owner, CancellationToken cancellationToken) => ReadOneAsync(connection => StoredBytesOf(connection, owner), cancellationToken);

    public Task<string> GetInstallationAsync(string fresh, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            connection.Execute("INSERT INTO installation SELECT @fresh WHERE NOT EXISTS (SELECT 1 FROM installation)", new { fresh });
            return connection.QuerySingle<string>("SELECT id FROM installation");
        },
        cancellationToken);

    private static long StoredBytesOf(SqliteConnection connection, string owner) => connection.ExecuteScalar<long?>("SELECT bytes FROM dataset_owners WHERE owner = @owner", new { owner }) ?? 0;

    /// <summary>What the owner has already does not count, and where nothing is new nothing is too much.</summary>
    private static long OverOf(SqliteConnection connection, DatasetName name, string owner, IReadOnlyList<StoredPack> packs, long most)
    {
        var added = packs.Where(pack => connection.ExecuteScalar<long>(GarbageQueries.IsOwners, new { owner, hash = BytesOf(pack.Sha256) }) == 0).Sum(pack => (long)pack.Bytes);
        return added == 0 ? 0 : Math.Max(0, StoredBytesOf(connection, owner) + added - most);
    }
}
