using Convoy.NodeAgent.Cache;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Tests.Cache;

/// <summary>A cache in a folder of its own, and a version in it, as they are after each start.</summary>
internal sealed class CacheFolder : IAsyncDisposable
{
    public const int Whole = 1_000_000;
    private readonly bool isOwn;
    private bool isClosed;

    private CacheFolder(string folder, bool isOwn, PackCache cache, VersionCache version) => (Folder, this.isOwn, Cache, Version) = (folder, isOwn, cache, version);

    public string Folder { get; }

    public PackCache Cache { get; }

    public VersionCache Version { get; }

    /// <param name="share">Millionths.</param>
    public static CacheFolder Open(PackShop shop, int share, string? folder = null, CacheOptions? options = null)
    {
        var place = folder ?? Directory.CreateTempSubdirectory("convoy-cache-").FullName;
        var cache = PackCache.Open(place);
        return new CacheFolder(place, folder is null, cache, cache.OpenVersion(shop.Manifest, new Residency(shop.Manifest).OfShare(share), shop, options ?? new CacheOptions { Patience = TimeSpan.FromSeconds(20) }));
    }

    public string PackPath(int pack, Manifest manifest) => Path.Combine(Folder, "packs", manifest.PackAt(pack).Sha256.ToString());

    public string Journal => Path.Combine(Folder, "journal");

    /// <summary>Bytes that the packs take on the disk.</summary>
    public async Task<long> DiskBytesAsync()
    {
        using var du = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("du", ["-s", "-B1", Path.Combine(Folder, "packs")]) { RedirectStandardOutput = true })!;
        var said = await du.StandardOutput.ReadToEndAsync();
        await du.WaitForExitAsync();
        return long.Parse(said.Split('\t')[0]);
    }

    /// <summary>Each file, through the version, as the file system reads it: held at once or not.</summary>
    public async Task<byte[]> ReadAsync(Manifest manifest, string path)
    {
        var file = manifest.FindFile(System.Text.Encoding.UTF8.GetBytes(path))!.Value;
        var content = new byte[manifest.FileSize(file)];
        var at = 0;
        for (var number = manifest.FirstChunk(file); number < manifest.FirstChunk(file + 1); number++)
        {
            var piece = manifest.ChunkAt(number);
            if (!TryHold(number, piece, content.AsSpan(at, piece.Length))) await Version.ReadAsync(number, piece, 0, content.AsMemory(at, piece.Length), CancellationToken.None);
            at += piece.Length;
        }

        return content;
    }

    public async Task<bool> HasAllAsync(Manifest manifest, (string Path, byte[] Content)[] files)
    {
        foreach (var (path, content) in files)
        {
            if (!(await ReadAsync(manifest, path)).AsSpan().SequenceEqual(content)) return false;
        }

        return true;
    }

    public async ValueTask CloseAsync()
    {
        if (isClosed) return;
        isClosed = true;
        await Version.DisposeAsync();
        Cache.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (isOwn) Directory.Delete(Folder, recursive: true);
    }

    private unsafe bool TryHold(int number, Chunk piece, Span<byte> into)
    {
        var start = Version.Hold(number, piece);
        if (start is null) return false;
        new Span<byte>(start, piece.Length).CopyTo(into);
        Version.Release(number, piece);
        return true;
    }
}
