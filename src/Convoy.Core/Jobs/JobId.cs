using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Convoy.Core.Jobs;

/// <summary>
/// A job's identity, made by the client so that a retried submission is the same submission. A DNS label:
/// <c>j</c> followed by 7 to 31 of <c>a-z 0-9</c>.
/// </summary>
public readonly record struct JobId
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private JobId(string value) => Value = value;

    public string Value { get; } = "";

    public static bool TryParse([NotNullWhen(true)] string? text, out JobId id)
    {
        id = default;
        if (text is null || text.Length is < 8 or > 32 || text[0] != 'j' || !text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9'))) return false;
        id = new JobId(text);
        return true;
    }

    public static JobId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a job id");

    /// <summary>The id that belongs to a user's idempotency key: the same pair gives the same id everywhere.</summary>
    public static JobId FromKey(string user, string idempotencyKey)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{user.Length}:{user}{idempotencyKey}"), hash);
        return FromBits(hash);
    }

    /// <summary>An id of the first 75 of the bits given (at least ten bytes).</summary>
    public static JobId FromBits(ReadOnlySpan<byte> bits)
    {
        Span<char> text = stackalloc char[16];
        text[0] = 'j';
        for (var i = 0; i < 15; i++)
        {
            var bit = i * 5;
            var pair = (bits[bit / 8] << 8) | (bit / 8 + 1 < bits.Length ? bits[(bit / 8) + 1] : 0);
            text[i + 1] = Alphabet[(pair >> (11 - (bit % 8))) & 31];
        }

        return new JobId(new string(text));
    }

    public override string ToString() => Value;
}
