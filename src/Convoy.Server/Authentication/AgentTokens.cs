using System.Security.Cryptography;

namespace Convoy.Server.Authentication;

/// <summary>Tokens with which an agent keeps its one cluster and does nothing else: <c>cva_SECRET</c>. Only the hash is kept.</summary>
public static class AgentTokens
{
    private const string Prefix = "cva_";

    /// <summary>The token, and what is stored of it.</summary>
    public static (string Text, string Hash) New()
    {
        var text = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        return (text, BearerTokens.Hash(text));
    }

    public static bool LooksRight(string text) => text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length < 160;
}
