using System.Buffers;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Cache;

/// <summary>
/// Pieces that are not held, on their way from the source to who reads them: each is brought once for all who wait for it, whole, as only a whole
/// one can be compared with its checksum. It stays until each who began to read it has come to its end, or until others need its room. So
/// an epoch costs the source exactly the bytes that are not held.
/// </summary>
internal sealed class MissedPieces(IPackSource source, CacheOptions options, CacheCounters counters) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource ending = new();

    /// <summary>In the order in which they asked: a large piece is not overtaken for ever by small ones.</summary>
    private readonly SemaphoreSlim line = new(1);
    private readonly Dictionary<(Sha256 Pack, int Offset), Missed> byPlace = [];
    private readonly LinkedList<Missed> idle = [];
    private TaskCompletionSource freed = NewSignal();
    private long taken;
    private int coming;

    /// <exception cref="IOException">The source does not have it, or has other bytes.</exception>
    public async Task ReadAsync(Sha256 pack, Chunk piece, int offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        var missed = Enter(pack, piece);
        var read = 0;
        try
        {
            var content = await missed.Content.WaitAsync(cancellationToken);
            content.AsSpan(offset, into.Length).CopyTo(into.Span);
            read = into.Length;
        }
        finally
        {
            Leave(missed, offset, read);
        }
    }

    /// <summary>After the last reader.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        while (true)
        {
            Task signal;
            lock (gate)
            {
                while (idle.First is { } oldest) Drop(oldest.Value);
                if (coming == 0) break;
                signal = freed.Task;
            }

            await signal;
        }

        ending.Dispose();
        line.Dispose();
    }

    private Missed Enter(Sha256 pack, Chunk piece)
    {
        lock (gate)
        {
            if (byPlace.TryGetValue((pack, piece.Offset), out var missed))
            {
                if (missed.Users++ == 0 && missed.Idle.List is not null) idle.Remove(missed.Idle);
                return missed;
            }

            missed = byPlace[(pack, piece.Offset)] = new Missed(pack, piece);
            coming++;
            missed.Content = Task.Run(() => BringAsync(missed), CancellationToken.None);
            return missed;
        }
    }

    private void Leave(Missed missed, int offset, int read)
    {
        lock (gate)
        {
            missed.Users--;
            missed.Read += read;
            if (read > 0 && offset == 0) missed.Begun++;
            if (read > 0 && offset + read == missed.Piece.Length) missed.Ended++;
            if (missed.Users == 0 && missed.HasCome) Rest(missed);
        }
    }

    /// <summary>Nobody reads it at the moment.</summary>
    private void Rest(Missed missed)
    {
        if (missed.Buffer is null) return;
        if (missed.Begun > 0 && missed.Ended >= missed.Begun && missed.Read >= (long)missed.Begun * missed.Piece.Length) Drop(missed);
        else idle.AddLast(missed.Idle);
    }

    private void Drop(Missed missed)
    {
        if (missed.Idle.List is not null) idle.Remove(missed.Idle);
        if (byPlace.TryGetValue((missed.Pack, missed.Piece.Offset), out var known) && known == missed) byPlace.Remove((missed.Pack, missed.Piece.Offset));
        if (missed.Buffer is null) return;
        ArrayPool<byte>.Shared.Return(missed.Buffer);
        missed.Buffer = null;
        taken -= missed.Piece.Length;
        Signal();
    }

    private async Task<byte[]> BringAsync(Missed missed)
    {
        counters.Miss();
        var piece = missed.Piece;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        try
        {
            var waiting = options.Time.CreateTimer(_ => Stop(patience), null, options.Patience, Timeout.InfiniteTimeSpan);
            await using (waiting)
            {
                await TakeRoomAsync(missed, patience.Token);
                for (var isSecond = false; ; isSecond = true)
                {
                    await source.ReadAsync(missed.Pack, piece.Offset, missed.Buffer.AsMemory(0, piece.Length), patience.Token).WaitAsync(patience.Token);
                    counters.Missed(piece.Length);
                    if (Crc32C.Of(missed.Buffer.AsSpan(0, piece.Length)) == piece.Crc) break;
                    if (isSecond) throw new IOException($"pack {missed.Pack} has other bytes at {piece.Offset} than were published");
                }
            }

            lock (gate)
            {
                coming--;
                missed.HasCome = true;

                // Whoever asked may have gone.
                if (missed.Users == 0) idle.AddLast(missed.Idle);
                Signal();
                return missed.Buffer!;
            }
        }
        catch (Exception e)
        {
            lock (gate)
            {
                coming--;

                // Somebody who does not heed that nobody waits any more may still write into it: it is left to the collector.
                if (missed.Buffer is not null) taken -= piece.Length;
                missed.Buffer = null;
                Drop(missed);
                Signal();
            }

            if (e is OperationCanceledException && !ending.IsCancellationRequested) throw new IOException($"pack {missed.Pack} did not come in time", e);
            throw;
        }
    }

    private async Task TakeRoomAsync(Missed missed, CancellationToken cancellationToken)
    {
        await line.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                Task signal;
                lock (gate)
                {
                    while (!HasRoom(missed) && idle.First is { } oldest) Drop(oldest.Value);
                    if (HasRoom(missed))
                    {
                        taken += missed.Piece.Length;
                        missed.Buffer = ArrayPool<byte>.Shared.Rent(missed.Piece.Length);
                        return;
                    }

                    signal = freed.Task;
                }

                await signal.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            line.Release();
        }
    }

    private bool HasRoom(Missed missed) => taken == 0 || taken + missed.Piece.Length <= options.MissedBytes;

    private void Signal()
    {
        var waiting = freed;
        freed = NewSignal();
        waiting.SetResult();
    }

    private static void Stop(CancellationTokenSource patience)
    {
        try
        {
            patience.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It came at the last moment.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Missed
    {
        public Missed(Sha256 pack, Chunk piece)
        {
            (Pack, Piece) = (pack, piece);
            Idle = new LinkedListNode<Missed>(this);
        }

        public Sha256 Pack { get; }

        public Chunk Piece { get; }

        public LinkedListNode<Missed> Idle { get; }

        public Task<byte[]> Content { get; set; } = null!;

        public byte[]? Buffer { get; set; }

        /// <summary>Who wait for it or copy from it.</summary>
        public int Users { get; set; } = 1;

        public bool HasCome { get; set; }

        public int Begun { get; set; }

        public int Ended { get; set; }

        public long Read { get; set; }
    }
}
