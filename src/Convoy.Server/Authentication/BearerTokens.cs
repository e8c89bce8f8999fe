using System.Security.Cryptography;
using System.Text;
using Convoy.Core.People;

namespace Convoy.Server.Authentication;

/// <summary>People's tokens: <c>cvy_ID_SECRET</c>. The whole text is hashed; only the hash is kept.</summary>
public static class BearerTokens
{
    private const string Prefix = "cvy_";

    public static (string Text, AccessToken Stored) New(string user, DateTimeOffset now, DateTimeOffset? expiresAt, string? label)
    {
        var id = "t" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        var text = $"{Prefix}{id}_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
        return (text, new AccessToken(id, user, Hash(text), now, expiresAt, null, label));
    }

    public static bool LooksRight(string text) => text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length < 160;

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
