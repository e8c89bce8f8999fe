using System.Buffers;
using Convoy.Core.Datasets;
using Convoy.Objects;

namespace Convoy.Server.Datasets;

/// <summary>A part of a file of a data set, piece by piece from the packs. A piece is read whole and compared with its checksum before a byte of it is given.</summary>
/// <param name="use">Let go of at the end.</param>
/// <param name="offset">Of the first byte in the file.</param>
/// <param name="length">Bytes of the part.</param>
internal sealed class FileContent(OpenManifest.Use use, int file, long offset, long length, PackShelf packs) : ForwardStream
{
    private long left = length;
    private int next = use.Manifest.FirstChunk(file);

    /// <summary>Bytes to be passed over before the part begins.</summary>
    private long before = offset;
    private byte[]? piece;
    private int at;
    private int end;

    /// <exception cref="ObjectStoreException">A piece is not there, or has other bytes than were published.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (left == 0 || buffer.Length == 0) return 0;
        while (at == end) await BringAsync(cancellationToken);
        var count = (int)Math.Min(Math.Min(buffer.Length, end - at), left);
        piece.AsSpan(at, count).CopyTo(buffer.Span);
        (at, left) = (at + count, left - count);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            use.Dispose();
            if (piece is not null) ArrayPool<byte>.Shared.Return(piece);
            piece = null;
        }

        base.Dispose(disposing);
    }

    private async Task BringAsync(CancellationToken cancellationToken)
    {
        var chunk = use.Manifest.ChunkAt(next++);
        if (before >= chunk.Length)
        {
            before -= chunk.Length;
            return;
        }

        piece ??= ArrayPool<byte>.Shared.Rent(PackLayout.SegmentBytes);
        var pack = use.Manifest.PackAt(chunk.Pack).Sha256;
        await using (var content = await packs.ReadAsync(pack, chunk.Offset, chunk.Length, cancellationToken) ?? throw new ObjectStoreException($"pack {pack} is not in the object store any more", new FileNotFoundException()))
        {
            await content.ReadExactlyAsync(piece.AsMemory(0, chunk.Length), cancellationToken);
        }

        if (Crc32C.Of(piece.AsSpan(0, chunk.Length)) != chunk.Crc) throw new ObjectStoreException($"pack {pack} has other bytes in the object store than were published", new InvalidDataException());
        (at, end, before) = ((int)before, chunk.Length, 0);
    }
}
