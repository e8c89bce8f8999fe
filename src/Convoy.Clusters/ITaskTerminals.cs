using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters;

/// <summary>Reaches those who wait for what people type: the interactive tasks.</summary>
public interface ITaskTerminals
{
    /// <summary>A connection of its own, which speaks <see cref="TerminalFrame"/>s; null where the task has not started, has ended, or is not interactive.</summary>
    Task<TerminalLine?> OpenAsync(JobId job, int attempt, int rank, CancellationToken cancellationToken);
}

/// <summary>Frames over a stream. One may read while another writes.</summary>
public sealed class TerminalLine(Stream stream) : IAsyncDisposable
{
    private readonly byte[] header = new byte[TerminalFrame.HeaderBytes];
    private readonly byte[] payload = new byte[TerminalFrame.LongestPayload];

    /// <summary>Null at the end, also where it broke. The payload is valid until the next call.</summary>
    public async ValueTask<TerminalFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await stream.ReadExactlyAsync(header, cancellationToken);
            if (!TerminalFrame.TryReadHeader(header, out var kind, out var length)) return null;
            await stream.ReadExactlyAsync(payload.AsMemory(0, length), cancellationToken);
            return new TerminalFrame(kind, payload.AsMemory(0, length));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>False where nobody is there any more.</summary>
    public async ValueTask<bool> WriteAsync(TerminalFrame frame, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(frame.ToBytes(), cancellationToken);
            return true;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
