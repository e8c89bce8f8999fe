using System.Buffers;
using System.Buffers.Binary;
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
    private const int MostConnections = 4096;
    private const UnixFileMode ForAll = (UnixFileMode)0b110_110_110;

    /// <summary>SOL_SOCKET and SO_PEERCRED: pid, uid and gid of the other end.</summary>
    private const int SocketLevel = 1, PeerCredentials = 17;

    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly NodeShelf shelf;
    private readonly Uri server;
    private readonly TimeProvider time;
    private readonly Lock counting = new();
    private int connections;
    private DateTimeOffset idleSince;

    private NodeSocket(NodeShelf shelf, Uri server, TimeProvider time)
    {
        (this.shelf, this.server, this.time) = (shelf, server, time);
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
    public static NodeSocket Listen(string path, NodeShelf shelf, Uri server, TimeProvider time)
    {
        var socket = new NodeSocket(shelf, server, time);
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
            var connection = await listener.AcceptAsync(cancellationToken);
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

    public void Dispose() => listener.Dispose();

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
            while (await lines.ReadAsync(cancellationToken) is { } line)
            {
                var content = ArraySegment<byte>.Empty;
                var answer = await AnswerAsync(line, connection, held, bytes => content = bytes, cancellationToken);
                await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(answer, TaskJson.Default.NodeAnswer), (byte)'\n'], cancellationToken);
                if (content.Array is not { Length: > 0 } rented) continue;
                await stream.WriteAsync(content, cancellationToken);
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It has gone, or the agent goes.
        }
        finally
        {
            foreach (var (version, holder) in held)
            {
                await shelf.CloseAsync(version, holder);
                holder.Client.Dispose();
            }

            lock (counting)
            {
                if (--connections == 0) idleSince = time.GetUtcNow();
            }
        }
    }

    private async Task<NodeAnswer> AnswerAsync(ReadOnlyMemory<byte> line, Socket connection, List<(NodeVersion Version, Holder Holder)> held, Action<ArraySegment<byte>> follow, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(line.Span, TaskJson.Default.NodeRequest) switch
            {
                { Held: true, Open: null, Status: null, List: null, Read: null } => new NodeAnswer(Versions: [.. held.Select(one => one.Version.View)]),
                { Held: not null } => Refused("BadRequest", $"a request is one of open, list, read, held and status"),
                { Open: { } open, Status: null, List: null, Read: null } => await OpenAsync(open, held, cancellationToken),
                { Open: null, Status: null, List: { } list, Read: null } => Find(held, list.Dataset) is { } version ? new NodeAnswer { Files = version.List(list.From) } : NotOpen(list.Dataset),
                { Open: null, Status: null, List: null, Read: { } read } => Find(held, read.Dataset) is { } version ? await ReadAsync(version, read, follow, cancellationToken) : NotOpen(read.Dataset),
                { Open: null, Status: true, List: null, Read: null } when IsOurs(connection) => new NodeAnswer(Versions: await shelf.ListAsync(cancellationToken)),
                { Open: null, Status: true, List: null, Read: null } => Refused("NotAllowed", $"only root and the user of the agent may ask for its status"),
                _ => Refused("BadRequest", $"a request is one of open, list, read, held and status"),
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

    private async Task<NodeAnswer> OpenAsync(OpenDataset open, List<(NodeVersion Version, Holder Holder)> held, CancellationToken cancellationToken)
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
            return new NodeAnswer(opened);
        }
        catch
        {
            holder.Client.Dispose();
            throw;
        }
    }

    private static async Task<NodeAnswer> ReadAsync(NodeVersion version, ReadFile read, Action<ArraySegment<byte>> follow, CancellationToken cancellationToken)
    {
        if (read.Offset < 0 || read.Length is < 0 or > ReadFile.Most) return Refused("BadRequest", $"a read is of at most {ReadFile.Most} bytes");
        if (version.Find(read) is not { } file) return Refused("NoSuchFile", read.Path is { } path ? (Text)$"{version.Name.Text} has no file '{path}'" : $"{version.Name.Text} has no file of number {read.File ?? -1}");
        var size = version.SizeOf(file);
        var length = (int)Math.Clamp(size - read.Offset, 0, read.Length);
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, length));
        try
        {
            await version.ReadAsync(file, read.Offset, buffer.AsMemory(0, length), cancellationToken);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            // Not given back: somebody who does not heed that nobody waits any more may still write into it.
            return Refused("CannotRead", $"the bytes cannot be had now: {e.Message}");
        }

        follow(new ArraySegment<byte>(buffer, 0, length));
        return new NodeAnswer { Length = length, Size = size };
    }

    private static NodeVersion? Find(List<(NodeVersion Version, Holder Holder)> held, string dataset) => held.FindLast(one => one.Version.Name.Dataset == dataset).Version;

    private static NodeAnswer NotOpen(string dataset) => Refused("NotOpen", $"data set '{dataset}' is not open on this connection");

    private static NodeAnswer Refused(string code, Text why) => new(Error: new NodeRefusal(code, why.ToString()));

    private static bool IsOurs(Socket connection)
    {
        Span<byte> credentials = stackalloc byte[12];
        connection.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        var uid = BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]);
        return uid == 0 || uid == Libc.EffectiveUid();
    }
}
