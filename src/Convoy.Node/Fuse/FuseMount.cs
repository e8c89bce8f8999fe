using Convoy.Core.Datasets;
using Convoy.Core.Languages;

namespace Convoy.NodeAgent.Fuse;

/// <summary>A version of a data set as a read-only file system, until it is disposed of.</summary>
public sealed class FuseMount : IAsyncDisposable
{
    /// <summary>The kernel's end of an unmounted file system is said at once; that a thread is not scheduled for a while is no reason to wait for ever.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Greeting = TimeSpan.FromSeconds(30);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FuseLateReads later;
    private bool isMounted;
    private int running;
    private int disposed;

    private FuseMount(string mountPoint, FuseLateReads later) => (MountPoint, this.later) = (mountPoint, later);

    public string MountPoint { get; }

    /// <summary>Completes when nothing is served any more: disposed of, or unmounted by somebody else.</summary>
    public Task Ended => ended.Task;

    /// <param name="mountPoint">A folder. What an earlier process left mounted there without serving it any more is taken away.</param>
    /// <param name="bytes">Lives longer than the mount.</param>
    /// <exception cref="FuseUnavailableException">Nothing can be mounted here; it says why.</exception>
    public static async Task<FuseMount> MountAsync(string mountPoint, Manifest manifest, IPackBytes bytes, FuseOptions options, CancellationToken cancellationToken)
    {
        mountPoint = Path.GetFullPath(mountPoint);
        RemoveDead(mountPoint);
#pragma warning disable CA2000 // What is made here is the mount's, or goes below; each loop disposes of itself and of its device.
        var later = new FuseLateReads(manifest, bytes, options);
        var mount = new FuseMount(mountPoint, later);
        try
        {
            var tree = new FuseTree(manifest, options.PublishedAt);
            var device = FuseDevice.Open(mountPoint, options.Source);
            mount.isMounted = true;
            var terms = await mount.StartFirst(new FuseLoop(device, manifest, tree, bytes, later, new FuseTerms(0, 0))).WaitAsync(Greeting, cancellationToken);
            for (var i = (options.Threads ?? Environment.ProcessorCount) - 1; i > 0 && device.Clone() is { } clone; i--) mount.Start(new FuseLoop(clone, manifest, tree, bytes, later, terms));
            ReadAhead.Set(mountPoint);
            return mount;
        }
        catch
        {
            mount.Unmount();
            await later.DisposeAsync();
            throw;
        }
#pragma warning restore CA2000
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        Unmount();
        try
        {
            await Ended.WaitAsync(Farewell);
        }
        catch (TimeoutException)
        {
            // Somebody else has unmounted it here while it is still used elsewhere: the threads end when the last user does.
        }

        await later.DisposeAsync();
    }

    /// <summary>
    /// Whoever has a file open learns that it is gone, instead of waiting for who does not answer any more. Where somebody has unmounted it, what
    /// is mounted there by now is not ours.
    /// </summary>
    private void Unmount()
    {
        if (isMounted && !Ended.IsCompleted) _ = Libc.Unmount(MountPoint, Libc.Force | Libc.Detach);
    }

    /// <summary>Takes away what nobody serves any more.</summary>
    public static unsafe void RemoveDead(string mountPoint)
    {
        var told = stackalloc byte[256];
        while (Libc.FileSystem(mountPoint, told) != 0 && Libc.LastError == Libc.NotConnected && Libc.Unmount(mountPoint, Libc.Detach) == 0);
    }

    private Task<FuseTerms> StartFirst(FuseLoop loop)
    {
        var agreed = new TaskCompletionSource<FuseTerms>(TaskCreationOptions.RunContinuationsAsynchronously);
        StartThread(() =>
        {
            if (loop.Negotiate(out var minor) is { } terms)
            {
                agreed.SetResult(terms);
            }
            else
            {
                agreed.SetException(new FuseUnavailableException(minor == 0
                    ? (Text)$"data sets cannot be mounted at {MountPoint}: the kernel hung up. Tasks can read the data set by Python"
                    : $"data sets cannot be mounted here: the kernel speaks FUSE 7.{minor}, and 7.{FuseWire.OldestMinor} is needed, which Linux 5.4 has. Tasks can read the data set by Python"));
            }

            // Also where nothing was agreed on, until it is unmounted.
            loop.Run();
            loop.Dispose();
        });
        return agreed.Task;
    }

    private void Start(FuseLoop loop) => StartThread(() =>
    {
        loop.Run();
        loop.Dispose();
    });

    private void StartThread(Action run)
    {
        Interlocked.Increment(ref running);
        var thread = new Thread(() =>
        {
            run();
            if (Interlocked.Decrement(ref running) == 0) ended.TrySetResult();
        })
        {
            IsBackground = true,
            Name = "fuse",
        };
        thread.Start();
    }
}
