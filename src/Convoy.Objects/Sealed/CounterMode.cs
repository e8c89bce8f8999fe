using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Convoy.Objects.Sealed;

/// <summary>AES in counter mode, which .NET has not: encrypts and decrypts alike, from any byte on. Not for two threads at once.</summary>
/// <param name="counter">Of the first block.</param>
internal sealed class CounterMode(byte[] key, UInt128 counter) : IDisposable
{
    private const int BlockBytes = 16;

    /// <summary>Enough that what a call costs does not count, and little enough to stay in the cache.</summary>
    private const int PadBytes = 1 << 14;

    private readonly Aes aes = Of(key);
    private readonly byte[] pad = new byte[PadBytes];

    /// <param name="position">Of the first of the bytes, in the whole.</param>
    public void Apply(Span<byte> bytes, long position)
    {
        while (bytes.Length > 0)
        {
            var skip = (int)(position % BlockBytes);
            var count = Math.Min(bytes.Length, PadBytes - skip);
            var blocks = pad.AsSpan(0, (skip + count + BlockBytes - 1) / BlockBytes * BlockBytes);
            var next = counter + (UInt128)(position / BlockBytes);
            for (var at = 0; at < blocks.Length; at += BlockBytes) BinaryPrimitives.WriteUInt128BigEndian(blocks[at..], next++);
            aes.EncryptEcb(blocks, blocks, PaddingMode.None);
            Xor(bytes[..count], blocks.Slice(skip, count));
            bytes = bytes[count..];
            position += count;
        }
    }

    public void Dispose() => aes.Dispose();

    private static void Xor(Span<byte> bytes, ReadOnlySpan<byte> with)
    {
        var wide = MemoryMarshal.Cast<byte, Vector<byte>>(bytes);
        var wideWith = MemoryMarshal.Cast<byte, Vector<byte>>(with);
        for (var i = 0; i < wide.Length; i++) wide[i] ^= wideWith[i];
        for (var i = wide.Length * Vector<byte>.Count; i < bytes.Length; i++) bytes[i] ^= with[i];
    }

    private static Aes Of(byte[] key)
    {
        var aes = Aes.Create();
        aes.Key = key;
        return aes;
    }
}
