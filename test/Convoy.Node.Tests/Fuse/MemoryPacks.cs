using System.Runtime.InteropServices;
using Convoy.NodeAgent.Fuse;
using Convoy.Core.Datasets;
using Convoy.Core.Tests.Datasets;

namespace Convoy.NodeAgent.Tests.Fuse;

/// <summary>Packs in memory, all or some of whose pieces are at hand; others come late or not at all.</summary>
internal sealed class MemoryPacks : IPackBytes
{
    private readonly List<nint> packs = [];
    private int held;

    public MemoryPacks((string Path, byte[] Content)[] files)
    {
        var (manifest, contents) = Manifests.Pack(files);
        Manifest = Manifest.Read(manifest);
        foreach (var content in contents)
        {
            packs.Add(Marshal.AllocHGlobal(content.Length));
            Marshal.Copy(content, 0, packs[^1], content.Length);
        }
    }

    public Manifest Manifest { get; }

    public bool IsWhole { get; init; } = true;

    public Func<int, bool> Has { get; init; } = _ => true;

    public Func<int, CancellationToken, Task> Late { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Of pieces that somebody has at the moment.</summary>
    public int Held => held;

    /// <summary>Calls for bytes that were not at hand.</summary>
    public int LateReads { get; private set; }

    public bool Holds(int number, Chunk piece) => Has(number);

    public unsafe byte* Hold(int number, Chunk piece)
    {
        if (!Has(number)) return null;
        Interlocked.Increment(ref held);
        return (byte*)packs[piece.Pack] + piece.Offset;
    }

    public void Release(int number, Chunk piece) => Interlocked.Decrement(ref held);

    public async Task ReadAsync(int number, Chunk piece, int offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        lock (packs) LateReads++;
        await Late(number, cancellationToken);
        Copy(piece, offset, into.Span);
    }

    private unsafe void Copy(Chunk piece, int offset, Span<byte> into) => new Span<byte>((byte*)packs[piece.Pack] + piece.Offset + offset, into.Length).CopyTo(into);
}
