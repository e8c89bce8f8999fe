using Dapper;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore
{
    private const string SelectClusters = "SELECT name AS Name, kind AS Kind, token_hash AS TokenHash, joined_by AS JoinedBy, joined_at AS JoinedAt FROM clusters WHERE removed_at IS NULL ORDER BY name";

    /// <summary>By name, without those that were removed; there are few.</summary>
    public Task<IReadOnlyList<JoinedCluster>> ListClustersAsync(CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<JoinedCluster>>(connection => [.. connection.Query<ClusterRow>(SelectClusters).Select(row => row.ToCluster())], cancellationToken);

    /// <summary>Takes the place of what was stored of a cluster of that name, removed or not.</summary>
    public Task SaveClusterAsync(JoinedCluster cluster, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute(
            "INSERT OR REPLACE INTO clusters (name, kind, token_hash, joined_by, joined_at) VALUES (@Name, @Kind, @TokenHash, @By, @at)",
            new { cluster.Name, cluster.Kind, cluster.TokenHash, cluster.By, at = StoredTime.Of(cluster.At) }),
        cancellationToken);

    public Task RemoveClusterAsync(string name, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute("UPDATE clusters SET removed_at = @at WHERE name = @name", new { name, at = StoredTime.Of(at) }), cancellationToken);

    private sealed class ClusterRow
    {
        public required string Name { get; init; }

        public required string Kind { get; init; }

        public required string TokenHash { get; init; }

        public required string JoinedBy { get; init; }

        public required long JoinedAt { get; init; }

        public JoinedCluster ToCluster() => new(Name, Kind, TokenHash, JoinedBy, StoredTime.At(JoinedAt));
    }
}
