using System.Diagnostics;
using Convoy.NodeAgent.Fuse;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Tests;

/// <summary>A folder of its own to mount at, and what is mounted there. Tests that mount skip where they may not.</summary>
internal sealed class MountPoint : IAsyncDisposable
{
    public static readonly DateTimeOffset PublishedAt = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private readonly FuseMount mount;

    private MountPoint(FuseMount mount) => this.mount = mount;

    public string Folder => mount.MountPoint;

    public FuseMount Mount => mount;

    public static string NewFolder() => Directory.CreateTempSubdirectory("convoy-mount-").FullName;

    public static async Task<MountPoint> OfAsync(Manifest manifest, IPackBytes bytes, Func<FuseOptions, FuseOptions>? adjust = null, string? folder = null)
    {
        SkipWithoutFuse();
        var options = new FuseOptions { PublishedAt = PublishedAt, Patience = TimeSpan.FromSeconds(20) };
        return new MountPoint(await FuseMount.MountAsync(folder ?? NewFolder(), manifest, bytes, adjust is null ? options : adjust(options), CancellationToken.None));
    }

    public static void SkipWithoutFuse()
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "there is no /dev/fuse here");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may mount");
        var effective = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal)).Split('\t')[1];
        Assert.SkipUnless((Convert.ToUInt64(effective, 16) & (1UL << 21)) != 0, "root may not mount here: it lacks CAP_SYS_ADMIN");
    }

    public string PathOf(string path) => Path.Combine(Folder, path);

    public byte[] Read(string path) => File.ReadAllBytes(PathOf(path));

    public bool HasAll((string Path, byte[] Content)[] files) => files.All(file => Read(file.Path).AsSpan().SequenceEqual(file.Content));

    /// <summary>What a program says of the mount. Another process: what of this one is stopped by a page of the mount would stop who serves it.</summary>
    public async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, await error);
        return await output;
    }

    public async ValueTask DisposeAsync()
    {
        await mount.DisposeAsync();
        Directory.Delete(Folder);
    }
}
