using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Fuse;

/// <summary>Where a piece of a file starts. Who reads on finds the next from here, without counting from the first.</summary>
/// <param name="Piece">Its number within the manifest.</param>
/// <param name="Start">Within the file.</param>
internal readonly record struct FilePosition(int File, int Piece, long Start)
{
    public static FilePosition FirstOf(int file, Manifest manifest) => new(file, manifest.FirstChunk(file), 0);

    public FilePosition Following(Manifest manifest) => new(File, Piece + 1, Start + manifest.ChunkAt(Piece).Length);

    /// <summary>The piece that has the byte, or the file's end.</summary>
    /// <param name="offset">Not before this.</param>
    public FilePosition At(long offset, Manifest manifest)
    {
        var (piece, start) = (Piece, Start);
        for (var end = manifest.FirstChunk(File + 1); piece < end; piece++)
        {
            var length = manifest.ChunkAt(piece).Length;
            if (start + length > offset) break;
            start += length;
        }

        return new FilePosition(File, piece, start);
    }
}
