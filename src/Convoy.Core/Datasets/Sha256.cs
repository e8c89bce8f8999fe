using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Convoy.Core.Datasets;

/// <summary>A SHA-256 hash; text form: 64 lower-case hexadecimal digits.</summary>
public readonly record struct Sha256(ulong A, ulong B, ulong C, ulong D) : IComparable<Sha256>
{
    /// <summary>Bytes.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    public static Sha256 Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return Read(hash);
    }

    public static Sha256 Read(ReadOnlySpan<byte> hash) => new(
        BinaryPrimitives.ReadUInt64BigEndian(hash),
        BinaryPrimitives.ReadUInt64BigEndian(hash[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[24..]));

    public static bool TryParse([NotNullWhen(true)] string? text, out Sha256 hash)
    {
        hash = default;
        if (text is not { Length: Size * 2 } || !text.All(char.IsAsciiHexDigitLower)) return false;
        hash = Read(Convert.FromHexString(text));
        return true;
    }

    public void Write(Span<byte> hash)
    {
        BinaryPrimitives.WriteUInt64BigEndian(hash, A);
        BinaryPrimitives.WriteUInt64BigEndian(hash[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(hash[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(hash[24..], D);
    }

    public int CompareTo(Sha256 other) => (A, B, C, D).CompareTo((other.A, other.B, other.C, other.D));

    public override string ToString()
    {
        Span<byte> hash = stackalloc byte[Size];
        Write(hash);
        return Convert.ToHexStringLower(hash);
    }
}
