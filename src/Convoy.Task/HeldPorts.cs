using System.Globalization;

namespace Convoy.Supervision;

/// <summary>
/// Ports bound on loopback and not listened on. With SO_REUSEADDR on both sides Linux lets the task bind and listen on them
/// too (as torch's TCPStore does) for as long as nobody listens; a program that asks for any free port is given another.
/// </summary>
internal sealed unsafe class HeldPorts : IDisposable
{
    private readonly List<int> _sockets = [];

    /// <exception cref="CannotStartException">Somebody else has one of them.</exception>
    public HeldPorts(IReadOnlyList<int> ports)
    {
        foreach (var port in ports) Hold(port);
    }

    public void Dispose()
    {
        foreach (var socket in _sockets) _ = Libc.Close(socket);
        _sockets.Clear();
    }

    private void Hold(int port)
    {
        var socket = Libc.Socket(Libc.InternetFamily, Libc.StreamSocket | Libc.CloseOnExec, 0);
        var yes = 1;
        // struct sockaddr_in: family in host order, port and address in network order.
        var address = stackalloc byte[16] { Libc.InternetFamily, 0, (byte)(port >> 8), (byte)port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
        if (socket < 0
            || Libc.SetSocketOption(socket, Libc.SocketLevel, Libc.ReuseAddress, &yes, sizeof(int)) < 0
            || Libc.Bind(socket, address, 16) < 0)
        {
            var error = Libc.LastError;
            if (socket >= 0) _ = Libc.Close(socket);
            Dispose();
            throw new CannotStartException($"port {port.ToString(CultureInfo.InvariantCulture)} of 127.0.0.1 cannot be held for the task: {Libc.Explain(error)}");
        }

        _sockets.Add(socket);
    }
}
