using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// Lets people type into the program and see what it prints, beside writing it to the log. It lasts as long as the program:
/// clients come and go, the newest one types, and one that reads slowly slows the program for a while, but never stops it.
/// </summary>
internal sealed unsafe class TerminalSession : IDisposable
{
    private const int KeptBytes = 256 << 10;

    /// <summary>What a new client is shown of before.</summary>
    private const int ShownBytes = 32 << 10;

    private const int ReadBytes = 64 << 10;
    private const int MostClients = 8;

    /// <summary>A client that has taken nothing for so long is let go of; it may come back.</summary>
    private const long StalledMilliseconds = 30_000;

    /// <summary>For the last output on its way to a client, when the program has ended: its devices wait for this.</summary>
    private const long LastWordsMilliseconds = 2_000;

    /// <summary>Nobody has the terminal open; a program may open it again by its name.</summary>
    private const int ClosedPeriodMilliseconds = 100;

    private const int WaitingPeriodMilliseconds = 1_000;

    private readonly ProgramEnds _ends;
    private readonly LogWriter _log;
    private readonly TerminalSocket _socket;
    private readonly ProgramInput _input;
    private readonly RecentOutput _recent = new(KeptBytes);
    private readonly List<TerminalClient> _clients = [];
    private readonly int _finish = Libc.MakeEvent(0, Libc.CloseOnExec | Libc.NonBlocking);
    private readonly byte[] _buffer = new byte[ReadBytes];
    private readonly Thread _thread;
    private TerminalSize _size;
    private TerminalClient? _typing;
    private long? _latestSession;
    private bool _outputIsOpen = true;
    private long? _finishBy;
    private long _activeAt = Environment.TickCount64;
    private readonly long _startedAt = Environment.TickCount64;

    /// <exception cref="CannotStartException">Nobody could connect.</exception>
    public TerminalSession(string folder, TaskConsole console, ProgramEnds ends, LogWriter log)
    {
        _ends = ends;
        _log = log;
        _size = new TerminalSize(console.Rows, console.Columns);
        _socket = new TerminalSocket(folder);
        _input = new ProgramInput(ends.Input!.Value, ends.IsTerminal);
        _ = Libc.Control(ends.Output, Libc.FileSetStatusFlags, Libc.NonBlocking | (ends.IsTerminal ? Libc.OpenReadWrite : Libc.OpenRead));
        _thread = new Thread(Serve) { IsBackground = true, Name = "terminal" };
    }

    /// <summary>Milliseconds since something was typed or printed.</summary>
    public long IdleFor => Environment.TickCount64 - Volatile.Read(ref _activeAt);

    /// <summary>Something that the program did not print, before it starts. All that the log has goes through here, so that its bytes have the same numbers.</summary>
    public void Show(string line) => Append(System.Text.Encoding.UTF8.GetBytes(_ends.IsTerminal ? line + "\r\n" : line + "\n"));

    public void Start() => _thread.Start();

    /// <summary>To be called when no process of the task lives: what is there to read is all that comes.</summary>
    public void Finish()
    {
        ulong one = 1;
        _ = Libc.Write(_finish, (byte*)&one, sizeof(ulong));
        _thread.Join();
    }

    public void Dispose()
    {
        _socket.Dispose();
        foreach (var client in _clients) _ = Libc.Close(client.Descriptor);
        _ = Libc.Close(_finish);
    }

    private void Serve()
    {
        const int own = 4;
        var waited = stackalloc Libc.PollEntry[own + MostClients];
        while (_finishBy is not { } end || (_clients.Count > 0 && Environment.TickCount64 < end))
        {
            waited[0] = Entry(_finish, _finishBy is null ? Libc.PollIn : (short)0);
            waited[1] = Entry(_ends.Output, _outputIsOpen && !MustWait() ? Libc.PollIn : (short)0);
            waited[2] = Entry(_ends.Input!.Value, _input.HasPending ? Libc.PollOut : (short)0);
            waited[3] = Entry(_socket.Descriptor, _clients.Count < MostClients ? Libc.PollIn : (short)0);
            var count = _clients.Count;
            for (var i = 0; i < count; i++) waited[own + i] = new Libc.PollEntry { Descriptor = _clients[i].Descriptor, Wanted = (short)(Libc.PollIn | (_clients[i].HasWaiting ? Libc.PollOut : 0)) };
            if (Libc.Poll(waited, (nuint)(own + count), Patience()) < 0) continue;

            // Whether to finish is asked before the read: what is empty after it then stays empty.
            var finishing = waited[0].Seen != 0;
            if (waited[1].Seen != 0 || !_outputIsOpen) TakeOutput();
            for (var i = 0; i < count; i++)
            {
                if ((waited[own + i].Seen & ~Libc.PollOut) != 0) _clients[i].Receive(Take);
            }

            if (waited[3].Seen != 0 && _socket.Accept() is { } connected) _clients.Add(new TerminalClient(connected));
            if (finishing) TakeLastOutput();
            GiveInput();
            FlushClients();
        }
    }

