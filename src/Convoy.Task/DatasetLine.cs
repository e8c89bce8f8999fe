using System.Net.Sockets;
using System.Text.Json;
using Convoy.Core.Datasets;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// One data set of a task, open at the node agent: the connection says so, and its end says that it is used no more, however the task ended.
/// An agent that starts again is asked again.
/// </summary>
internal sealed class DatasetLine
{
    private const int LongestAnswer = 64 << 10;
    private const int WaitingPeriodMilliseconds = 1_000, PeriodMilliseconds = 5_000;

    /// <summary>An agent that was killed is started again meanwhile.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(500);

    private readonly TaskOrder _order;
    private readonly bool _mount;
    /// <summary>Of who speaks on the line.</summary>
    private readonly Lock _turn = new();
    private readonly Lock _changing = new();
    private readonly List<byte> _received = [];
    private Socket _connection;

    /// <summary>Questions whose answers have not come yet.</summary>
    private int _owed;
    private (long Filled, long Missed) _seen;
    private long _seenAt = Environment.TickCount64;
    private volatile DatasetUse _use;

    private DatasetLine(TaskOrder order, TaskDataset dataset, bool mount, Socket connection, OpenedDataset opened)
    {
        (_order, Dataset, _mount, _connection, Path) = (order, dataset, mount, connection, opened.Path);
        _seen = (opened.FilledBytes, opened.MissedBytes);
        _use = new DatasetUse(dataset.Name, dataset.Version, opened.Bytes, opened.WantedBytes, Math.Min(opened.HeldBytes, opened.WantedBytes), 0, 0) { WaitsFor = dataset.StartAt is > 0 ? dataset.StartAt : null };
    }

    public TaskDataset Dataset { get; }

    /// <summary>Null where it is in no folder.</summary>
    public string? Path { get; }

    public DatasetUse Use => _use;

    /// <exception cref="CannotStartException">It cannot be had, or not where it is wanted, or the task is to stop.</exception>
    public static (DatasetLine Line, string? WhyUnmounted) Open(TaskOrder order, TaskDataset dataset, Func<bool> isStopping)
    {
        string? why = null;
        var (connection, answer) = Ask(order, dataset, mount: true, isStopping);
        if (answer.Error is { Code: NodeRefusal.NoMounts } refusal && dataset.Mount is null)
        {
            connection.Dispose();
            why = refusal.Message;
            (connection, answer) = Ask(order, dataset, mount: false, isStopping);
        }

        if (answer.Opened is not { } opened) throw new CannotStartException($"data set {dataset.Name}: {answer.Error?.Message ?? "the node agent gave no answer"}");
        return (new DatasetLine(order, dataset, why is null, connection, opened), why);
    }

    /// <summary>The task waits for it no more.</summary>
    public void StopWaiting()
    {
        lock (_changing) _use = _use with { WaitsFor = null };
    }

    /// <summary>Asks how it is; nothing changes where no answer comes in time.</summary>
    public void Look(TimeSpan within)
    {
        if (!_turn.TryEnter(within)) return;
        try
        {
            LookInTurn(within);
        }
        catch (Exception e) when (e is SocketException or IOException or JsonException)
        {
            // Whoever keeps the line will find that it has ended.
        }
        finally
        {
            _turn.Exit();
        }
    }

    /// <summary>Until this process ends.</summary>
    public void Keep(Action changed)
    {
        while (true)
        {
            var hasEnded = false;
            try
            {
                var speaks = _connection.Poll((_use.WaitsFor is null ? PeriodMilliseconds : WaitingPeriodMilliseconds) * 1000, SelectMode.SelectRead);
                lock (_turn)
                {
                    // What it said meanwhile was to somebody else, who has taken it; unasked it says nothing but farewell.
                    if (_owed == 0 && speaks && _connection.Poll(0, SelectMode.SelectRead)) hasEnded = true;
                    else LookInTurn(BetweenTries);
                }
            }
            catch (Exception e) when (e is SocketException or IOException or JsonException)
            {
                hasEnded = true;
            }

            if (hasEnded) Reconnect();
            changed();
        }
    }

