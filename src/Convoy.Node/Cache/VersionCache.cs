using System.Buffers;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Fuse;

namespace Convoy.NodeAgent.Cache;

/// <summary>
/// A version of a data set on a node, of which a share is held and the rest is brought when it is read. What is held is decided by the share
/// alone: reading changes nothing of it, so each epoch costs the source the same bytes.
/// </summary>
public sealed partial class VersionCache : IPackBytes, IAsyncDisposable
{
    private readonly PackCache cache;
    private readonly Manifest manifest;
    private readonly PackFile[] files;
    private readonly int[] firstSegments;
    private readonly Dictionary<PackFile, int> numbers;
    private readonly IPackSource source;
    private readonly CacheOptions options;
    private readonly HeldTable? table;
    private readonly CacheCounters counters = new();
    private readonly MissedPieces missed;

    /// <summary>Pieces, a bit each, that this process has compared with their checksum: a disk may have changed what an earlier one wrote.</summary>
    private readonly int[] proven;
    private ResidentSet wanted;

    internal VersionCache(PackCache cache, Manifest manifest, PackFile[] files, ResidentSet wanted, IPackSource source, CacheOptions options, HeldTable? table)
    {
        (this.cache, this.manifest, this.files, this.wanted, this.source, this.options, this.table) = (cache, manifest, files, wanted, source, options, table);
        firstSegments = new int[files.Length];
        numbers = new Dictionary<PackFile, int>(files.Length);
        for (var number = 0; number < files.Length; number++)
        {
            firstSegments[number] = manifest.PackAt(number).FirstSegment;
            numbers[files[number]] = number;
        }

        proven = new int[(manifest.Chunks + 31) / 32];
        missed = new MissedPieces(source, options, counters);
    }

    public CacheFigures Figures
    {
        get
        {
            var held = 0L;
            foreach (var file in files)
            {
                for (var segment = 0; segment < file.Segments; segment++) held += file.HeldOf(segment);
            }

            return counters.Figures(held);
        }
    }

    /// <summary>Bytes of files that an epoch is to find held, as far as it does: what several files share counts for each, as it does in an epoch.</summary>
    public long KeptBytes
    {
        get
        {
            var set = Volatile.Read(ref wanted);
            var (held, all) = (0L, 0L);
            for (var number = 0; number < files.Length; number++)
            {
                for (var segment = 0; segment < files[number].Segments; segment++)
                {
                    var most = Math.Min(files[number].LengthOf(segment), set.HeldOf(firstSegments[number] + segment));
                    (held, all) = (held + Math.Min(most, files[number].HeldOf(segment)), all + most);
                }
            }

            return all == 0 ? set.Bytes : (long)((Int128)set.Bytes * held / all);
        }
    }

    public bool IsWhole => Volatile.Read(ref wanted).Bytes == manifest.Bytes;

    public bool Holds(int number, Chunk piece) => files[piece.Pack].HeldOf(piece.Segment) >= PackFile.EndOf(piece);

    public unsafe byte* Hold(int number, Chunk piece)
    {
        var file = files[piece.Pack];
        if (!file.IsProven(piece.Segment) && !IsProven(number)) return null;
        var start = file.Hold(piece);
        if (start is not null) counters.Hit();
        return start;
    }

    public void Release(int number, Chunk piece) => files[piece.Pack].Release(piece.Segment);

    public async Task ReadAsync(int number, Chunk piece, int offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        if (TryReadHeld(number, piece, offset, into.Span)) counters.Hit();
        else await missed.ReadAsync(files[piece.Pack].Name, piece, offset, into, cancellationToken);
    }

    /// <summary>Holds more or less of it: less at once, and more when it is filled.</summary>
    public void SetWanted(ResidentSet set)
    {
        Volatile.Write(ref wanted, set);
        cache.Shrink(files);
        WakeFill();
    }

    public async ValueTask DisposeAsync()
    {
        cache.Close(this, table);
        await missed.DisposeAsync();
        scrubbing.Dispose();
    }

    internal IReadOnlyList<PackFile> Files => files;

    internal bool Has(PackFile file) => numbers.ContainsKey(file);

    internal int WantedOf(PackFile file, int segment) =>
        numbers.TryGetValue(file, out var number) ? Math.Min(file.LengthOf(segment), Volatile.Read(ref wanted).HeldOf(firstSegments[number] + segment)) : 0;

    private bool IsProven(int number) => (Volatile.Read(ref proven[number / 32]) & (1 << (number % 32))) != 0;

    /// <summary>What is held and was not compared yet is read by a call and compared; where it has changed it is held no more.</summary>
    private bool TryReadHeld(int number, Chunk piece, int offset, Span<byte> into)
    {
        var file = files[piece.Pack];
        if (!IsHeld(file, piece)) return false;
        var isProven = file.IsProven(piece.Segment) || IsProven(number);
        var whole = isProven ? null : ArrayPool<byte>.Shared.Rent(piece.Length);
        try
        {
            if (whole is null ? file.TryRead(piece.Offset + offset, into) : file.TryRead(piece.Offset, whole.AsSpan(0, piece.Length)) && Crc32C.Of(whole.AsSpan(0, piece.Length)) == piece.Crc)
            {
                whole?.AsSpan(offset, into.Length).CopyTo(into);
                Interlocked.Or(ref proven[number / 32], 1 << (number % 32));
                if (!isProven) touched.Writer.TryWrite((file, piece.Segment));
                return true;
            }
        }
        catch (IOException)
        {
            // A part of the disk that cannot be read: as if it had changed.
        }
        finally
        {
            file.Release(piece.Segment);
            if (whole is not null) ArrayPool<byte>.Shared.Return(whole);
        }

        counters.FoundDamage();
        cache.GiveUp(file, piece.Segment);
        WakeFill();
        return false;
    }

    private static bool IsHeld(PackFile file, Chunk piece) => file.TryHold(piece.Segment, PackFile.EndOf(piece));
}
