using System.Security.Cryptography;
using Convoy.Core.Datasets;
using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>Takes packs in and hands them out. What was not looked at byte for byte is not kept.</summary>
public sealed class PackShelf(IBucket bucket, IDatasetStore store, IDatasetObjects objects, Claims claims, ManifestShelf manifests) : IDisposable
{
    /// <summary>Each is in memory until it is known to be what it is called: the storage may need it twice.</summary>
    private const int MostAtOnce = 4;

    private const int QuestionsAtOnce = 16;

    private readonly SemaphoreSlim room = new(MostAtOnce);

    /// <summary>Nothing is kept where the bytes have another hash, or the owner may not have so much.</summary>
    /// <param name="content">Of exactly <paramref name="length"/> bytes.</param>
    public async Task<TakenIn> TakeInAsync(StoredDataset dataset, Sha256 pack, Stream content, int length, CancellationToken cancellationToken)
    {
        // On the disk first: a line that is slow takes nobody's room.
        await using var received = new FileStream(manifests.NewFile(), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        await content.CopyToAsync(received, cancellationToken);
        if (received.Length != length) return new TakenIn(IsSame: false);
        received.Position = 0;
        await room.WaitAsync(cancellationToken);
        try
        {
            var bytes = GC.AllocateUninitializedArray<byte>(length);
            await received.ReadExactlyAsync(bytes, cancellationToken);
            if (Sha256.Of(bytes) != pack) return new TakenIn(IsSame: false);

            // Claimed before it is looked for: what is there then stays.
            if (await claims.PackAsync(dataset, new StoredPack(pack, length, SegmentHashesOf(bytes)), cancellationToken) is > 0 and var over) return new TakenIn(IsSame: true, over);
            var name = NameOf(pack);
            if ((await bucket.FindAsync(name, cancellationToken))?.Length != length)
            {
                using var stream = new MemoryStream(bytes, writable: false);
                await bucket.PutAsync(name, stream, length, cancellationToken);
            }

            return new TakenIn(IsSame: true);
        }
        finally
        {
            room.Release();
        }
    }

    /// <summary>Of these packs, those whose bytes have to be sent. What the reader finds in another data set belongs to this one, too, from now on; what is there stays there for now.</summary>
    public async Task<MissingPacks> MissingAsync(StoredDataset dataset, DatasetReader? reader, IReadOnlyList<Sha256> packs, CancellationToken cancellationToken)
    {
        var had = await store.FindPacksAsync(dataset.Name, packs, cancellationToken);
        var known = had.Select(pack => pack.Sha256).ToHashSet();
        var claimed = had.Concat(await store.FindReadablePacksAsync(reader, [.. packs.Where(pack => !known.Contains(pack))], cancellationToken)).ToArray();
        while (claimed.Length > 0)
        {
            var claim = await claims.PacksAsync(dataset, claimed, cancellationToken);
            if (claim.Over > 0) return new MissingPacks([], claim.Over);
            if (claim.Removing.Count == 0) break;
            claimed = [.. claimed.Where(pack => !claim.Removing.Contains(pack.Sha256))];
        }

        var there = (await ThereAsync(claimed, cancellationToken)).Select(pack => pack.Sha256).ToHashSet();
        return new MissingPacks([.. packs.Where(pack => !there.Contains(pack)).Distinct()], 0);
    }

    /// <summary>Those whose bytes are in the object store, whatever is remembered of them: it may be another one by now, or have lost some.</summary>
    public async Task<IReadOnlyList<StoredPack>> ThereAsync(IReadOnlyList<StoredPack> packs, CancellationToken cancellationToken)
    {
        var there = new bool[packs.Count];
        await Parallel.ForAsync(0, packs.Count, new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce, CancellationToken = cancellationToken }, async (i, stop) => there[i] = (await bucket.FindAsync(NameOf(packs[i].Sha256), stop))?.Length == packs[i].Bytes);
        return [.. packs.Where((_, i) => there[i])];
    }

    /// <summary>Its length in bytes. Null where the data set has no such pack, and none of the deleted versions that the caller holds.</summary>
    public async Task<int?> FindAsync(StoredDataset dataset, IReadOnlyList<DatasetVersion> held, Sha256 pack, CancellationToken cancellationToken)
    {
        if (!dataset.IsRemoved && await store.FindPacksAsync(dataset.Name, [pack], cancellationToken) is [var found]) return found.Bytes;
        return held.Count == 0 ? null : await objects.FindRemovedPackAsync(dataset.Name, held, pack, cancellationToken);
    }

    public Task<Stream?> ReadAsync(Sha256 pack, long offset, long length, CancellationToken cancellationToken) => bucket.ReadAsync(NameOf(pack), offset, length, cancellationToken);

    public void Dispose() => room.Dispose();

    private static string NameOf(Sha256 pack) => DatasetObject.Pack(pack).Name;

    private static byte[] SegmentHashesOf(byte[] pack)
    {
        var hashes = new byte[Pack.SegmentsOf(pack.Length) * Sha256.Size];
        for (var (at, segment) = (0, 0); at < pack.Length; at += PackLayout.SegmentBytes, segment++)
        {
            SHA256.HashData(pack.AsSpan(at, Math.Min(PackLayout.SegmentBytes, pack.Length - at)), hashes.AsSpan(segment * Sha256.Size));
        }

        return hashes;
    }
}

/// <param name="IsSame">False where the bytes have another hash.</param>
/// <param name="Over">Bytes above what the owner may have.</param>
public sealed record TakenIn(bool IsSame, long Over = 0);

/// <param name="Over">Bytes above what the owner may have; nothing is said of packs then.</param>
public sealed record MissingPacks(IReadOnlyList<Sha256> Missing, long Over);
