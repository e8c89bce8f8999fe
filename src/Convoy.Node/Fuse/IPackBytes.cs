using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Fuse;

/// <summary>Where the bytes of a version's pieces come from: those at hand at once, and others when they come.</summary>
public unsafe interface IPackBytes
{
    /// <summary>Whether all pieces are at hand, or will be: then the kernel keeps what it has read, and asks of no file whether it may.</summary>
    bool IsWhole { get; }

    /// <summary>Whether the piece is at hand.</summary>
    /// <param name="number">Of the piece within the manifest.</param>
    bool Holds(int number, Chunk piece);

    /// <summary>Where the piece lies in memory, until <see cref="Release"/>; null where it is not at hand. To look at it may take as long as a disk does.</summary>
    byte* Hold(int number, Chunk piece);

    void Release(int number, Chunk piece);

    /// <summary>Bytes of a piece, right ones and all of them, wherever they are.</summary>
    /// <param name="offset">Within the piece.</param>
    /// <exception cref="IOException">They cannot be had.</exception>
    Task ReadAsync(int number, Chunk piece, int offset, Memory<byte> into, CancellationToken cancellationToken);
}
