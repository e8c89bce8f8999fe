using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;

// Arguments: the cache's folder, a folder with a manifest and packs. Prints a line for each range asked for, and "done".
var manifest = Manifest.Read(await File.ReadAllBytesAsync(Path.Combine(args[1], "manifest")));
using var cache = PackCache.Open(args[0]);
await using var version = cache.OpenVersion(manifest, new Residency(manifest).OfShare(1_000_000), new StoreFolder(args[1]), new CacheOptions { RangeBytes = 4 << 20 });
Console.WriteLine(await version.FillAsync(CancellationToken.None) is { } problem ? problem.ToString() : "done");

internal sealed class StoreFolder(string folder) : IPackSource
{
    public async Task ReadAsync(Sha256 pack, long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(Path.Combine(folder, pack.ToString()));
        if (await RandomAccess.ReadAsync(file, into, offset, cancellationToken) != into.Length) throw new EndOfStreamException();
        Console.WriteLine(offset);
    }
}
