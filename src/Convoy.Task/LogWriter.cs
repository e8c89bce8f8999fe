using System.Globalization;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// Takes the task's output from its pipe into segments, as it comes: what was read is in the file before more is read.
/// What a full disk does not take waits in memory until it does. A disk that takes no more for too long, or fails, costs the task bytes of
/// its log, never its life: they keep their numbers and are missing.
/// </summary>
internal sealed unsafe class LogWriter : IDisposable
{
    private const uint OwnerOnly = 0x180; // 0600
    private const uint FolderOwnerOnly = 0x1C0; // 0700
    private const int ReadBytes = 64 << 10;
    private const int MostHeldBytes = 4 << 20;
    private const int TryAgainMilliseconds = 500;

    private const int GiveUpMilliseconds = 10_000;

    private readonly string _folder;
    private readonly long _bytes;
    private readonly long _segmentBytes;
    private readonly LogIndex _index;
    private readonly Queue<long> _droppable = new();
    private readonly int _finish = Libc.MakeEvent(0, Libc.CloseOnExec | Libc.NonBlocking);

    /// <summary>What the disk has not taken yet, in order; the first byte of it is number <see cref="_offset"/>.</summary>
    private byte[] _held = [];
    private int _heldBytes;
    private Thread? _thread;
    private volatile bool _givenUp;
    private int _segment = -1;
    private long _segmentStart = -1;
    private long _offset;

    public LogWriter(string taskFolder, TaskOrder order, TimeProvider time)
    {
        _folder = Path.Combine(taskFolder, TaskFolder.Log);
        _bytes = order.LogBytes;
        // The bound must leave room for the first segment and the newest.
        _segmentBytes = Math.Max(1, Math.Min(order.LogSegmentBytes, order.LogBytes / 2));
        if (Libc.MakeFolder(_folder, FolderOwnerOnly) < 0 && Libc.LastError != Libc.ErrorExists)
            throw new CannotStartException($"{_folder}: {Libc.Explain(Libc.LastError)}");
        _index = new LogIndex(Path.Combine(_folder, TaskFolder.LogIndex), time);
    }

