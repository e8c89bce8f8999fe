using Convoy.Core.Scheduling;
using Dapper;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore
{
    private const string NodeWishes = "SELECT cluster AS Cluster, node AS Node, health AS Health, changed_by AS ChangedBy, changed_at AS ChangedAt FROM node_wishes ORDER BY cluster, node";

    public Task<IReadOnlyList<NodeWish>> ListNodeWishesAsync(CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<NodeWish>>(connection => [.. connection.Query<NodeWishRow>(NodeWishes).Select(row => row.ToWish())], cancellationToken);

    public Task SaveNodeWishAsync(NodeWish wish, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute(
            """
            INSERT INTO node_wishes VALUES (@Cluster, @Node, @health, @By, @at)
            ON CONFLICT (cluster, node) DO UPDATE SET health = excluded.health, changed_by = excluded.changed_by, changed_at = excluded.changed_at
            """,
            new { wish.Cluster, wish.Node, health = wish.Health.ToString(), wish.By, at = StoredTime.Of(wish.At) }),
        cancellationToken);

    public Task RemoveNodeWishAsync(string cluster, string node, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute("DELETE FROM node_wishes WHERE cluster = @cluster AND node = @node", new { cluster, node }), cancellationToken);

    private sealed class NodeWishRow
    {
        public required string Cluster { get; init; }

        public required string Node { get; init; }

        public required string Health { get; init; }

        public required string ChangedBy { get; init; }

        public required long ChangedAt { get; init; }

        public NodeWish ToWish() => new(Cluster, Node, Enum.Parse<NodeHealth>(Health), ChangedBy, StoredTime.At(ChangedAt));
    }
}
