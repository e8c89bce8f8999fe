using System.Globalization;
using System.Net.Sockets;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Connects to the supervisors' sockets in the state folder of a <see cref="LocalCluster"/>, which need not be open.</summary>
public sealed class LocalTerminals(string stateFolder) : ITaskTerminals
{
    private readonly StateLayout layout = new(Path.GetFullPath(stateFolder));

    public async Task<TerminalLine?> OpenAsync(JobId job, int attempt, int rank, CancellationToken cancellationToken)
    {
        using var folder = Native.OpenFolder(layout.Task(job, attempt, rank));
        if (folder.IsInvalid) return null;
#pragma warning disable CA2000 // The line owns the stream, and the stream the socket.
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // A folder's path may be longer than a socket's may be (108 bytes): by its descriptor every path is short.
            var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{folder.DangerousGetHandle()}/{TaskFolder.Terminal}");
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new TerminalLine(new NetworkStream(socket, ownsSocket: true));
#pragma warning restore CA2000
        }
        catch (SocketException)
        {
            // Not there yet, or left by a supervisor that was killed.
            socket.Dispose();
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
