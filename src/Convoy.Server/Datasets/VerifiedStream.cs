using System.Security.Cryptography;
using Convoy.Core.Datasets;
using Convoy.Objects;

namespace Convoy.Server.Datasets;

/// <summary>Bytes that are to have a hash: the last of them come only where they have. Whoever writes them elsewhere has not written a wrong object.</summary>
/// <param name="length">Of all of it; fewer are as wrong as others.</param>
internal sealed class VerifiedStream(Stream from, long length, Sha256 expected) : ForwardStream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long left = length;

    /// <exception cref="DamagedCopyException">They have another.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (left == 0 || buffer.Length == 0) return 0;
        var read = await from.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
        if (read == 0) throw new DamagedCopyException();
        hash.AppendData(buffer.Span[..read]);
        left -= read;
        return left > 0 || Sha256.Read(hash.GetHashAndReset()) == expected ? read : throw new DamagedCopyException();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) hash.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>An object has other bytes than it is named after.</summary>
internal sealed class DamagedCopyException() : Exception("it has other bytes there than it is named after");
