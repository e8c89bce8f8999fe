using System.Net.Sockets;
using System.Text.Json;
using Convoy.Core.Tasks;
using Microsoft.Win32.SafeHandles;

namespace Convoy.NodeAgent.Serving;

/// <summary>An answer, and what goes with it.</summary>
internal sealed record NodeReply(NodeAnswer Answer)
{
    /// <summary>SOL_SOCKET, SCM_RIGHTS and MSG_NOSIGNAL.</summary>
    private const int SocketLevel = 1, Rights = 1, NoSignal = 0x4000;

    /// <summary>Of struct cmsghdr: its length, level and kind; what it has begins at a multiple of 8.</summary>
    private const int ControlHead = 16;

    /// <summary>The receiver's, once they are sent.</summary>
    public IReadOnlyList<SafeFileHandle> Descriptors { get; init; } = [];

    public FileAnswer? Content { get; init; }

    /// <summary>To be called once: what goes with it is let go of whatever becomes of it.</summary>
    /// <exception cref="IOException">The other end has gone.</exception>
    public async Task SendAsync(Socket connection, NetworkStream stream, CancellationToken cancellationToken)
    {
        try
        {
            await SendAllAsync(connection, stream, cancellationToken);
        }
        finally
        {
            foreach (var descriptor in Descriptors) descriptor.Dispose();
            Content?.Dispose();
        }
    }

    private async Task SendAllAsync(Socket connection, NetworkStream stream, CancellationToken cancellationToken)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(Answer, TaskJson.Default.NodeAnswer), (byte)'\n'];
        var sent = Descriptors.Count == 0 ? 0 : SendDescriptors(connection, line);
        await stream.WriteAsync(line.AsMemory(sent), cancellationToken);
        if (Content is not null) await Content.SendAsync(stream, cancellationToken);
    }

    /// <summary>Who asks waits for the answer, so there is room for it; who asks on and does not wait is hung up.</summary>
    /// <returns>How many bytes of the line went with them.</returns>
    private unsafe int SendDescriptors(Socket connection, ReadOnlySpan<byte> line)
    {
        Span<byte> control = stackalloc byte[ControlHead + (MapFiles.Most * sizeof(int))];
        var length = ControlHead + (Descriptors.Count * sizeof(int));
        control.Clear();
        fixed (byte* start = line)
        fixed (byte* head = control)
        {
            *(nuint*)head = (nuint)length;
            ((int*)head)[2] = SocketLevel;
            ((int*)head)[3] = Rights;
            for (var i = 0; i < Descriptors.Count; i++) ((int*)(head + ControlHead))[i] = (int)Descriptors[i].DangerousGetHandle();
            var content = new Libc.Span { Start = start, Length = (nuint)line.Length };
            var message = new Libc.Message { Content = &content, ContentCount = 1, Control = head, ControlLength = (nuint)length };
            var sent = Libc.Send(connection.SafeHandle, &message, NoSignal);
            return sent > 0 ? (int)sent : throw new IOException($"descriptors cannot be handed over: {Libc.Explain(Libc.LastError)}", Libc.LastError);
        }
    }
}
