using System.Buffers.Binary;

namespace Convoy.Core.Datasets;

/// <summary>
/// The bytes of a manifest: a head, then sections of fixed-size records in little-endian order, each section at a multiple of 8. It is read
/// where it lies, mapped into memory: a file's size and place cost 20 bytes of it, and its name, needed only when somebody looks for it,
/// lies elsewhere. Directories stand in breadth-first order and their entries in the order of their names' bytes, so that the children of a
/// directory are one range, and a name is found by halving it.
/// </summary>
internal static class ManifestLayout
{
    public const int HeadBytes = 40 + (Sections * 16);
    public const int Sections = 10;

    /// <summary>Names that share a block are written as what differs from the one before: the fewer, the sooner one is found.</summary>
    public const int NamesOfBlock = 16;

    public const int PackRecord = Sha256.Size + 8;
    public const int ChunkRecord = 16;
    public const int DirectoryRecord = 20;

    /// <summary>A chunk is found by the number of its pack and its offset, in 8 bytes.</summary>
    public const int OffsetBits = 26;

    public static ReadOnlySpan<byte> Magic => "convoy\x01\x0a"u8;

    public static long Padded(long bytes) => (bytes + 7) / 8 * 8;

    public static void WriteChunk(Span<byte> record, Chunk chunk)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(record, ((ulong)(uint)chunk.Pack << OffsetBits) | (uint)chunk.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], chunk.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], chunk.Crc);
    }

    public static Chunk ReadChunk(ReadOnlySpan<byte> record)
    {
        var place = BinaryPrimitives.ReadUInt64LittleEndian(record);
        return new Chunk(
            (int)(place >> OffsetBits), (int)(place & ((1 << OffsetBits) - 1)), BinaryPrimitives.ReadInt32LittleEndian(record[8..]), BinaryPrimitives.ReadUInt32LittleEndian(record[12..]));
    }
}

/// <summary>In the order in which they stand.</summary>
internal enum ManifestSection
{
    /// <summary>Hash, length and number of its first segment, of each pack.</summary>
    Packs,

    /// <summary>A hash each, those of a pack after one another.</summary>
    SegmentHashes,

    /// <summary>Place, length and CRC of the pieces, those of a file after one another.</summary>
    Chunks,

    /// <summary>Of each file the number of its first piece, and of the end.</summary>
    FirstChunks,

    /// <summary>A hash each.</summary>
    FileHashes,

    /// <summary>Parent, first directory, number of directories, first file and number of files, of each.</summary>
    Directories,

    /// <summary>Where each block of names starts.</summary>
    DirectoryNameBlocks,

    DirectoryNames,
    FileNameBlocks,
    FileNames,
}
