using System.Security.Cryptography;
using Convoy.Core.Datasets;

namespace Convoy.Server.Datasets;

/// <summary>Bytes that are to have a hash: the last of them come only where they have. Whoever writes them elsewhere has not written a wrong object.</summary>
/// <param name="length">Of all of it; fewer are as wrong as others.</param>
internal sealed class VerifiedStream(Stream from, long length, Sha256 expected) : Stream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long left = length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

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

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) hash.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>An object has other bytes than it is named after.</summary>
internal sealed class DamagedCopyException() : Exception("it has other bytes there than it is named after");
