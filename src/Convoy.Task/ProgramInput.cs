using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>What was typed and the program has not taken yet.</summary>
internal sealed unsafe class ProgramInput
{
    private readonly int _descriptor;
    private readonly bool _isTerminal;
    private readonly byte[] _pending = new byte[TerminalFrame.InputWindow];
    private int _count;
    private bool _isEnding;
    private bool _isClosed;

    public ProgramInput(int descriptor, bool isTerminal)
    {
        _descriptor = descriptor;
        _isTerminal = isTerminal;
        _ = Libc.Control(descriptor, Libc.FileSetStatusFlags, Libc.NonBlocking | Libc.OpenReadWrite);
    }

    /// <summary>Bytes that the program was given since its start. What it no longer wants counts as given.</summary>
    public long Taken { get; private set; }

    /// <summary>With what is pending.</summary>
    public long Received => Taken + _count;

    public bool HasPending => _count > 0;

    /// <summary>False where it is more than the window leaves room for.</summary>
    public bool TryAdd(ReadOnlySpan<byte> bytes)
    {
        if (_isClosed || _isEnding)
        {
            Taken += bytes.Length;
            return true;
        }

        if (bytes.Length > _pending.Length - _count) return false;
        bytes.CopyTo(_pending.AsSpan(_count));
        _count += bytes.Length;
        return true;
    }

    /// <summary>Who sent it, and perhaps said that it was all, comes back and says it again.</summary>
    public void ForgetPending() => (_count, _isEnding) = (0, false);

    /// <summary>Nothing follows what is pending.</summary>
    public void End() => _isEnding = true;

    /// <summary>As much as the program takes now.</summary>
    public void Flush()
    {
        while (_count > 0 && !_isClosed)
        {
            nint count;
            fixed (byte* start = _pending) count = Libc.Write(_descriptor, start, _count);
            if (count < 0 && Libc.LastError == Libc.ErrorInterrupted) continue;
            if (count < 0 && Libc.LastError == Libc.ErrorAgain) return;
            // It has closed its input, or its terminal is hung up: nobody will read this.
            if (count < 0) count = _count;
            Taken += count;
            _pending.AsSpan((int)count, _count - (int)count).CopyTo(_pending);
            _count -= (int)count;
        }

        if (_isEnding && !_isClosed) Close();
    }

    private void Close()
    {
        _isClosed = true;
        if (!_isTerminal)
        {
            _ = Libc.Close(_descriptor);
            return;
        }

        var end = Pty.EndOfInput;
        _ = Libc.Write(_descriptor, &end, 1);
    }
}
