using System.Globalization;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// Takes the task's output from its pipe into segments, as it comes: what was read is in the file before more is read.
/// A disk that takes no more costs the task bytes of its log, never its life: they keep their numbers and are missing.
/// </summary>
internal sealed unsafe class LogWriter : IDisposable
{
    private const uint OwnerOnly = 0x180; // 0600
    private const uint FolderOwnerOnly = 0x1C0; // 0700
    private const int ReadBytes = 64 << 10;

    private readonly string _folder;
    private readonly long _bytes;
    private readonly long _segmentBytes;
    private readonly LogIndex _index;
    private readonly Queue<long> _droppable = new();
    private readonly int _finish = Libc.MakeEvent(0, Libc.CloseOnExec | Libc.NonBlocking);
    private Thread? _thread;
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
        _index.Add(_offset);
        while (!bytes.IsEmpty)
        {
            if (_segment < 0 || _offset - _segmentStart >= _segmentBytes) OpenSegment();
            var part = bytes[..(int)Math.Min(bytes.Length, _segmentBytes - (_offset - _segmentStart))];
            if (_segment >= 0 && Libc.WriteAll(_segment, part, out var written) != 0) CloseSegment(_offset + written);
            _offset += part.Length;
            bytes = bytes[part.Length..];
        }
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
    /// since a stranger may have been handed the other side.
    /// </summary>
    public void Finish()
    {
        ulong one = 1;
        _ = Libc.Write(_finish, (byte*)&one, sizeof(ulong));
        _thread?.Join();
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
                if (Libc.Poll(waited, 2, -1) < 0) continue;
                var finishing = waited[1].Seen != 0;
                var count = Libc.Read(pipe, start, ReadBytes);
                if (count > 0) Append(buffer.AsSpan(0, (int)count));
                else if (count == 0) break;
                else if (Libc.LastError == Libc.ErrorAgain && finishing) break;
            }
        }

        _ = Libc.Close(pipe);
    }

    private void OpenSegment()
    {
        CloseSegment(_offset);
        while (_droppable.Count > 0 && (_droppable.Count + 2) * _segmentBytes > _bytes) _ = Libc.Unlink(SegmentPath(_droppable.Dequeue()));
        _segmentStart = _offset;
        const int flags = Libc.OpenWrite | Libc.OpenCreate | Libc.OpenTruncate | Libc.CloseOnExec;
        _segment = Libc.Open(SegmentPath(_segmentStart), flags | Libc.OpenNoFollow, OwnerOnly);
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
