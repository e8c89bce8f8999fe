using System.Threading.Channels;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Cache;

public sealed partial class VersionCache
{
    /// <summary>Segments that somebody reads and that are not proven: they come first. Those that have no room here are read again.</summary>
    private readonly Channel<(PackFile File, int Segment)> touched = Channel.CreateBounded<(PackFile, int)>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SemaphoreSlim scrubbing = new(1);
    private byte[]? scrubBuffer;

    /// <summary>Compares what is held with its hashes until it is cancelled: what is read and not proven at once, and all else slowly. What is damaged is held no more.</summary>
    public Task ScrubAsync(CancellationToken cancellationToken) => Task.WhenAll(Task.Run(() => ProveTouchedAsync(cancellationToken), cancellationToken), Task.Run(() => GoRoundAsync(cancellationToken), cancellationToken));

    private async Task ProveTouchedAsync(CancellationToken cancellationToken)
    {
        await foreach (var (file, segment) in touched.Reader.ReadAllAsync(cancellationToken))
        {
            if (!file.IsProven(segment)) await TryScrubAsync(file, segment, null, cancellationToken);
        }
    }

    private async Task GoRoundAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = Task.Delay(options.BetweenScrubs, options.Time, cancellationToken);
            foreach (var ((file, segment), pieces) in PiecesOfPartial()) await ScrubAtRateAsync(file, segment, pieces, cancellationToken);
            foreach (var isProven in new[] { false, true })
            {
                foreach (var file in files)
                {
                    for (var segment = 0; segment < file.Segments; segment++)
                    {
                        if (file.IsProven(segment) == isProven) await ScrubAtRateAsync(file, segment, null, cancellationToken);
                    }
                }
            }

            await next;
        }
    }

    private async Task ScrubAtRateAsync(PackFile file, int segment, List<Chunk>? pieces, CancellationToken cancellationToken)
    {
        var rate = file.IsProven(segment) ? options.ScrubRate : options.ProveRate;
        var bytes = await TryScrubAsync(file, segment, pieces, cancellationToken);
        if (bytes > 0) await Task.Delay(TimeSpan.FromSeconds((double)bytes / rate), options.Time, cancellationToken);
    }

    private async Task<int> TryScrubAsync(PackFile file, int segment, List<Chunk>? pieces, CancellationToken cancellationToken)
    {
        try
        {
            return await ScrubAsync(file, segment, pieces, cancellationToken);
        }
#pragma warning disable CA1031 // The boundary of the loops: what becomes of one segment is no reason to look at no other.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            options.Report(e);
            return PackLayout.SegmentBytes;
        }
    }

    /// <param name="pieces">Where the segment is not held whole, those that are, as its hash is of the whole.</param>
    /// <returns>Bytes that were compared.</returns>
    private async Task<int> ScrubAsync(PackFile file, int segment, List<Chunk>? pieces, CancellationToken cancellationToken)
    {
        await scrubbing.WaitAsync(cancellationToken);
        try
        {
            var held = file.HeldOf(segment);
            if (held == 0 || (held < file.LengthOf(segment) && pieces is null) || !file.TryHold(segment, held)) return 0;
            var isRight = false;
            try
            {
                var bytes = (scrubBuffer ??= new byte[PackLayout.SegmentBytes]).AsSpan(0, held);
                isRight = file.TryRead(segment * PackLayout.SegmentBytes, bytes) && IsRight(file, segment, bytes, pieces);
            }
            catch (IOException)
            {
                // A part of the disk that cannot be read: as if it had changed.
            }
            finally
            {
                file.Release(segment);
            }

            counters.Scrubbed(held);
            if (isRight)
            {
                if (pieces is null || Cover(pieces, held)) cache.Prove(file, segment, held);
                return held;
            }

            counters.FoundDamage();
            cache.GiveUp(file, segment);
            WakeFill();
            return held;
        }
        finally
        {
            scrubbing.Release();
        }
    }

    private bool IsRight(PackFile file, int segment, ReadOnlySpan<byte> held, List<Chunk>? pieces)
    {
        if (held.Length == file.LengthOf(segment)) return Sha256.Of(held) == manifest.SegmentHash(firstSegments[numbers[file]] + segment);
        foreach (var piece in pieces!)
        {
            if (PackFile.EndOf(piece) <= held.Length && Crc32C.Of(held.Slice(piece.Offset % PackLayout.SegmentBytes, piece.Length)) != piece.Crc) return false;
        }

        return true;
    }

    /// <summary>Not where the segment has pieces of other versions, too, whose checksums are not known here.</summary>
    private static bool Cover(List<Chunk> pieces, int held)
    {
        var end = 0;
        foreach (var piece in pieces.OrderBy(piece => piece.Offset))
        {
            if ((piece.Offset % PackLayout.SegmentBytes) - end >= PackLayout.Alignment) return false;
            end = Math.Max(end, PackFile.EndOf(piece));
            if (end >= held) return true;
        }

        return false;
    }

    /// <summary>Of segments at the boundary of what is held. The pieces of one are found by going through all, and seldom is there more than one.</summary>
    private Dictionary<(PackFile File, int Segment), List<Chunk>> PiecesOfPartial()
    {
        var partial = new Dictionary<(PackFile, int), List<Chunk>>();
        foreach (var file in files)
        {
            for (var segment = 0; segment < file.Segments; segment++)
            {
                if (file.HeldOf(segment) is > 0 and var held && held < file.LengthOf(segment)) partial[(file, segment)] = [];
            }
        }

        for (var number = 0; partial.Count > 0 && number < manifest.Chunks; number++)
        {
            var piece = manifest.ChunkAt(number);
            if (partial.TryGetValue((files[piece.Pack], piece.Segment), out var pieces)) pieces.Add(piece);
        }

        return partial;
    }
}
