using Convoy.Core.Datasets;

namespace Convoy.Store.Sqlite;

internal sealed class ReplicationRow
{
    public required string Dataset { get; init; }

    public required long Number { get; init; }

    public required string Store { get; init; }

    public required long AskedAt { get; init; }

    public required long DueAt { get; init; }

    public required long IsAwaited { get; init; }

    public string? Problem { get; init; }

    public long? WholeAt { get; init; }

    public Replication ToReplication() => new(
        DatasetName.TryParse(Dataset, out var name) ? name : throw DatasetRow.Damaged(Dataset), new DatasetVersion((int)Number), Store, StoredTime.At(AskedAt), StoredTime.At(DueAt), Problem, StoredTime.At(WholeAt)) { IsAwaited = IsAwaited != 0 };
}

internal sealed class CopyRow
{
    public required string Store { get; init; }

    public required string Dataset { get; init; }

    public required byte[] Sha256 { get; init; }

    public required long Bytes { get; init; }

    public required long CopiedAt { get; init; }

    public StoredCopy ToCopy()
    {
        var hash = Core.Datasets.Sha256.Read(Sha256);
        var of = Dataset.Length == 0 ? DatasetObject.Pack(hash) : DatasetObject.Manifest(DatasetName.TryParse(Dataset, out var name) ? name : throw DatasetRow.Damaged(Dataset), hash);
        return new StoredCopy(Store, of, Bytes, StoredTime.At(CopiedAt));
    }
}
