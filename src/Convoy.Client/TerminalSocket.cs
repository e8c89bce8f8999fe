using System.Net.WebSockets;
using Convoy.Core.Tasks;

namespace Convoy.Client;

/// <summary>One connection to an interactive job's terminal, in frames. One may receive while another sends.</summary>
internal sealed class TerminalSocket(WebSocket socket)
{
    private readonly byte[] received = new byte[1 + TerminalFrame.LongestPayload];

    /// <summary>Null where the connection ended or broke. The payload is valid until the next call.</summary>
    public async Task<TerminalFrame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    if (length == received.Length) return null;
                    part = await socket.ReceiveAsync(received.AsMemory(length), cancellationToken);
                    if (part.MessageType != WebSocketMessageType.Binary) return null;
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                if (length > 0) return new TerminalFrame((TerminalFrameKind)received[0], received.AsMemory(1, length - 1));
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>False where the connection ended or broke.</summary>
    public async Task<bool> SendAsync(TerminalFrame frame, CancellationToken cancellationToken)
    {
        var message = new byte[1 + frame.Payload.Length];
        message[0] = (byte)frame.Kind;
        frame.Payload.CopyTo(message.AsMemory(1));
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
