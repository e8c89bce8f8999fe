using Convoy.Core.Tasks;

namespace Convoy.Client;

/// <summary>What was typed and the program has not taken yet, numbered as the task's supervisor numbers it.</summary>
internal sealed class TypedBytes : IDisposable
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim room = new(0);
    private readonly byte[] kept = new byte[TerminalFrame.InputWindow];
    private int count;
    private int sent;
    private long? start;

    /// <summary>As many as there is room for.</summary>
    public int Add(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            var taken = Math.Min(bytes.Length, kept.Length - count);
            bytes[..taken].CopyTo(kept.AsSpan(count));
            count += taken;
            return taken;
        }
    }

    /// <summary>Returns when there may be room.</summary>
    public Task RoomAsync(CancellationToken cancellationToken) => room.WaitAsync(cancellationToken);

    /// <summary>The next to send, which count as sent from now on; empty where there are none.</summary>
    public byte[] Unsent()
    {
        lock (gate)
        {
            var next = kept.AsSpan(sent, Math.Min(count - sent, TerminalFrame.LongestPayload)).ToArray();
            sent += next.Length;
            return next;
        }
    }

    /// <summary>The program has been given this many since it started, of whomever.</summary>
    public void Acknowledge(long taken)
    {
        lock (gate)
        {
            var gone = (int)Math.Clamp(taken - (start ?? taken), 0, sent);
            kept.AsSpan(gone, count - gone).CopyTo(kept);
            (start, count, sent) = (start + gone, count - gone, sent - gone);
            if (gone == 0) return;
        }

        room.Release();
    }

    /// <summary>Another connection: what was sent on the one before and did not arrive is to be sent again.</summary>
    public void StartAgain(long taken)
    {
        lock (gate) start ??= taken;
        Acknowledge(taken);
        lock (gate) (start, sent) = (taken, 0);
    }

    public void Dispose() => room.Dispose();
}
