using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;
using Convoy.NodeAgent.Fuse;

// Arguments: the cache's folder, a folder with a manifest and packs, and where to mount it, if anywhere. Prints "mounted" then, a line for each range
// asked for, and "done"; what it has mounted it serves until it is killed.
var manifest = Manifest.Read(await File.ReadAllBytesAsync(Path.Combine(args[1], "manifest")));
using var cache = PackCache.Open(args[0]);
await using var version = cache.OpenVersion(manifest, new Residency(manifest).OfShare(1_000_000), new StoreFolder(args[1]), new CacheOptions { RangeBytes = 4 << 20 });
await using var mount = args.Length > 2 ? await FuseMount.MountAsync(args[2], manifest, version, new FuseOptions { PublishedAt = DateTimeOffset.UnixEpoch }, CancellationToken.None) : null;
if (mount is not null) Console.WriteLine("mounted");
Console.WriteLine(await version.FillAsync(CancellationToken.None) is { } problem ? problem.ToString() : "done");
if (mount is not null) await mount.Ended;

internal sealed class StoreFolder(string folder) : IPackSource
{
    public async Task ReadAsync(Sha256 pack, long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(Path.Combine(folder, pack.ToString()));
        if (await RandomAccess.ReadAsync(file, into, offset, cancellationToken) != into.Length) throw new EndOfStreamException();
        Console.WriteLine(offset);
    }
}
