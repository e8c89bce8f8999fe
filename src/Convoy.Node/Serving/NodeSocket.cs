using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Convoy.Client;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;
using Convoy.Core.Tasks;
using Convoy.NodeAgent.Fuse;

namespace Convoy.NodeAgent.Serving;

/// <summary>
/// Where tasks of this node reach the agent (<see cref="NodeRequest"/>). Everybody on the machine may connect: what they get is decided by the
/// token that they bring. Their bytes are hostile.
/// </summary>
internal sealed class NodeSocket : IDisposable
{
    private const int Backlog = 128;
    private const UnixFileMode ForAll = (UnixFileMode)0b110_110_110;

    /// <summary>SOL_SOCKET and SO_PEERCRED: pid, uid and gid of the other end.</summary>
    private const int SocketLevel = 1, PeerCredentials = 17;

    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    /// <summary>Those who connect are never why there is no descriptor for anything else: each may need one at the platform, too.</summary>
    private static readonly int MostConnections = Math.Min(4096, Descriptors() / 4);
    private static readonly TimeSpan BetweenAccepts = TimeSpan.FromMilliseconds(200);
    private readonly NodeShelf shelf;
    private readonly Uri server;
    private readonly TimeProvider time;
    private readonly Action<Exception> report;
    private readonly SemaphoreSlim slices = new(FileAnswer.MostAtOnce);
    private readonly Lock counting = new();
    private int connections;
    private DateTimeOffset idleSince;

    private NodeSocket(NodeShelf shelf, Uri server, TimeProvider time, Action<Exception> report)
    {
        (this.shelf, this.server, this.time, this.report) = (shelf, server, time, report);
        idleSince = time.GetUtcNow();
    }

    /// <summary>Since when nobody is connected; null while somebody is.</summary>
    public DateTimeOffset? IdleSince
    {
        get
        {
            lock (counting) return connections == 0 ? idleSince : null;
        }
    }

