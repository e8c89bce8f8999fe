namespace Convoy.Store.Sqlite;

/// <summary>What is asked of copies in other object stores.</summary>
internal static class CopyQueries
{
    public const string Which = "WHERE dataset = @name AND number = @number AND store = @store";

    public const string Ask = """
        INSERT INTO dataset_replications (dataset, number, store, asked_at, due_at) VALUES (@name, @number, @store, @at, @due)
        ON CONFLICT DO UPDATE SET due_at = min(due_at, excluded.due_at)
        """;

    public const string Await = """
        INSERT INTO dataset_replications (dataset, number, store, asked_at, due_at, is_awaited) VALUES (@name, @number, @store, @at, @at, 1)
        ON CONFLICT DO UPDATE SET is_awaited = 1
        """;

    /// <summary>Policies say milliseconds.</summary>
    public const string AskByPolicy = """
        INSERT INTO dataset_replications (dataset, number, store, asked_at, due_at)
        SELECT dataset, @number, store, @at, @at + within * 10000 FROM dataset_policies WHERE dataset = @name
        ON CONFLICT DO NOTHING
        """;

    public const string One = $"{SelectReplications} {Which}";

    public const string List = $"{SelectReplications} WHERE dataset = @name AND (number, store) < (@number, @store) ORDER BY number DESC, store DESC LIMIT @limit";

    public const string Open = $"{SelectReplications} WHERE whole_at IS NULL AND store IN @stores ORDER BY is_awaited DESC, due_at, dataset, number, store LIMIT @limit";

    /// <summary>Of a version, also one that was deleted and is held.</summary>
    public const string Manifest = """
        SELECT m.id AS Id, m.dataset AS Dataset, m.sha256 AS Sha256, m.bytes AS Bytes, m.is_listed AS IsListed FROM dataset_manifests m
        WHERE m.is_going = 0 AND m.dataset = @name AND m.sha256 = coalesce(
            (SELECT manifest_sha256 FROM dataset_versions WHERE dataset = @name AND number = @number),
            (SELECT manifest_sha256 FROM dataset_removed_versions WHERE dataset = @name AND number = @number))
        """;

    public const string Count = $"SELECT count(*), sum(bytes), count(*) FILTER (WHERE {IsThere}), sum(bytes) FILTER (WHERE {IsThere}) FROM dataset_manifest_packs p WHERE manifest = @manifest";

    public const string Missing = $"SELECT pack, bytes FROM dataset_manifest_packs p WHERE manifest = @manifest AND NOT {IsThere} AND pack > @after ORDER BY pack LIMIT @limit";

    /// <summary>From the first of the stores that has a pack, or else from the one that has everything.</summary>
    public const string Sources = $"""
        SELECT source, sum(bytes) FROM (
            SELECT p.bytes AS bytes, coalesce(
                (SELECT o.value FROM json_each(@stores) o WHERE EXISTS (SELECT 1 FROM dataset_copies h WHERE h.store = o.value AND h.dataset = '' AND h.sha256 = p.pack) ORDER BY o.key LIMIT 1), @otherwise) AS source
            FROM dataset_manifest_packs p WHERE manifest = @manifest AND NOT {IsThere})
        GROUP BY source ORDER BY source
        """;

    public const string Copies = $"{SelectCopies} WHERE dataset = @dataset AND sha256 = @hash ORDER BY store";

    public const string Left = $"{SelectCopies} WHERE is_left = 1 AND copied_at < @before AND store = @store ORDER BY copied_at LIMIT @limit";

    private const string SelectReplications = "SELECT dataset AS Dataset, number AS Number, store AS Store, asked_at AS AskedAt, due_at AS DueAt, is_awaited AS IsAwaited, problem AS Problem, whole_at AS WholeAt FROM dataset_replications";
    private const string SelectCopies = "SELECT store AS Store, dataset AS Dataset, sha256 AS Sha256, bytes AS Bytes, copied_at AS CopiedAt FROM dataset_copies";
    private const string IsThere = "EXISTS (SELECT 1 FROM dataset_copies c WHERE c.store = @store AND c.dataset = '' AND c.sha256 = p.pack)";
}
