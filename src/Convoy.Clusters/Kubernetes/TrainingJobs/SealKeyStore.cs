using System.Security.Cryptography;
using System.Text;
using Convoy.Clusters.Kubernetes.Api;
using k8s;
using k8s.Models;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Where the key of <see cref="DecisionSeal"/> lies: in a secret in the agent's own namespace. Made once; of two agents that make it at once one finds the other's.</summary>
internal static class SealKeyStore
{
    private const string Name = "convoy-seal";
    private const string Key = "key";
    private const int KeyBytes = 32;

    public static async Task<ReadOnlyMemory<byte>> ReadOrMakeAsync(ApiClient api, string space, CancellationToken cancellationToken)
    {
        var path = $"/api/v1/namespaces/{space}/secrets/{Name}";
        for (var tries = 0; ; tries++)
        {
            try
            {
                var found = await api.GetAsync(path, ApiJson.Default.SecretObject, cancellationToken);
                return found.Data.TryGetValue(Key, out var text) ? Convert.FromBase64String(text) : throw new IOException($"the secret {space}/{Name} has no {Key}; delete it, and a new one is made");
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                await MakeAsync(api, space, cancellationToken);
            }
            catch (ApiException e) when (e.IsConflict && tries < 3)
            {
                // Another agent made it.
            }
        }
    }

    private static async Task MakeAsync(ApiClient api, string space, CancellationToken cancellationToken)
    {
        await api.ApplyAsync($"/api/v1/namespaces/{space}", Bytes(new V1Namespace { ApiVersion = "v1", Kind = "Namespace", Metadata = new V1ObjectMeta { Name = space } }), cancellationToken);
        var secret = new V1Secret
        {
            ApiVersion = "v1", Kind = "Secret", Type = "Opaque", Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = space },
            Data = new Dictionary<string, byte[]> { [Key] = RandomNumberGenerator.GetBytes(KeyBytes) },
        };
        try
        {
            await api.PostAsync($"/api/v1/namespaces/{space}/secrets", Bytes(secret), cancellationToken);
        }
        catch (ApiException e) when (e.IsConflict)
        {
            // Then it is there.
        }
    }

    private static byte[] Bytes(object body) => Encoding.UTF8.GetBytes(KubernetesJson.Serialize(body));
}
