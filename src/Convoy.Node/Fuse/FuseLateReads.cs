using System.Buffers;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Fuse;

/// <summary>Reads of bytes that are not at hand: they are answered when the bytes come, and nobody who reads others waits for them.</summary>
internal sealed class FuseLateReads(Manifest manifest, IPackBytes bytes, FuseOptions options) : IAsyncDisposable
{
    private readonly CancellationTokenSource ending = new();
    private readonly SemaphoreSlim room = new(options.MostReadsAtOnce);

    public void Start(FuseDevice device, ulong unique, FilePosition from, long offset, int size) =>
        ThreadPool.UnsafeQueueUserWorkItem(read => _ = read.Reads.AnswerAsync(read), new LateRead(this, device, unique, from, offset, size), preferLocal: false);

    /// <summary>After the last loop has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        for (var i = 0; i < options.MostReadsAtOnce; i++) await room.WaitAsync();
        room.Dispose();
        ending.Dispose();
    }

    private async Task AnswerAsync(LateRead read)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        patience.CancelAfter(options.Patience);
        try
        {
            await room.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            read.Device.ReplyLater(read.Unique, Libc.InputOutput, default);
            return;
        }

        try
        {
            await AnswerAsync(read, patience.Token);
        }
        finally
        {
            room.Release();
        }
    }

    private async Task AnswerAsync(LateRead read, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(read.Size);
        Task? reading = null;
        try
        {
            var filled = 0;
            var at = read.From;
            for (; filled < read.Size && at.Piece < manifest.FirstChunk(at.File + 1); at = at.Following(manifest))
            {
                var piece = manifest.ChunkAt(at.Piece);
                var within = (int)(read.Offset + filled - at.Start);
                var length = Math.Min(piece.Length - within, read.Size - filled);
                reading = bytes.ReadAsync(at.Piece, piece, within, buffer.AsMemory(filled, length), cancellationToken);
                await reading.WaitAsync(cancellationToken);
                filled += length;
            }

            read.Device.ReplyLater(read.Unique, 0, buffer.AsSpan(0, filled));
        }
#pragma warning disable CA1031 // The boundary of one read. Whoever is asked for the bytes says what went wrong; the reader learns that they cannot be read.
        catch (Exception)
#pragma warning restore CA1031
        {
            read.Device.ReplyLater(read.Unique, Libc.InputOutput, default);
        }

        // Somebody who does not heed that nobody waits any more may still write into it.
        if (reading is not { IsCompleted: false }) ArrayPool<byte>.Shared.Return(buffer);
    }

    private sealed record LateRead(FuseLateReads Reads, FuseDevice Device, ulong Unique, FilePosition From, long Offset, int Size);
}
