using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Convoy.Objects.Sealed;

/// <summary>
/// Hides what lies in a bucket from who can read its storage: each object is encrypted with AES-256 in counter mode (NIST SP 800-38A), so that
/// any part can be read by itself and is as long as before. The counter starts at the first 12 bytes of HMAC-SHA256(key, name) and four
/// zeros, and carries over all 16.
/// </summary>
/// <remarks>
/// An object's bytes must never change under its name, also not after it was removed: who has both versions has the difference of the two
/// texts. Names and lengths are not hidden. Nothing here notices that bytes were changed: what is read has to be compared with a hash.
/// </remarks>
/// <param name="key">32 random bytes.</param>
public sealed class SealedBucket(IBucket inner, byte[] key) : IBucket, IDisposable
{
    private readonly byte[] key = key.Length == 32 ? [.. key] : throw new ArgumentException("a key has 32 bytes", nameof(key));

    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellationToken) => inner.FindAsync(name, cancellationToken);

    public async Task PutAsync(string name, Stream content, long length, CancellationToken cancellationToken)
    {
        await using var hidden = new CounterModeStream(content, key, CounterOf(name), position: 0, leaveOpen: true);
        await inner.PutAsync(name, hidden, length, cancellationToken);
    }

    public async Task<Stream?> ReadAsync(string name, long offset, long length, CancellationToken cancellationToken) =>
        await inner.ReadAsync(name, offset, length, cancellationToken) is { } hidden ? new CounterModeStream(hidden, key, CounterOf(name), offset, leaveOpen: false) : null;

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, string after, CancellationToken cancellationToken) => inner.ListAsync(prefix, after, cancellationToken);

    public Task RemoveAsync(string name, CancellationToken cancellationToken) => inner.RemoveAsync(name, cancellationToken);

    /// <summary>Null: what the store would give to the one who has the address cannot be read.</summary>
    public Uri? LinkTo(string name, TimeSpan validFor)
    {
        ObjectName.Checked(name);
        return null;
    }

    public void Dispose() => (inner as IDisposable)?.Dispose();

    private UInt128 CounterOf(string name) =>
        BinaryPrimitives.ReadUInt128BigEndian(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(ObjectName.Checked(name)))) & ~(UInt128)uint.MaxValue;
}
