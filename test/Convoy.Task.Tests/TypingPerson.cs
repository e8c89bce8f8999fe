using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Convoy.Core.Tasks;

namespace Convoy.Supervision.Tests;

/// <summary>Somebody at a task's terminal, by the supervisor's own socket.</summary>
internal sealed class TypingPerson : IDisposable
{
    private readonly Socket _socket;
    private readonly StringBuilder _seen = new();
    private readonly byte[] _header = new byte[TerminalFrame.HeaderBytes];

    private TypingPerson(Socket socket) => _socket = socket;

    /// <summary>All that was printed so far.</summary>
    public string Seen
    {
        get
        {
            lock (_seen) return _seen.ToString();
        }
    }

    public TerminalAttached? Attached { get; private set; }

    public long InputTaken { get; private set; }

    /// <summary>Why nothing comes any more; null while something may.</summary>
    public TerminalFrameKind? LastWord { get; private set; }

    public bool IsClosed { get; private set; }

    public static async Task<TypingPerson> ComeAsync(SupervisedFolder task, int rows = 24, int columns = 80, long session = 1, long? from = null, bool isBack = false, bool reads = true)
    {
        TypingPerson? person = null;
        await SupervisedFolder.UntilAsync(() => (person = TryConnect(task)) is not null, "the terminal is there");
        person!.Send(new TerminalAttach(new TerminalSize(rows, columns), session, from, isBack).ToFrame());
        if (reads) person.StartReading();
        return person;
    }

    public void StartReading() => new Thread(Read) { IsBackground = true }.Start();

    public void Type(string text) => Send(new TerminalFrame(TerminalFrameKind.Input, Encoding.UTF8.GetBytes(text)));

    public void Resize(int rows, int columns) => Send(new TerminalFrame(TerminalFrameKind.Resize, new TerminalSize(rows, columns).ToBytes()));

    public void Send(TerminalFrame frame) => Send(frame.ToBytes());

    public void Send(byte[] bytes) => _socket.Send(bytes);

    public Task SeesAsync(string text) => SupervisedFolder.UntilAsync(() => Seen.Contains(text, StringComparison.Ordinal), $"'{text}' is seen; it is: {Seen}");

    public Task LeftAsync() => SupervisedFolder.UntilAsync(() => IsClosed, "the terminal closes the connection");

    public void Dispose() => _socket.Dispose();

    private static TypingPerson? TryConnect(SupervisedFolder task)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(task.PathOf(TaskFolder.Terminal)));
            return new TypingPerson(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private void Read()
    {
        try
        {
            while (true)
            {
                Fill(_header);
                TerminalFrame.TryReadHeader(_header, out var kind, out var length).ShouldBeTrue();
                var payload = new byte[length];
                Fill(payload);
                Take(new TerminalFrame(kind, payload));
            }
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException or ObjectDisposedException)
        {
            IsClosed = true;
        }
    }

    private void Take(TerminalFrame frame)
    {
        switch (frame.Kind)
        {
            case TerminalFrameKind.Attached:
                Attached = TerminalAttached.Read(frame);
                break;
            case TerminalFrameKind.InputTaken:
                InputTaken = frame.Number!.Value;
                break;
            case TerminalFrameKind.Output:
                lock (_seen) _seen.Append(Encoding.Latin1.GetString(frame.Payload.Span));
                break;
            default:
                LastWord = frame.Kind;
                break;
        }
    }

    private void Fill(byte[] buffer)
    {
        for (var count = 0; count < buffer.Length;)
        {
            var read = _socket.Receive(buffer.AsSpan(count));
            if (read == 0) throw new EndOfStreamException(string.Create(CultureInfo.InvariantCulture, $"after {count} bytes"));
            count += read;
        }
    }
}
