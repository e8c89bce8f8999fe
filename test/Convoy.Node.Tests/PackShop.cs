using Convoy.NodeAgent.Cache;
using Convoy.Core.Datasets;
using Convoy.Core.Tests.Datasets;

namespace Convoy.NodeAgent.Tests;

/// <summary>A store of packs in memory that counts what is read of it, and can be made to fail.</summary>
internal sealed class PackShop : IPackSource
{
    private readonly Dictionary<Sha256, byte[]> packs = [];
    private long bytes;
    private int requests;

    public PackShop((string Path, byte[] Content)[] files)
    {
        var (manifest, contents) = Manifests.Pack(files);
        ManifestBytes = manifest;
        Manifest = Manifest.Read(manifest);
        foreach (var content in contents) packs[Sha256.Of(content)] = content;
    }

    public byte[] ManifestBytes { get; }

    public Manifest Manifest { get; }

    public IReadOnlyDictionary<Sha256, byte[]> Packs => packs;

    public long Bytes => Interlocked.Read(ref bytes);

    public int Requests => Volatile.Read(ref requests);

    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>What somebody has done to the bytes on their way.</summary>
    public Action<long, Memory<byte>> Spoil { get; set; } = (_, _) => { };

    public async Task ReadAsync(Sha256 pack, long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        await Before(cancellationToken);
        packs[pack].AsMemory((int)offset, into.Length).CopyTo(into);
        Spoil(offset, into);
        Interlocked.Add(ref bytes, into.Length);
        Interlocked.Increment(ref requests);
    }
}
