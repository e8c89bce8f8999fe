using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>One connection to a task's terminal: frames in, frames out, and what waits because its other side reads slowly.</summary>
internal sealed unsafe class TerminalClient(int descriptor)
{
    /// <summary>No more output is taken from the program while so much waits here: a slow reader slows it, as a slow terminal does.</summary>
    private const int Enough = 256 << 10;

    /// <summary>Beyond what a client that keeps to the protocol can make wait here.</summary>
    private const int TooMuch = 1 << 20;

    private readonly byte[] _received = new byte[TerminalFrame.HeaderBytes + TerminalFrame.LongestPayload];
    private readonly Queue<byte[]> _waiting = new();
    private int _receivedCount;
    private int _sentOfFirst;
    private int _waitingBytes;
    private long _movedAt;

    public int Descriptor => descriptor;

    public bool HasAttached { get; set; }

    /// <summary>Gets what waits here, and is closed then.</summary>
    public bool IsLeaving { get; private set; }

    /// <summary>Hung up, or broke the protocol.</summary>
    public bool IsGone { get; private set; }

    public bool HasWaiting => _waitingBytes > 0;

    public bool IsFull => _waitingBytes >= Enough;

    /// <summary>For how long nothing of what waits could be sent.</summary>
    public long StalledFor(long now) => HasWaiting ? now - _movedAt : 0;

    public void Send(TerminalFrame frame)
    {
        if (IsGone || IsLeaving) return;
        if (!HasWaiting) _movedAt = Environment.TickCount64;
        var bytes = frame.ToBytes();
        _waiting.Enqueue(bytes);
        _waitingBytes += bytes.Length;
        if (_waitingBytes > TooMuch) Drop();
    }

    public void SendOutput(ReadOnlyMemory<byte> bytes)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, TerminalFrame.LongestPayload)..])
            Send(new TerminalFrame(TerminalFrameKind.Output, bytes[..Math.Min(bytes.Length, TerminalFrame.LongestPayload)]));
    }

    public void Leave(TerminalFrameKind lastWord)
    {
        Send(new TerminalFrame(lastWord));
        IsLeaving = true;
    }

    public void Drop() => IsGone = true;

    /// <summary>As much as the other side takes now.</summary>
    public void Flush()
    {
        while (_waiting.TryPeek(out var first))
        {
            nint count;
            fixed (byte* start = first) count = Libc.Write(descriptor, start + _sentOfFirst, first.Length - _sentOfFirst);
            if (count < 0 && Libc.LastError == Libc.ErrorInterrupted) continue;
            if (count < 0 && Libc.LastError == Libc.ErrorAgain) return;
            if (count < 0)
            {
                Drop();
                return;
            }

            _movedAt = Environment.TickCount64;
            _waitingBytes -= (int)count;
            _sentOfFirst += (int)count;
            if (_sentOfFirst < first.Length) continue;
            _ = _waiting.Dequeue();
            _sentOfFirst = 0;
        }
    }

    /// <summary>Gives what has come whole to <paramref name="take"/>; its payload is valid only there.</summary>
    public void Receive(Action<TerminalClient, TerminalFrame> take)
    {
        nint count;
        fixed (byte* start = _received) count = Libc.Read(descriptor, start + _receivedCount, _received.Length - _receivedCount);
        if (count < 0 && Libc.LastError is Libc.ErrorAgain or Libc.ErrorInterrupted) return;
        if (count <= 0)
        {
            Drop();
            return;
        }

        _receivedCount += (int)count;
        var taken = 0;
        while (!IsGone && _receivedCount - taken >= TerminalFrame.HeaderBytes)
        {
            if (!TerminalFrame.TryReadHeader(_received.AsSpan(taken), out var kind, out var length))
            {
                Drop();
                return;
            }

            if (_receivedCount - taken < TerminalFrame.HeaderBytes + length) break;
            take(this, new TerminalFrame(kind, _received.AsMemory(taken + TerminalFrame.HeaderBytes, length)));
            taken += TerminalFrame.HeaderBytes + length;
        }

        _received.AsSpan(taken, _receivedCount - taken).CopyTo(_received);
        _receivedCount -= taken;
    }
}
