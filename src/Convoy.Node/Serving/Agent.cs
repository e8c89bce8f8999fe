using System.Globalization;

namespace Convoy.NodeAgent.Serving;

/// <summary>Has data sets on this node for whoever asks at its socket, until it is stopped or nobody has needed it for long enough.</summary>
internal static class Agent
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>Opened before anything goes wrong: it takes a descriptor, and there may be none then.</summary>
    private static readonly TextWriter Log = Console.Error;
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    public static async Task RunAsync(AgentOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Cache, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(options.Mounts);
        await using var shelf = NodeShelf.Open(options.Cache, options.Mounts, options.Capacity, time, Report);
        Share(options.Mounts);
        using var socket = NodeSocket.Listen(options.Socket, shelf, options.Server, time, Report);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var serving = socket.ServeAsync(stop.Token);
        try
        {
            // Whichever ends first ends the agent: in peace where nobody has needed it for long, and with what went wrong otherwise.
            await await Task.WhenAny(serving, IdleAsync(socket, options, time, stop.Token), SweepAsync(options, time, stop.Token));
        }
        finally
        {
            File.Delete(options.Socket);
            await stop.CancelAsync();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await socket.EndedAsync();
            TrySweep(options.Mounts);
            _ = Libc.Unmount(options.Mounts, Libc.Detach);
        }
    }

    private static void Report(Exception e)
    {
        try
        {
            Log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ssZ} {e}"));
        }
        catch (IOException)
        {
            // Its disk is full: what is to be said is no reason to end.
        }
    }

    /// <summary>
    /// What is mounted in the folder from now on is seen by tasks that have mounts of their own, too, also what an agent mounts that is started when this one was
    /// killed. Where it cannot be done nothing can be mounted either, and that is said to who asks for it.
    /// </summary>
    private static void Share(string mounts)
    {
        var isShared = File.ReadLines("/proc/self/mountinfo").Any(line => line.Split(' ')[4] == mounts);
        if (isShared || Libc.Mount(mounts, mounts, "none", Libc.Bind, "") == 0) _ = Libc.Mount("none", mounts, "none", Libc.SharesMounts, "");
    }

    private static async Task IdleAsync(NodeSocket socket, AgentOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        while (options.IdleExit is not { } most || socket.IdleSince is not { } since || time.GetUtcNow() - since < most) await Task.Delay(BetweenLooks, time, cancellationToken);
    }

    /// <summary>
    /// What an agent that was killed left mounted, and nobody has asked for again. Not at once: until it is mounted again who reads there has to learn
    /// that it is gone, and not to find an empty folder.
    /// </summary>
    private static async Task SweepAsync(AgentOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        await Task.Delay(Grace, time, cancellationToken);
        TrySweep(options.Mounts);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
    }

    private static void TrySweep(string mounts)
    {
        try
        {
            foreach (var folder in Directory.GetDirectories(mounts)) TryRemove(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(e);
        }
    }

    private static void TryRemove(string folder)
    {
        Fuse.FuseMount.RemoveDead(folder);
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use.
        }
    }
}
