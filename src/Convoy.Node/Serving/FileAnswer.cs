using System.Buffers;

namespace Convoy.NodeAgent.Serving;

/// <summary>Bytes of a file on their way to who asked, slice by slice: however much is asked for by however many, the agent has little of it at a time.</summary>
internal sealed class FileAnswer : IDisposable
{
    /// <summary>Slices that are being read or sent. More than those wait.</summary>
    public const int MostAtOnce = 256;

    private const int SliceBytes = 128 << 10;

    /// <summary>Who does not take a slice for so long is hung up: others wait for its room.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NodeVersion version;
    private readonly SemaphoreSlim room;
    private readonly int file;
    private long offset;
    private int left;
    private byte[]? buffer;
    private int filled;

    private FileAnswer(NodeVersion version, int file, long offset, int length, SemaphoreSlim room) =>
        (this.version, this.file, this.offset, left, this.room, buffer) = (version, file, offset, length, room, ArrayPool<byte>.Shared.Rent(SliceBytes));

    /// <summary>The first slice is read before anything is said.</summary>
    /// <exception cref="IOException">It cannot be had.</exception>
    public static async Task<FileAnswer> BeginAsync(NodeVersion version, int file, long offset, int length, SemaphoreSlim room, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        var answer = new FileAnswer(version, file, offset, length, room);
        try
        {
            await answer.ReadAsync(cancellationToken);
            return answer;
        }
        catch
        {
            answer.Leave();
            throw;
        }
    }

    /// <exception cref="IOException">A later slice cannot be had, or is not taken: nothing but the end of the connection says so.</exception>
    public async Task SendAsync(Stream stream, CancellationToken cancellationToken)
    {
        while (filled > 0)
        {
            using (var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
            {
                patience.CancelAfter(Patience);
                await stream.WriteAsync(buffer.AsMemory(0, filled), patience.Token);
            }

            try
            {
                await ReadAsync(cancellationToken);
            }
            catch
            {
                Leave();
                throw;
            }
        }
    }

    public void Dispose()
    {
        if (buffer is null) return;
        ArrayPool<byte>.Shared.Return(buffer);
        Leave();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        filled = Math.Min(left, SliceBytes);
        await version.ReadAsync(file, offset, buffer.AsMemory(0, filled), cancellationToken);
        offset += filled;
        left -= filled;
    }

    /// <summary>Without giving the buffer back: where a read failed, somebody who does not heed that nobody waits any more may still write into it.</summary>
    private void Leave()
    {
        if (buffer is null) return;
        buffer = null;
        room.Release();
    }
}
