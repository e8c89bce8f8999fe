using System.Net.WebSockets;
using Convoy.Clusters;
using Convoy.Core.Tasks;

namespace Convoy.Server;

/// <summary>
/// Carries frames between one WebSocket and a task's terminal. It holds one frame each way, so that whoever is slow slows the
/// other, and nothing piles up here.
/// </summary>
/// <param name="attached">Called once, when a new client attaches, not when one comes back.</param>
internal sealed class TerminalRelay(WebSocket socket, TerminalLine line, Func<Task> attached)
{
    /// <summary>A side that does not answer to pings is gone, whatever TCP thinks.</summary>
    public static readonly WebSocketOptions Options = new() { KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(30) };

    private static readonly TimeSpan GoodbyeWithin = TimeSpan.FromSeconds(2);

    /// <summary>Until the program ends, either side leaves, or the server stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var end = new CancellationTokenSource();
        var up = CarryUpAsync(end.Token);
        var down = CarryDownAsync(end.Token);
        var stopped = new TaskCompletionSource();
        await using var registration = stopping.Register(stopped.SetResult);
        var first = await Task.WhenAny(up, down, stopped.Task);
        var (status, why) = first == up ? await up : first == down ? await down : (WebSocketCloseStatus.EndpointUnavailable, "the server stops");
        try
        {
            using var late = new CancellationTokenSource(GoodbyeWithin);
            var isThere = socket.State is WebSocketState.Open or WebSocketState.CloseReceived;
            if (isThere && first == up) await socket.CloseAsync(status, why, late.Token);
            if (isThere && first != up)
            {
                // Only one may receive: the other side's goodbye comes to the one that does.
                await socket.CloseOutputAsync(status, why, late.Token);
                await up.WaitAsync(late.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // It did not hear the goodbye.
        }

        await end.CancelAsync();
        socket.Abort();
        await Task.WhenAll(up, down);
    }

    private async Task<(WebSocketCloseStatus Status, string Why)> CarryUpAsync(CancellationToken end)
    {
        var buffer = new byte[1 + TerminalFrame.LongestPayload];
        var isAttached = false;
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    if (length == buffer.Length) return (WebSocketCloseStatus.MessageTooBig, "no frame is so long");
                    part = await socket.ReceiveAsync(buffer.AsMemory(length), end);
                    if (part.MessageType == WebSocketMessageType.Close) return (WebSocketCloseStatus.NormalClosure, "");
                    if (part.MessageType == WebSocketMessageType.Text) return (WebSocketCloseStatus.InvalidMessageType, "frames are binary");
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                if (length == 0) continue;
                var frame = new TerminalFrame((TerminalFrameKind)buffer[0], buffer.AsMemory(1, length - 1));
                if (!isAttached && TerminalAttach.Read(frame) is { IsBack: false })
                {
                    isAttached = true;
                    await attached();
                }

                if (!await line.WriteAsync(frame, end)) return (WebSocketCloseStatus.EndpointUnavailable, "the terminal is gone");
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or LedgerUnavailableException)
        {
            return (WebSocketCloseStatus.EndpointUnavailable, "the connection broke");
        }
    }

    private async Task<(WebSocketCloseStatus Status, string Why)> CarryDownAsync(CancellationToken end)
    {
        var message = new byte[1 + TerminalFrame.LongestPayload];
        try
        {
            while (await line.ReadAsync(end) is { } frame)
            {
                message[0] = (byte)frame.Kind;
                frame.Payload.CopyTo(message.AsMemory(1));
                await socket.SendAsync(message.AsMemory(0, 1 + frame.Payload.Length), WebSocketMessageType.Binary, endOfMessage: true, end);
                if (frame.Kind is TerminalFrameKind.Ended or TerminalFrameKind.TakenOver) return (WebSocketCloseStatus.NormalClosure, "");
            }

            return (WebSocketCloseStatus.EndpointUnavailable, "the terminal is gone");
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            return (WebSocketCloseStatus.EndpointUnavailable, "the connection broke");
        }
    }
}
