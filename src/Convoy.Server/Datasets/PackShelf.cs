using System.Security.Cryptography;
using Convoy.Core.Datasets;
using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>Takes packs in and hands them out. What was not looked at byte for byte is not kept.</summary>
public sealed class PackShelf(IBucket bucket, IDatasetStore store, ManifestShelf manifests, TimeProvider time) : IDisposable
{
    /// <summary>Each is in memory until it is known to be what it is called: the storage may need it twice.</summary>
    private const int MostAtOnce = 4;

    private const int QuestionsAtOnce = 16;

    private readonly SemaphoreSlim room = new(MostAtOnce);

    /// <summary>False where the bytes have another hash; nothing is kept then.</summary>
    /// <param name="content">Of exactly <paramref name="length"/> bytes.</param>
    public async Task<bool> TakeInAsync(DatasetName dataset, Sha256 pack, Stream content, int length, CancellationToken cancellationToken)
    {
        // On the disk first: a line that is slow takes nobody's room.
        await using var received = new FileStream(manifests.NewFile(), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        await content.CopyToAsync(received, cancellationToken);
        if (received.Length != length) return false;
        received.Position = 0;
        await room.WaitAsync(cancellationToken);
        try
        {
            var bytes = GC.AllocateUninitializedArray<byte>(length);
            await received.ReadExactlyAsync(bytes, cancellationToken);
            if (Sha256.Of(bytes) != pack) return false;
            var name = NameOf(pack);
            if ((await bucket.FindAsync(name, cancellationToken))?.Length != length)
            {
                using var stream = new MemoryStream(bytes, writable: false);
                await bucket.PutAsync(name, stream, length, cancellationToken);
            }

            await store.GrantPacksAsync(dataset, [new StoredPack(pack, length, SegmentHashesOf(bytes))], time.GetUtcNow(), cancellationToken);
            return true;
        }
        finally
        {
            room.Release();
        }
    }

    /// <summary>Of these packs, those whose bytes have to be sent. What the reader finds in another data set belongs to this one, too, from now on.</summary>
    public async Task<IReadOnlyList<Sha256>> MissingAsync(DatasetName dataset, DatasetReader? reader, IReadOnlyList<Sha256> packs, CancellationToken cancellationToken)
    {
        var had = (await ThereAsync(await store.FindPacksAsync(dataset, packs, cancellationToken), cancellationToken)).Select(pack => pack.Sha256).ToHashSet();
        var elsewhere = await store.FindReadablePacksAsync(reader, [.. packs.Where(pack => !had.Contains(pack))], cancellationToken);
        var there = await ThereAsync(elsewhere, cancellationToken);

        if (there.Count > 0) await store.GrantPacksAsync(dataset, there, time.GetUtcNow(), cancellationToken);
        had.UnionWith(there.Select(pack => pack.Sha256));
        return [.. packs.Where(pack => !had.Contains(pack)).Distinct()];
    }

    /// <summary>Those whose bytes are in the object store, whatever is remembered of them: it may be another one by now, or have lost some.</summary>
    public async Task<IReadOnlyList<StoredPack>> ThereAsync(IReadOnlyList<StoredPack> packs, CancellationToken cancellationToken)
    {
        var there = new bool[packs.Count];
        await Parallel.ForAsync(0, packs.Count, new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce, CancellationToken = cancellationToken }, async (i, stop) => there[i] = (await bucket.FindAsync(NameOf(packs[i].Sha256), stop))?.Length == packs[i].Bytes);
        return [.. packs.Where((_, i) => there[i])];
    }

    /// <summary>Null where the data set has no such pack.</summary>
    public async Task<StoredPack?> FindAsync(DatasetName dataset, Sha256 pack, CancellationToken cancellationToken) => (await store.FindPacksAsync(dataset, [pack], cancellationToken)) is [var found] ? found : null;

    public Task<Stream?> ReadAsync(Sha256 pack, long offset, long length, CancellationToken cancellationToken) => bucket.ReadAsync(NameOf(pack), offset, length, cancellationToken);

    public void Dispose() => room.Dispose();

    /// <summary>In folders, for disks.</summary>
    private static string NameOf(Sha256 pack) => $"packs/{pack.ToString().AsSpan(0, 2)}/{pack}";

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
