using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>
/// Marks a decision in a custom resource as Convoy's. Kubernetes' rights do not go by field, so whoever may make a TrainingJob may write its
/// assignment too, and would give themselves machines past every queue and cap. One without our mark, of another object, or changed since is
/// taken for none.
/// </summary>
internal sealed class DecisionSeal(ReadOnlyMemory<byte> key)
{
    public AssignmentRecord Mark(string space, string name, Assignment decision, int ownerNumber) => new(decision, ownerNumber, Of(space, name, decision, ownerNumber));

    public bool IsOurs(string space, string name, AssignmentRecord record) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(record.Seal), Encoding.ASCII.GetBytes(Of(space, name, record.Decision, record.OwnerNumber)));

    private string Of(string space, string name, Assignment decision, int ownerNumber)
    {
        using var text = new MemoryStream();
        text.Write(Encoding.UTF8.GetBytes($"{space}/{name}/{ownerNumber}/"));
        text.Write(JsonSerializer.SerializeToUtf8Bytes(decision, ApiJson.Default.Assignment));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key.Span, text.ToArray()));
    }
}