    /// <summary>Of one thread at a time: <see cref="Follow"/> takes over from who has called it before.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _index.Add(_offset + _heldBytes);
        var taken = _heldBytes == 0 ? Write(bytes) : 0;
        if (taken < bytes.Length) Hold(bytes[taken..]);
        WriteHeld();
    }

    /// <summary>Reads the pipe on a thread of its own until its end, or until <see cref="Finish"/> finds it empty.</summary>
    public void Follow(int pipe)
    {
        _ = Libc.Control(pipe, Libc.FileSetStatusFlags, Libc.NonBlocking);
        _thread = new Thread(() => Drain(pipe)) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    /// <summary>
    /// To be called when no process of the task lives: what the pipe holds is all that comes. Not its end is waited for,
    /// since a stranger may have been handed the other side. A full disk is waited for, as nothing else can start on it either,
    /// but not for long where somebody wants the task gone.
    /// </summary>
    public void Finish(Func<bool> isStopped)
    {
        ulong one = 1;
        _ = Libc.Write(_finish, (byte*)&one, sizeof(ulong));
        var stoppedAt = long.MaxValue;
        while (_thread is null ? _heldBytes > 0 && !_givenUp : !_thread.Join(TryAgainMilliseconds))
        {
            if (_thread is null)
            {
                Thread.Sleep(TryAgainMilliseconds);
                WriteHeld();
            }

            if (stoppedAt == long.MaxValue && isStopped()) stoppedAt = Environment.TickCount64;
            _givenUp = stoppedAt != long.MaxValue && Environment.TickCount64 - stoppedAt > GiveUpMilliseconds;
        }
    }

    public void Dispose()
    {
        CloseSegment(_offset);
        _index.Dispose();
        _ = Libc.Close(_finish);
    }

    private void Drain(int pipe)
    {
        var buffer = new byte[ReadBytes];
        var waited = stackalloc Libc.PollEntry[2];
        waited[0] = new Libc.PollEntry { Descriptor = pipe, Wanted = Libc.PollIn };
        waited[1] = new Libc.PollEntry { Descriptor = _finish, Wanted = Libc.PollIn };
        fixed (byte* start = buffer)
        {
            while (true)
            {
                // Whether to finish is asked before the read: an empty pipe after it then stays empty.
                if (Libc.Poll(waited, 2, _heldBytes > 0 ? TryAgainMilliseconds : -1) < 0) continue;
                WriteHeld();
                var finishing = waited[1].Seen != 0;
                var count = Libc.Read(pipe, start, ReadBytes);
                if (count > 0) Append(buffer.AsSpan(0, (int)count));
                else if (count == 0) break;
                else if (Libc.LastError == Libc.ErrorAgain && finishing) break;
            }
        }

        _ = Libc.Close(pipe);
        for (; _heldBytes > 0 && !_givenUp; WriteHeld()) Thread.Sleep(TryAgainMilliseconds);
    }

    /// <summary>How many of the bytes are done with: all of them, unless the disk is full.</summary>
    private int Write(ReadOnlySpan<byte> bytes)
    {
        var done = 0;
        while (done < bytes.Length)
        {
            if ((_segment < 0 || _offset - _segmentStart >= _segmentBytes) && Libc.IsFull(OpenSegment())) return done;
            var part = bytes[done..(int)Math.Min(bytes.Length, done + _segmentBytes - (_offset - _segmentStart))];
            var (error, written) = (0, part.Length);
            if (_segment >= 0) error = Libc.WriteAll(_segment, part, out written);
            if (Libc.IsFull(error))
            {
                _offset += written;
                return done + written;
            }

            if (error != 0) CloseSegment(_offset + written);
            _offset += part.Length;
            done += part.Length;
        }

        return done;
    }

    private void Hold(ReadOnlySpan<byte> bytes)
    {
        if (_held.Length == 0) _held = new byte[MostHeldBytes];
        var lost = _heldBytes + bytes.Length - _held.Length;
        if (lost > 0)
        {
            // The oldest of what waits is given up.
            CloseSegment(_offset);
            _offset += lost;
            Shift(lost);
        }

        bytes.CopyTo(_held.AsSpan(_heldBytes));
        _heldBytes += bytes.Length;
    }

    private void WriteHeld()
    {
        if (_heldBytes > 0) Shift(Write(_held.AsSpan(0, _heldBytes)));
        if (_heldBytes == 0) _held = [];
    }

    private void Shift(int count)
    {
        _heldBytes -= count;
        _held.AsSpan(count, _heldBytes).CopyTo(_held);
    }

    /// <summary>Why not; 0 where it is open.</summary>
    private int OpenSegment()
    {
        CloseSegment(_offset);
        while (_droppable.Count > 0 && (_droppable.Count + 2) * _segmentBytes > _bytes) _ = Libc.Unlink(SegmentPath(_droppable.Dequeue()));
        _segmentStart = _offset;
        const int flags = Libc.OpenWrite | Libc.OpenCreate | Libc.OpenTruncate | Libc.CloseOnExec;
        _segment = Libc.Open(SegmentPath(_segmentStart), flags | Libc.OpenNoFollow, OwnerOnly);
        return _segment < 0 ? Libc.LastError : 0;
    }

    /// <summary>An empty one, of a full disk, would only push out those that hold something.</summary>
    private void CloseSegment(long end)
    {
        if (_segment < 0) return;
        _ = Libc.Close(_segment);
        _segment = -1;
        if (end == _segmentStart) _ = Libc.Unlink(SegmentPath(_segmentStart));
        else if (_segmentStart > 0) _droppable.Enqueue(_segmentStart);
    }

    private string SegmentPath(long start) => Path.Combine(_folder, start.ToString("D20", CultureInfo.InvariantCulture));
}