    private void LookInTurn(TimeSpan within)
    {
        if (_owed == 0)
        {
            Send(_connection, new NodeRequest { Held = true });
            _owed = 1;
        }

        _connection.ReceiveTimeout = Math.Max(1, (int)within.TotalMilliseconds);
        if (Line(_connection, _received) is not { } line) return;
        _owed = 0;
        if (JsonSerializer.Deserialize(line, TaskJson.Default.NodeAnswer)?.Versions is not [var held, ..]) return;
        var now = Environment.TickCount64;
        var filled = Since(_seen.Filled, held.FilledBytes);
        var kept = held.KeptBytes ?? Math.Min(held.HeldBytes, held.WantedBytes);
        var rate = now <= _seenAt || kept >= held.WantedBytes ? 0 : filled * 1000 / (now - _seenAt);
        lock (_changing) _use = _use with
        {
            WantedBytes = held.WantedBytes,
            HeldBytes = kept,
            FilledBytes = _use.FilledBytes + filled,
            MissedBytes = _use.MissedBytes + Since(_seen.Missed, held.MissedBytes),
            FillRate = rate == 0 ? null : _use.FillRate is { } usual ? (usual + rate) / 2 : rate,
            Problem = held.Problem,
        };
        (_seen, _seenAt) = ((held.FilledBytes, held.MissedBytes), now);
    }

    /// <summary>An agent that has started again counts from 0.</summary>
    private static long Since(long before, long now) => now >= before ? now - before : now;

    private void Reconnect()
    {
        while (true)
        {
            Thread.Sleep(BetweenTries);
            try
            {
                var (connection, answer) = AskOnce(_order, Dataset, _mount, () => false);
                if (answer.Opened is null)
                {
                    connection.Dispose();
                    continue;
                }

                lock (_turn)
                {
                    _connection.Dispose();
                    _received.Clear();
                    (_connection, _owed, _seen) = (connection, 0, (0, 0));
                    return;
                }
            }
            catch (Exception e) when (e is SocketException or IOException or JsonException)
            {
                // It is not there yet.
            }
        }
    }

    private static (Socket Connection, NodeAnswer Answer) Ask(TaskOrder order, TaskDataset dataset, bool mount, Func<bool> isStopping)
    {
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
        {
            ThrowIfStopped(isStopping);
            try
            {
                return AskOnce(order, dataset, mount, isStopping);
            }
            catch (ArgumentException e)
            {
                throw new CannotStartException($"data set {dataset.Name}: the platform's state folder has too long a path for the socket of the node agent: {order.NodeSocket}", e);
            }
            catch (Exception e) when (e is SocketException or IOException or JsonException)
            {
                if (Environment.TickCount64 >= until) throw new CannotStartException($"data set {dataset.Name}: the node agent does not answer: {e.Message}", e);
                Thread.Sleep(BetweenTries);
            }
        }
    }

    private static (Socket Connection, NodeAnswer Answer) AskOnce(TaskOrder order, TaskDataset dataset, bool mount, Func<bool> isStopping)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)BetweenTries.TotalMilliseconds };
        try
        {
            connection.Connect(new UnixDomainSocketEndPoint(order.NodeSocket!));
            Send(connection, new NodeRequest(new OpenDataset(order.Environment.GetValueOrDefault("CONVOY_TOKEN", ""), dataset.Name, dataset.Version, mount, dataset.Share * 10_000)));
            var received = new List<byte>();
            while (true)
            {
                if (Line(connection, received) is { } line) return (connection, JsonSerializer.Deserialize(line, TaskJson.Default.NodeAnswer) ?? throw new JsonException("an empty answer"));
                ThrowIfStopped(isStopping);
            }
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void ThrowIfStopped(Func<bool> isStopping)
    {
        if (isStopping()) throw new CannotStartException("it was stopped while its data sets were being opened");
    }

    private static void Send(Socket connection, NodeRequest request)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(request, TaskJson.Default.NodeRequest), (byte)'\n'];
        for (var sent = 0; sent < line.Length;) sent += connection.Send(line.AsSpan(sent));
    }

    /// <summary>Null where it has not come whole in time; what has come waits among the <paramref name="received"/>.</summary>
    private static byte[]? Line(Socket connection, List<byte> received)
    {
        var next = new byte[1];
        while (received.Count < LongestAnswer)
        {
            try
            {
                if (connection.Receive(next) == 0) throw new IOException("it has hung up");
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                return null;
            }

            if (next[0] == (byte)'\n')
            {
                byte[] line = [.. received];
                received.Clear();
                return line;
            }

            received.Add(next[0]);
        }

        throw new IOException("its answer is too long");
    }
}
