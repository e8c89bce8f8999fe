using System.Security.Cryptography;
using Convoy.Core.Datasets;
using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>Takes packs in and hands them out. What was not looked at byte for byte is not kept.</summary>
public sealed class PackShelf(IBucket bucket, IDatasetStore store, TimeProvider time) : IDisposable
{
    /// <summary>Each is in memory until it is known to be what it is called: the storage may need it twice.</summary>
    private const int MostAtOnce = 4;

    private readonly SemaphoreSlim room = new(MostAtOnce);

    /// <summary>False where the bytes have another hash; nothing is kept then.</summary>
    /// <param name="content">Of exactly <paramref name="length"/> bytes.</param>
    public async Task<bool> TakeInAsync(DatasetName dataset, Sha256 pack, Stream content, int length, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        try
        {
            var bytes = GC.AllocateUninitializedArray<byte>(length);
            await content.ReadExactlyAsync(bytes, cancellationToken);
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
        var had = (await store.FindPacksAsync(dataset, packs, cancellationToken)).Select(pack => pack.Sha256).ToHashSet();
        var elsewhere = await store.FindReadablePacksAsync(reader, [.. packs.Where(pack => !had.Contains(pack))], cancellationToken);
        var there = new List<StoredPack>();
        foreach (var pack in elsewhere)
        {
            if ((await bucket.FindAsync(NameOf(pack.Sha256), cancellationToken))?.Length == pack.Bytes) there.Add(pack);
        }

        if (there.Count > 0) await store.GrantPacksAsync(dataset, there, time.GetUtcNow(), cancellationToken);
        had.UnionWith(there.Select(pack => pack.Sha256));
        return [.. packs.Where(pack => !had.Contains(pack)).Distinct()];
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