    /// <summary>The shelf's lock has shown that no other agent lives: what lies at the path is of a dead one.</summary>
    /// <exception cref="SocketException">It cannot be made.</exception>
    public static NodeSocket Listen(string path, NodeShelf shelf, Uri server, TimeProvider time, Action<Exception> report)
    {
        var socket = new NodeSocket(shelf, server, time, report);
        try
        {
            File.Delete(path);
            socket.listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, ForAll);
            socket.listener.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await AcceptAsync(cancellationToken) is not { } connection) continue;
            if (!TryCount())
            {
                connection.Dispose();
                continue;
            }

#pragma warning disable CA2025 // It is disposed of by who serves it.
            _ = Task.Run(() => ServeAsync(connection, cancellationToken), CancellationToken.None);
#pragma warning restore CA2025
        }
    }

    /// <summary>Completes when the last that was connected when the agent was stopped has been let go.</summary>
    public async Task EndedAsync()
    {
        while (IdleSince is null) await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
    }

    public void Dispose()
    {
        listener.Dispose();
        slices.Dispose();
    }

    /// <summary>Null where the machine has no room for another connection: it has again when somebody goes.</summary>
    private async Task<Socket?> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await listener.AcceptAsync(cancellationToken);
        }
        catch (SocketException e)
        {
            // Without where it was thrown: to find that out takes descriptors, and it may be those that are wanting.
            report(new IOException($"no connection can be taken now: {e.Message}"));
            await Task.Delay(BetweenAccepts, time, cancellationToken);
            return null;
        }
    }

    private bool TryCount()
    {
        lock (counting)
        {
            if (connections == MostConnections) return false;
            connections++;
            return true;
        }
    }

    private async Task ServeAsync(Socket connection, CancellationToken cancellationToken)
    {
        var held = new List<(NodeVersion Version, Holder Holder)>();
        try
        {
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            var lines = new LineReader(stream);
            try
            {
                while (await lines.ReadAsync(cancellationToken) is { } line)
                {
                    var reply = await AnswerAsync(line, connection, held, cancellationToken);
                    await reply.SendAsync(connection, stream, cancellationToken);
                }
            }
            catch (LineTooLongException)
            {
                await Refused("BadRequest", $"a request has at most {LineReader.Longest} bytes").SendAsync(connection, stream, cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It has gone, or the agent goes.
        }
#pragma warning disable CA1031 // The boundary of one connection: what nobody thought of ends it, and nothing else.
        catch (Exception e)
#pragma warning restore CA1031
        {
            report(e);
        }
        finally
        {
            foreach (var (version, holder) in held) await LetGoAsync(version, holder);
            lock (counting)
            {
                if (--connections == 0) idleSince = time.GetUtcNow();
            }
        }
    }

    private async Task LetGoAsync(NodeVersion version, Holder holder)
    {
        try
        {
            await shelf.CloseAsync(version, holder);
        }
#pragma warning disable CA1031 // The others are let go of whatever becomes of this one.
        catch (Exception e)
#pragma warning restore CA1031
        {
            report(e);
        }

        holder.Client.Dispose();
    }

    private async Task<NodeReply> AnswerAsync(ReadOnlyMemory<byte> line, Socket connection, List<(NodeVersion Version, Holder Holder)> held, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(line.Span, TaskJson.Default.NodeRequest) switch
            {
                { Held: true, Open: null, Status: null, List: null, Read: null, Map: null } => new NodeReply(new NodeAnswer(Versions: [.. held.Select(one => one.Version.View)])),
                { Held: not null } => Refused("BadRequest", $"a request is one of open, list, read, map, held and status"),
                { Open: { } open, Status: null, List: null, Read: null, Map: null } => await OpenAsync(open, held, cancellationToken),
                { Open: null, Status: null, List: { } list, Read: null, Map: null } => Find(held, list.Dataset) is { } version ? new NodeReply(new NodeAnswer { Files = version.List(list.From) }) : NotOpen(list.Dataset),
                { Open: null, Status: null, List: null, Read: { } read, Map: null } => Find(held, read.Dataset) is { } version ? await ReadAsync(version, read, cancellationToken) : NotOpen(read.Dataset),
                { Open: null, Status: null, List: null, Read: null, Map: { } map } => Find(held, map.Dataset) is { } version ? Map(version, map.Packs) : NotOpen(map.Dataset),
                { Open: null, Status: true, List: null, Read: null, Map: null } when IsOurs(connection) => new NodeReply(new NodeAnswer(Versions: await shelf.ListAsync(cancellationToken))),
                { Open: null, Status: true, List: null, Read: null, Map: null } => Refused("NotAllowed", $"only root and the user of the agent may ask for its status"),
                _ => Refused("BadRequest", $"a request is one of open, list, read, map, held and status"),
            };
        }
        catch (JsonException)
        {
            return Refused("BadRequest", $"a request is a JSON object on one line");
        }
        catch (ConvoyException e)
        {
            return Refused(e.Code, e.Explanation);
        }
        catch (ServerUnreachableException e)
        {
            return Refused("ServerUnreachable", e.Explanation);
        }
        catch (FuseUnavailableException e)
        {
            return Refused(NodeRefusal.NoMounts, e.Explanation);
        }
        catch (BadManifestException e)
        {
            return Refused("BadManifest", e.Explanation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused("FileError", Text.Verbatim(e.Message));
        }
    }

    private async Task<NodeReply> OpenAsync(OpenDataset open, List<(NodeVersion Version, Holder Holder)> held, CancellationToken cancellationToken)
    {
        if (!DatasetReference.TryParse($"{open.Dataset}@{open.Version}", out _)) return Refused("BadRequest", $"open needs a data set, and its version or tag");
        if (open.Token is not { Length: > 0 and <= 1000 } || !open.Token.All(c => c is > ' ' and <= '~')) return Refused("BadRequest", $"open needs a token");
        if (open.Share is < 0 or > NodeShelf.Whole) return Refused("BadRequest", $"a share is from 0 to {NodeShelf.Whole} millionths");
        if (held.Count == NodeShelf.MostOfHolder) return Refused("BadRequest", $"a connection holds at most {NodeShelf.MostOfHolder} data sets");
#pragma warning disable CA2000 // It is the holder's, and goes when its connection ends.
        var holder = new Holder(new ConvoyClient(server, open.Token, time), open.Mount);
#pragma warning restore CA2000
        try
        {
            var (version, opened) = await shelf.OpenAsync(open, holder, cancellationToken);
            held.Add((version, holder));
            return new NodeReply(new NodeAnswer(opened));
        }
        catch
        {
            holder.Client.Dispose();
            throw;
        }
    }

    private async Task<NodeReply> ReadAsync(NodeVersion version, ReadFile read, CancellationToken cancellationToken)
    {
        if (read.Offset < 0 || read.Length is < 0 or > ReadFile.Most) return Refused("BadRequest", $"a read is of at most {ReadFile.Most} bytes");
        if (version.Find(read) is not { } file) return Refused("NoSuchFile", read.Path is { } path ? (Text)$"{version.Name.Text} has no file '{path}'" : $"{version.Name.Text} has no file of number {read.File ?? -1}");
        var size = version.SizeOf(file);
        var length = (int)Math.Clamp(size - read.Offset, 0, read.Length);
        try
        {
            var content = await FileAnswer.BeginAsync(version, file, read.Offset, length, slices, cancellationToken);
            return new NodeReply(new NodeAnswer { Length = length, Size = size }) { Content = content };
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            return Refused("CannotRead", $"the bytes cannot be had now: {e.Message}");
        }
    }

    private static NodeReply Map(NodeVersion version, IReadOnlyList<int>? packs)
    {
        if (packs is not { Count: <= MapFiles.Most }) return Refused("BadRequest", $"at most {MapFiles.Most} packs are mapped at once");
        if ((packs.Count == 0 ? version.OpenManifest() : version.OpenPacks(packs)) is not { } files) return Refused("BadRequest", $"{version.Name.Text} has no such pack");
        return new NodeReply(new NodeAnswer { Mapped = files.Count }) { Descriptors = files };
    }

    private static NodeVersion? Find(List<(NodeVersion Version, Holder Holder)> held, string dataset) => held.FindLast(one => one.Version.Name.Dataset == dataset).Version;

    private static NodeReply NotOpen(string dataset) => Refused("NotOpen", $"data set '{dataset}' is not open on this connection");

    private static NodeReply Refused(string code, Text why) => new(new NodeAnswer(Error: new NodeRefusal(code, why.ToString())));

    /// <summary>That this process may have open.</summary>
    private static int Descriptors() =>
        File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..]
            && int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : int.MaxValue;

    private static bool IsOurs(Socket connection)
    {
        Span<byte> credentials = stackalloc byte[12];
        connection.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        var uid = BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]);
        return uid == 0 || uid == Libc.EffectiveUid();
    }
}
