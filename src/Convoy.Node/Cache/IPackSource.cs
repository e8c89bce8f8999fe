using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Cache;

/// <summary>Where packs are read from that this node does not hold.</summary>
public interface IPackSource
{
    /// <summary>Fills <paramref name="into"/> with a pack's bytes from an offset on. They are compared with their hashes by who asked.</summary>
    /// <exception cref="IOException">They cannot be had, or not all of them.</exception>
    Task ReadAsync(Sha256 pack, long offset, Memory<byte> into, CancellationToken cancellationToken);
}
