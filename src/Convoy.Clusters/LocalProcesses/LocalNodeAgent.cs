using System.Net.Sockets;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// The node agent of this machine (<c>convoy-node</c>): a process that outlives the platform, as tasks do, which read through it. It is
/// started when a job needs it, started again when it is gone meanwhile, and ends by itself when nobody needs it.
/// </summary>
internal sealed class LocalNodeAgent(LocalClusterOptions options, StateLayout layout, TimeProvider time)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>Without anybody who uses it.</summary>
    private const string EndsAfter = "60s";

    /// <summary>What an address of a socket has room for; tasks say what is wrong.</summary>
    private const int LongestSocketPath = 107;

    /// <summary>Of what the agent has complained of; as much again is kept of before.</summary>
    private const long LogBytes = 1 << 20;

    private int? started;
    private DateTimeOffset lookAgain = DateTimeOffset.MinValue;

    /// <summary>To be called again and again while somebody needs it.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    public void Ensure()
    {
        var now = time.GetUtcNow();
        if (now < lookAgain) return;
        lookAgain = now + BetweenLooks;
        if (layout.NodeSocket.Length > LongestSocketPath) return;
        BoundLog();
        if (started is { } pid && !Supervisor.HasEnded(pid)) return;
        started = null;
        if (Answers()) return;
        // Tasks of all people walk through it.
        Directory.CreateDirectory(layout.Mounts);
        File.SetUnixFileMode(layout.Mounts, StateFolders.Throughway);
        started = Supervisor.Start(
            options.NodeProgram!, ["--serve", layout.NodeSocket, "--server", options.ServerUrl, "--cache", layout.DatasetCache, "--mounts", layout.Mounts, "--idle-exit", EndsAfter], layout.NodeLog);
    }

    /// <summary>The agent appends to it, so what it says next is at the start; a line that comes between the copy and the cut is lost.</summary>
    private void BoundLog()
    {
        if (new FileInfo(layout.NodeLog) is not { Exists: true, Length: > LogBytes }) return;
        File.Copy(layout.NodeLog, layout.NodeLog + ".1", overwrite: true);
        using var log = File.OpenHandle(layout.NodeLog, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite);
    }

    /// <summary>One that an earlier life of the platform has started.</summary>
    private bool Answers()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(layout.NodeSocket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
