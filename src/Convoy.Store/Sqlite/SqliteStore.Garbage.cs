using Convoy.Core.Datasets;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore
{
    public Task<IReadOnlyList<RemovedVersion>> ListRemovedVersionsAsync(DateTimeOffset removedBefore, RemovedVersion? after, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<RemovedVersion>>(
        connection =>
        [
            .. connection.Query<RemovedVersionRow>(
                GarbageQueries.Removed,
                new { before = StoredTime.Of(removedBefore), at = after is null ? long.MinValue : StoredTime.Of(after.RemovedAt), name = after?.Version.Dataset.Value ?? "", number = after?.Version.Version.Number ?? 0, limit })
                .Select(row => row.ToRemoved()),
        ],
        cancellationToken);

    public Task ForgetRemovedVersionsAsync(IReadOnlyList<RemovedVersion> versions, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute("DELETE FROM dataset_removed_versions WHERE dataset = @Value AND number = @Number", versions.Select(removed => new { removed.Version.Dataset.Value, removed.Version.Version.Number })),
        cancellationToken);

    public Task<bool> MarkAsync(DateTimeOffset claimedBefore, DateTimeOffset now, int limit, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            var (before, at) = (StoredTime.Of(claimedBefore), StoredTime.Of(now));
            return LetManifestsGo(connection, before, at, limit) + ForgetPacks(connection, at, limit) + LetPacksGo(connection, before, at, limit) > 0;
        },
        cancellationToken);

    public Task<int> MarkStraysAsync(IReadOnlyList<(DatasetObject Of, long Bytes)> found, DateTimeOffset now, CancellationToken cancellationToken) => WriteAsync(
        connection => found.Where(stray => !IsNeeded(connection, stray.Of)).Sum(stray => Bury(connection, stray.Of, stray.Bytes, StoredTime.Of(now))), cancellationToken);

    public Task<IReadOnlyList<Tombstone>> BeginRemovalAsync(DateTimeOffset since, int limit, CancellationToken cancellationToken) => WriteAsync<IReadOnlyList<Tombstone>>(
        connection =>
        {
            var begun = new List<Tombstone>();
            while (connection.Query<TombstoneRow>(GarbageQueries.Tombstones, new { since = StoredTime.Of(since), limit }).Select(row => row.ToTombstone()).ToArray() is { Length: > 0 } oldest)
            {
                foreach (var tombstone in oldest)
                {
                    if (IsNeeded(connection, tombstone.Of)) connection.Execute(GarbageQueries.Lift, KeyOf(tombstone.Of));
                    else begun.Add(tombstone);
                }

                if (begun.Count == 0) continue;
                connection.Execute("UPDATE dataset_tombstones SET is_removing = 1 WHERE dataset = @dataset AND sha256 = @hash", begun.Select(tombstone => KeyOf(tombstone.Of)));
                break;
            }

            return begun;
        },
        cancellationToken);

    public Task EndRemovalAsync(IReadOnlyList<DatasetObject> removed, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute($"{GarbageQueries.Lift} AND is_removing = 1", removed.Select(KeyOf)), cancellationToken);

    public Task<Garbage> CountGarbageAsync(CancellationToken cancellationToken) => ReadOneAsync(
        connection =>
        {
            var row = connection.QuerySingle<(long Objects, long? Bytes, long? Since)>("SELECT count(*), sum(bytes), min(since) FROM dataset_tombstones");
            return new Garbage(row.Objects, row.Bytes ?? 0, row.Since is { } since ? StoredTime.At(since) : null);
        },
        cancellationToken);

    /// <param name="number">Null where the data set goes as a whole.</param>
    private static void KeepRemoved(SqliteConnection connection, string name, int? number, DateTimeOffset at)
    {
        var row = new { name, number, at = StoredTime.Of(at) };
        connection.Execute(GarbageQueries.KeepRemoved(isOne: number is not null), row);
        if (number is null) connection.Execute(GarbageQueries.KeepReaders, row);
    }

    private static int LetManifestsGo(SqliteConnection connection, long before, long at, int limit)
    {
        var free = connection.Query<ManifestRow>(GarbageQueries.FreeManifests, new { before, limit }).ToArray();
        foreach (var row in free)
        {
            connection.Execute("UPDATE dataset_manifests SET is_going = 1 WHERE id = @Id", new { row.Id });
            Bury(connection, DatasetObject.Manifest(row.Name, row.Hash), row.Bytes, at);
        }

        return free.Length;
    }

    private static int ForgetPacks(SqliteConnection connection, long at, int limit)
    {
        if (connection.QueryFirstOrDefault<ManifestRow>(GarbageQueries.Going) is not { } manifest) return 0;
        var named = connection.Query<(byte[] Pack, long Bytes)>("DELETE FROM dataset_manifest_packs WHERE manifest = @Id AND pack IN (SELECT pack FROM dataset_manifest_packs WHERE manifest = @Id LIMIT @limit) RETURNING pack, bytes", new { manifest.Id, limit }).ToArray();
        foreach (var (pack, bytes) in named)
        {
            connection.Execute(GarbageQueries.NameNoMore, new { name = manifest.Dataset, pack });
            BuryIfFree(connection, pack, bytes, at);
        }

        if (named.Length < limit) connection.Execute("DELETE FROM dataset_manifests WHERE id = @Id", new { manifest.Id });
        return named.Length + 1;
    }

    private static int LetPacksGo(SqliteConnection connection, long before, long at, int limit)
    {
        var free = connection.Query<(string Dataset, byte[] Pack, long Bytes)>(GarbageQueries.FreePacks, new { before, limit }).ToArray();
        foreach (var (dataset, pack, bytes) in free)
        {
            connection.Execute("DELETE FROM dataset_packs WHERE dataset = @dataset AND sha256 = @pack", new { dataset, pack });
            BuryIfFree(connection, pack, bytes, at);
        }

        return free.Length;
    }

    private static void BuryIfFree(SqliteConnection connection, byte[] pack, long bytes, long at)
    {
        var found = DatasetObject.Pack(Sha256.Read(pack));
        if (!IsNeeded(connection, found)) Bury(connection, found, bytes, at);
    }

    private static int Bury(SqliteConnection connection, DatasetObject found, long bytes, long at) => connection.Execute(
        "INSERT INTO dataset_tombstones (dataset, sha256, bytes, since) VALUES (@dataset, @hash, @bytes, @at) ON CONFLICT DO NOTHING",
        new { dataset = found.Dataset?.Value ?? "", hash = BytesOf(found.Sha256), bytes, at });

    private static bool IsNeeded(SqliteConnection connection, DatasetObject found) => found.Dataset is { } dataset
        ? connection.ExecuteScalar<bool>(GarbageQueries.IsManifestNeeded, new { name = dataset.Value, sha256 = found.Sha256.ToString() })
        : connection.ExecuteScalar<bool>(GarbageQueries.IsPackNeeded, new { hash = BytesOf(found.Sha256) });

    private static object KeyOf(DatasetObject found) => new { dataset = found.Dataset?.Value ?? "", hash = BytesOf(found.Sha256) };
}
