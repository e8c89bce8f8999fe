using System.Buffers;
using System.Buffers.Binary;

namespace Convoy.Core.Datasets;

/// <summary>Writes names as the number of bytes they share with the one before, the number of those they do not, and these; the first of a block shares none.</summary>
internal sealed class NameBlocks
{
    private readonly ArrayBufferWriter<byte> blocks = new();
    private readonly ArrayBufferWriter<byte> names = new();
    private readonly byte[] before = new byte[FilePath.LongestPart];
    private int beforeLength;
    private int count;

    public ReadOnlyMemory<byte> Blocks => blocks.WrittenMemory;

    public ReadOnlyMemory<byte> Names => names.WrittenMemory;

    public void Add(ReadOnlySpan<byte> name)
    {
        if (count++ % ManifestLayout.NamesOfBlock == 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(blocks.GetSpan(4), names.WrittenCount);
            blocks.Advance(4);
            beforeLength = 0;
        }

        var shared = name.CommonPrefixLength(before.AsSpan(0, beforeLength));
        var rest = name[shared..];
        var to = names.GetSpan(2 + rest.Length);
        (to[0], to[1]) = ((byte)shared, (byte)rest.Length);
        rest.CopyTo(to[2..]);
        names.Advance(2 + rest.Length);
        name.CopyTo(before);
        beforeLength = name.Length;
    }
}
