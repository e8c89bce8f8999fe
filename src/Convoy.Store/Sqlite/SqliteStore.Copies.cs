using System.Text.Json;
using Convoy.Core.Datasets;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore : IDatasetCopies
{
    public Task<IReadOnlyList<CopyPolicy>> ListPoliciesAsync(DatasetName name, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<CopyPolicy>>(
        connection =>
        [
            .. connection.Query<(string Store, long Within, string By, long At)>("SELECT store, within, set_by, set_at FROM dataset_policies WHERE dataset = @name ORDER BY store", new { name = name.Value })
                .Select(row => new CopyPolicy(name, row.Store, TimeSpan.FromMilliseconds(row.Within), row.By, StoredTime.At(row.At))),
        ],
        cancellationToken);

    public Task<bool> SavePolicyAsync(CopyPolicy policy, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            var row = new { name = policy.Dataset.Value, store = policy.Store, within = (long)policy.Within.TotalMilliseconds, by = policy.By, at = StoredTime.Of(policy.At), due = StoredTime.Of(policy.At + policy.Within) };
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM datasets WHERE name = @name", row) == 0) return false;
            connection.Execute("INSERT OR REPLACE INTO dataset_policies (dataset, store, within, set_by, set_at) VALUES (@name, @store, @within, @by, @at)", row);
            if (connection.QuerySingleOrDefault<int?>("SELECT max(number) FROM dataset_versions WHERE dataset = @name", row) is { } number) connection.Execute(CopyQueries.Ask, new { row.name, number, row.store, row.at, row.due });
            return true;
        },
        cancellationToken);

    public Task<bool> RemovePolicyAsync(DatasetName name, string store, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute("DELETE FROM dataset_policies WHERE dataset = @name AND store = @store", new { name = name.Value, store })
            + connection.Execute("DELETE FROM dataset_replications WHERE dataset = @name AND store = @store AND whole_at IS NULL", new { name = name.Value, store }) > 0,
        cancellationToken);

    public Task AskAsync(DatasetName name, DatasetVersion version, string store, DateTimeOffset at, DateTimeOffset due, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute(CopyQueries.Ask, new { name = name.Value, number = version.Number, store, at = StoredTime.Of(at), due = StoredTime.Of(due) }), cancellationToken);

    public Task AwaitAsync(DatasetName name, DatasetVersion version, string store, DateTimeOffset at, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute(CopyQueries.Await, new { name = name.Value, number = version.Number, store, at = StoredTime.Of(at) }), cancellationToken);

    public Task<Replication?> GetAsync(DatasetName name, DatasetVersion version, string store, CancellationToken cancellationToken) => ReadOneAsync(
        connection => connection.QuerySingleOrDefault<ReplicationRow>(CopyQueries.One, new { name = name.Value, number = version.Number, store })?.ToReplication(), cancellationToken);

    public Task<IReadOnlyList<Replication>> ListAsync(DatasetName name, (int Version, string Store) before, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<Replication>>(
        connection =>
        [
            .. connection.Query<ReplicationRow>(
                CopyQueries.List,
                new { name = name.Value, number = before.Version, store = before.Store, limit }).Select(row => row.ToReplication()),
        ],
        cancellationToken);

    public Task<IReadOnlyList<Replication>> ListOpenAsync(IReadOnlyList<string> stores, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<Replication>>(
        connection => [.. connection.Query<ReplicationRow>(CopyQueries.Open, new { stores, limit }).Select(row => row.ToReplication())], cancellationToken);

    public Task<CopiedManifest?> FindManifestAsync(DatasetName name, DatasetVersion version, CancellationToken cancellationToken) => ReadOneAsync(
        connection => connection.QueryFirstOrDefault<ManifestRow>(
            CopyQueries.Manifest,
            new { name = name.Value, number = version.Number }) is { } row ? new CopiedManifest(row.Id, row.Hash, row.Bytes, row.IsListed != 0) : null,
        cancellationToken);

    public Task<CopyFigures> CountAsync(long manifest, string store, CancellationToken cancellationToken) => ReadOneAsync(
        connection =>
        {
            var (packs, bytes, there, thereBytes) = connection.QuerySingle<(long, long?, long, long?)>(
                CopyQueries.Count, new { manifest, store });
            return new CopyFigures(packs, bytes ?? 0, packs - there, (bytes ?? 0) - (thereBytes ?? 0));
        },
        cancellationToken);

    public Task<IReadOnlyList<(string Store, long Bytes)>> CountSourcesAsync(long manifest, string store, IReadOnlyList<string> stores, string otherwise, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<(string, long)>>(
        connection => [.. connection.Query<(string, long)>(CopyQueries.Sources, new { manifest, store, stores = JsonSerializer.Serialize(stores), otherwise })], cancellationToken);

    public Task<IReadOnlyList<(Sha256 Pack, long Bytes)>> ListMissingAsync(long manifest, string store, Sha256? after, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<(Sha256, long)>>(
        connection =>
        [
            .. connection.Query<(byte[] Pack, long Bytes)>(CopyQueries.Missing, new { manifest, store, after = after is { } last ? BytesOf(last) : [], limit })
                .Select(row => (Sha256.Read(row.Pack), row.Bytes)),
        ],
        cancellationToken);

    public Task RecordAsync(string store, DatasetObject copied, long bytes, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute(
            "INSERT OR REPLACE INTO dataset_copies (store, dataset, sha256, bytes, copied_at, is_left) VALUES (@store, @dataset, @hash, @bytes, @at, @isLeft)",
            new { store, dataset = copied.Dataset?.Value ?? "", hash = BytesOf(copied.Sha256), bytes, at = StoredTime.Of(at), isLeft = !IsNeeded(connection, copied) }),
        cancellationToken);

    public Task SetWholeAsync(Replication replication, DateTimeOffset at, CancellationToken cancellationToken) =>
        ChangeAsync("UPDATE dataset_replications SET whole_at = @at, problem = NULL", replication, at, null, cancellationToken);

    public Task SetProblemAsync(Replication replication, string? problem, CancellationToken cancellationToken) =>
        ChangeAsync("UPDATE dataset_replications SET problem = @problem", replication, default, problem, cancellationToken);

    public Task RemoveAsync(Replication replication, CancellationToken cancellationToken) => ChangeAsync("DELETE FROM dataset_replications", replication, default, null, cancellationToken);

    public Task<IReadOnlyList<StoredCopy>> ListCopiesAsync(DatasetObject of, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<StoredCopy>>(
        connection => [.. connection.Query<CopyRow>(CopyQueries.Copies, KeyOf(of)).Select(row => row.ToCopy())], cancellationToken);

    public Task SetMarkAsync(string store, string mark, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            if (connection.QuerySingleOrDefault<string>("SELECT mark FROM dataset_stores WHERE store = @store", new { store }) is { } before && before != mark)
            {
                connection.Execute("DELETE FROM dataset_copies WHERE store = @store", new { store });
                connection.Execute("UPDATE dataset_replications SET whole_at = NULL WHERE store = @store", new { store });
            }

            return connection.Execute("INSERT OR REPLACE INTO dataset_stores (store, mark) VALUES (@store, @mark)", new { store, mark });
        },
        cancellationToken);

    public Task LeaveAsync(StoredCopy copy, CancellationToken cancellationToken) => ChangeAsync("UPDATE dataset_copies SET is_left = 1", copy, cancellationToken);

    public Task<bool> KeepAsync(StoredCopy copy, CancellationToken cancellationToken) => WriteAsync(
        connection => IsNeeded(connection, copy.Of) && connection.Execute("UPDATE dataset_copies SET is_left = 0 WHERE store = @store AND dataset = @dataset AND sha256 = @hash", KeyOf(copy)) > 0,
        cancellationToken);

    public Task ForgetAsync(StoredCopy copy, CancellationToken cancellationToken) => ChangeAsync("DELETE FROM dataset_copies", copy, cancellationToken);

    public Task<IReadOnlyList<StoredCopy>> ListLeftAsync(string store, DateTimeOffset copiedBefore, int limit, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<StoredCopy>>(
        connection => [.. connection.Query<CopyRow>(CopyQueries.Left, new { before = StoredTime.Of(copiedBefore), store, limit }).Select(row => row.ToCopy())],
        cancellationToken);

    /// <summary>A version that was published goes where the policies of its data set say.</summary>
    private static void AskByPolicy(SqliteConnection connection, StoredVersion version) => connection.Execute(
        CopyQueries.AskByPolicy,
        new { name = version.Dataset.Value, number = version.Version.Number, at = StoredTime.Of(version.At) });

    private Task ChangeAsync(string statement, Replication which, DateTimeOffset at, string? problem, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute($"{statement} {CopyQueries.Which}", new { name = which.Dataset.Value, number = which.Version.Number, store = which.Store, at = StoredTime.Of(at), problem }), cancellationToken);

    private Task ChangeAsync(string statement, StoredCopy which, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute($"{statement} WHERE store = @store AND dataset = @dataset AND sha256 = @hash", KeyOf(which)), cancellationToken);

    private static object KeyOf(StoredCopy copy) => new { store = copy.Store, dataset = copy.Of.Dataset?.Value ?? "", hash = BytesOf(copy.Of.Sha256) };
}
