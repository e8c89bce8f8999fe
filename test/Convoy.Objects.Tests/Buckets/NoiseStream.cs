using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Convoy.Objects.Tests.Buckets;

/// <summary>As many bytes as wanted, the same for the same seed, in pieces of odd sizes, forwards only; it may break off.</summary>
internal sealed class NoiseStream(int seed, long length, long breaksAt = long.MaxValue) : Stream
{
    private readonly Random sizes = new(seed);
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Of what was read so far.</summary>
    public string Sha256 => Convert.ToHexStringLower(hash.GetCurrentHash());

    public static byte[] Of(int seed, int length)
    {
        var bytes = new byte[length];
        using var noise = new NoiseStream(seed, length);
        noise.ReadExactly(bytes);
        return bytes;
    }

    public override int Read(Span<byte> buffer)
    {
        if (at >= breaksAt) throw new IOException("simulated: the connection broke");
        var count = (int)Math.Min(Math.Min(buffer.Length, Math.Min(length, breaksAt) - at), sizes.Next(1, 100_000));
        Fill(buffer[..count]);
        hash.AppendData(buffer[..count]);
        at += count;
        return count;
    }

    /// <summary>Splitmix64 of the place, eight bytes a time: a seeded Random takes longer than all that is tested.</summary>
    private void Fill(Span<byte> bytes)
    {
        Span<byte> eight = stackalloc byte[8];
        for (var i = 0; i < bytes.Length;)
        {
            var skip = (int)((at + i) % 8);
            var z = (((ulong)seed << 40) + (ulong)((at + i) / 8)) * 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            BinaryPrimitives.WriteUInt64LittleEndian(eight, z ^ (z >> 31));
            var count = Math.Min(8 - skip, bytes.Length - i);
            eight.Slice(skip, count).CopyTo(bytes[i..]);
            i += count;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
