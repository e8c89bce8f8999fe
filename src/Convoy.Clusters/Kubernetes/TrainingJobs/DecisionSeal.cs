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

    /// <summary>What Convoy decided for the object; null where it decided nothing, whatever stands in it: anything may.</summary>
    public AssignmentRecord? Read(TrainingJobObject item)
    {
        if (item.Assignment.ValueKind != JsonValueKind.Object) return null;
        try
        {
            return item.Assignment.Deserialize(ApiJson.Default.AssignmentRecord) is { Decision: { } decision, Seal: { } mark } record
                && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(mark), Encoding.ASCII.GetBytes(Of(item.Metadata.Namespace, item.Metadata.Name, decision, record.OwnerNumber))) ? record : null;
        }
#pragma warning disable CA1031 // Whatever somebody wrote there that cannot be read is none of ours.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private string Of(string space, string name, Assignment decision, int ownerNumber)
    {
        using var text = new MemoryStream();
        text.Write(Encoding.UTF8.GetBytes($"{space}/{name}/{ownerNumber}/"));
        text.Write(JsonSerializer.SerializeToUtf8Bytes(decision, ApiJson.Default.Assignment));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key.Span, text.ToArray()));
    }
}
