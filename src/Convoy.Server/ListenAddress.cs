using System.Net;
using System.Net.Sockets;
using Convoy.Core.Languages;

namespace Convoy.Server;

public static class ListenAddress
{
    /// <summary>Why nobody can listen there, as one line for the operator; null where it is free.</summary>
    public static Text? WhyNot(IPEndPoint address)
    {
        try
        {
            using var listener = new TcpListener(address);
            listener.Start();
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? (Text)$"error[AddressInUse]: {address} is in use; stop who uses it, or give another --listen"
                : $"error[CannotListen]: {address}: {e.Message}; give another --listen";
        }
    }
}