    private int Patience() => !_outputIsOpen || _finishBy is not null ? ClosedPeriodMilliseconds : MustWait() || _clients.Exists(client => client.HasWaiting) ? WaitingPeriodMilliseconds : -1;

    /// <summary>
    /// Whether the program's output stays where it is for now: its reader is slow, or the first reader, on its way when the program
    /// starts, is not there yet.
    /// </summary>
    private bool MustWait() =>
        _finishBy is not null || _typing is { IsFull: true } || (_latestSession is null && _recent.End >= KeptBytes && Environment.TickCount64 - _startedAt < StalledMilliseconds);

    /// <summary>True where something came.</summary>
    private bool TakeOutput()
    {
        nint count;
        fixed (byte* start = _buffer) count = Libc.Read(_ends.Output, start, ReadBytes);
        if (count <= 0)
        {
            // A terminal that nobody has open is an error to read (EIO), a pipe is at its end.
            _outputIsOpen = count < 0 && Libc.LastError is Libc.ErrorAgain or Libc.ErrorInterrupted;
            return false;
        }

        _outputIsOpen = true;
        Volatile.Write(ref _activeAt, Environment.TickCount64);
        Append(_buffer.AsMemory(0, (int)count));
        return true;
    }

    private void Append(ReadOnlyMemory<byte> bytes)
    {
        _log.Append(bytes.Span);
        _recent.Append(bytes.Span);
        _typing?.SendOutput(bytes);
    }

    private void TakeLastOutput()
    {
        while (TakeOutput())
        {
            // Until it is empty.
        }

        foreach (var client in _clients) client.Leave(TerminalFrameKind.Ended);
        _finishBy = Environment.TickCount64 + LastWordsMilliseconds;
    }

    private void GiveInput()
    {
        var before = _input.Taken;
        _input.Flush();
        if (_input.Taken != before) _typing?.Send(TerminalFrame.OfNumber(TerminalFrameKind.InputTaken, _input.Taken));
    }

    private void FlushClients()
    {
        var now = Environment.TickCount64;
        foreach (var client in _clients)
        {
            client.Flush();
            if (client.StalledFor(now) > StalledMilliseconds || (client.IsLeaving && !client.HasWaiting)) client.Drop();
            if (!client.IsGone) continue;
            _ = Libc.Close(client.Descriptor);
            if (client == _typing) _typing = null;
        }

        _clients.RemoveAll(client => client.IsGone);
    }

    private void Take(TerminalClient client, TerminalFrame frame)
    {
        if (!client.HasAttached)
        {
            if (TerminalAttach.Read(frame) is { } attach) Attach(client, attach);
            else client.Drop();
            return;
        }

        if (client != _typing) return;
        switch (frame.Kind)
        {
            case TerminalFrameKind.Input:
                Volatile.Write(ref _activeAt, Environment.TickCount64);
                var before = _input.Taken;
                if (!_input.TryAdd(frame.Payload.Span)) client.Drop();
                else if (_input.Taken != before) client.Send(TerminalFrame.OfNumber(TerminalFrameKind.InputTaken, _input.Taken));
                break;
            case TerminalFrameKind.EndOfInput:
                _input.End();
                break;
            case TerminalFrameKind.Resize when TerminalSize.Read(frame.Payload.Span) is { } size:
                Resize(size);
                break;
            default:
                // A newer client's.
                break;
        }
    }

    private void Attach(TerminalClient client, TerminalAttach attach)
    {
        client.HasAttached = true;
        if (attach.IsBack && _latestSession is { } latest && latest != attach.Session)
        {
            // It comes back by itself and finds that its person, or another program of theirs, has gone on elsewhere.
            client.Leave(TerminalFrameKind.TakenOver);
            return;
        }

        _typing?.Leave(TerminalFrameKind.TakenOver);
        if (attach.IsBack) _input.ForgetPending();
        _typing = client;
        _latestSession = attach.Session;
        var from = attach.From is { } wanted ? Math.Clamp(wanted, _recent.Start, _recent.End) : _recent.RecentFrom(ShownBytes);
        client.Send(new TerminalAttached(from, _input.Received).ToFrame());
        client.SendOutput(_recent.From(from));
        if (attach.Size is not { } size || !_ends.IsTerminal) return;
        if (size != _size) Resize(size);
        else if (!attach.IsBack) Pty.Redraw(_ends.Output);
    }

    private void Resize(TerminalSize size)
    {
        _size = size;
        if (_ends.IsTerminal) Pty.Resize(_ends.Output, size);
    }

    /// <summary>One that is not waited for is none to poll: a hangup would wake it again and again.</summary>
    private static Libc.PollEntry Entry(int descriptor, short wanted) => new() { Descriptor = wanted == 0 ? -1 : descriptor, Wanted = wanted };
}
