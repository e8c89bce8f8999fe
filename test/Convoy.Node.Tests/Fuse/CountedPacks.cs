using System.Buffers.Binary;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Fuse;

namespace Convoy.NodeAgent.Tests.Fuse;

/// <summary>A file of any size, of which nothing is stored: every eight bytes of it say where they are.</summary>
internal sealed class CountedPacks : IPackBytes
{
    public bool IsWhole => true;

    public static long At(long position) => position / 8 * unchecked((long)0x9E3779B97F4A7C15);

    public bool Holds(int number, Chunk piece) => false;

    public unsafe byte* Hold(int number, Chunk piece) => null;

    public void Release(int number, Chunk piece)
    {
    }

    public Task ReadAsync(int number, Chunk piece, int offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        var start = ((long)number * PackLayout.SegmentBytes) + offset;
        var word = new byte[8];
        for (var i = 0; i < into.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(word, At(start + i));
            into.Span[i] = word[(start + i) % 8];
        }

        return Task.CompletedTask;
    }
}
