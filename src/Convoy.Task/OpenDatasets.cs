using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// The data sets of a task, open at the node agent for as long as this process lives: the connection says so, and its end says that they are
/// used no more, however the task ended. An agent that starts again is asked again.
/// </summary>
internal sealed class OpenDatasets
{
    private const int LongestAnswer = 64 << 10;

    /// <summary>An agent that was killed is started again meanwhile.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(500);

    private readonly List<string> _paths = [];
    private readonly List<string> _unmounted = [];

    /// <summary><c>NAME=PATH</c> of those that are in a folder.</summary>
    public IReadOnlyList<string> Paths => _paths;

    /// <summary>What the task's owner is to know of those that are not.</summary>
    public IReadOnlyList<string> Unmounted => _unmounted;

    /// <exception cref="CannotStartException">One cannot be had, or not where it is wanted, or the task is to stop.</exception>
    public static OpenDatasets Open(TaskOrder order, Func<bool> isStopping)
    {
        var opened = new OpenDatasets();
        foreach (var dataset in order.Datasets) opened.Open(order, dataset, isStopping);
        return opened;
    }

    private void Open(TaskOrder order, TaskDataset dataset, Func<bool> isStopping)
    {
        var (connection, answer) = Ask(order, dataset, mount: true, isStopping);
        if (answer.Error is { Code: NodeRefusal.NoMounts } why && dataset.Mount is null)
        {
            connection.Dispose();
            _unmounted.Add($"data set {dataset.Name} has no folder here: {why.Message}; read it with convoy.dataset(\"{dataset.Name}\")");
            (connection, answer) = Ask(order, dataset, mount: false, isStopping);
        }

        if (answer.Opened is not { } opened) throw new CannotStartException($"data set {dataset.Name}: {answer.Error?.Message ?? "the node agent gave no answer"}");
        if (opened.Path is { } path) _paths.Add($"{dataset.Name}={path}");
        var mounted = opened.Path is not null;
        new Thread(() => Keep(connection, order, dataset, mounted)) { IsBackground = true, Name = "dataset" }.Start();
    }

    private static (Socket Connection, NodeAnswer Answer) Ask(TaskOrder order, TaskDataset dataset, bool mount, Func<bool> isStopping)
    {
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
        {
            if (isStopping()) throw new CannotStartException("it was stopped while its data sets were being opened");
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
            Send(connection, order, dataset, mount);
            return (connection, JsonSerializer.Deserialize(Line(connection, isStopping), TaskJson.Default.NodeAnswer) ?? throw new JsonException("an empty answer"));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Until the task ends with this process.</summary>
    private static void Keep(Socket connection, TaskOrder order, TaskDataset dataset, bool mount)
    {
        var nothing = new byte[1];
        while (true)
        {
            try
            {
                connection.ReceiveTimeout = 0;
                while (connection.Receive(nothing) > 0);
            }
            catch (SocketException)
            {
                // As at its end.
            }

            connection.Dispose();
            (connection, _) = Again(order, dataset, mount);
        }
    }

    private static (Socket Connection, NodeAnswer Answer) Again(TaskOrder order, TaskDataset dataset, bool mount)
    {
        while (true)
        {
            Thread.Sleep(BetweenTries);
            try
            {
                var again = AskOnce(order, dataset, mount, () => false);
                if (again.Answer.Opened is not null) return again;
                again.Connection.Dispose();
            }
            catch (Exception e) when (e is SocketException or IOException or JsonException)
            {
                // It is not there yet.
            }
        }
    }

    private static void Send(Socket connection, TaskOrder order, TaskDataset dataset, bool mount)
    {
        var open = new OpenDataset(order.Environment.GetValueOrDefault("CONVOY_TOKEN", ""), dataset.Name, dataset.Version, mount);
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(new NodeRequest(open), TaskJson.Default.NodeRequest), (byte)'\n'];
        for (var sent = 0; sent < line.Length;) sent += connection.Send(line.AsSpan(sent));
    }

    private static string Line(Socket connection, Func<bool> isStopping)
    {
        var line = new List<byte>();
        var next = new byte[1];
        while (line.Count < LongestAnswer)
        {
            try
            {
                if (connection.Receive(next) == 0) throw new IOException("it has hung up");
                if (next[0] == (byte)'\n') return Encoding.UTF8.GetString([.. line]);
                line.Add(next[0]);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                if (isStopping()) throw new CannotStartException("it was stopped while its data sets were being opened");
            }
        }

        throw new IOException("its answer is too long");
    }
}
