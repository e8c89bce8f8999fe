using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Convoy.Core.Jobs;

namespace Convoy.Server.Authentication;

/// <summary>Tokens with which a task may report for its own job's attempt and do nothing else. Signed, not stored.</summary>
public sealed class ReportTokens(byte[] key)
{
    private const string Prefix = "cvr_";

    public string For(JobId job, int attempt) => $"{Prefix}{job}_{attempt.ToString(CultureInfo.InvariantCulture)}_{Signature(job, attempt)}";

    /// <summary>The job and attempt, where the signature is ours.</summary>
    public (JobId Job, int Attempt)? Verify(string token)
    {
        if (!token.StartsWith(Prefix, StringComparison.Ordinal) || token.Length > 160) return null;
        var parts = token[Prefix.Length..].Split('_');
        if (parts.Length != 3 || !JobId.TryParse(parts[0], out var job) || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)) return null;
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(parts[2]), Encoding.ASCII.GetBytes(Signature(job, attempt))) ? (job, attempt) : null;
    }

    private string Signature(JobId job, int attempt) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"report|{job}|{attempt.ToString(CultureInfo.InvariantCulture)}")));
}
