using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes.Api;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>Node objects that stand for machines.</summary>
internal static class StandInNodes
{
    /// <summary>Makes the node, or makes it so.</summary>
    public static async Task SetAsync(ApiClient api, string name, int devices, bool isReady = true)
    {
        var amounts = new JsonObject { ["cpu"] = "64", ["memory"] = "512Gi", ["pods"] = "110", ["nvidia.com/gpu"] = devices.ToString(CultureInfo.InvariantCulture) };
        var node = new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["disk"] = "fast", ["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3", ["nvidia.com/gpu.memory"] = "81559" } },
        };
        try
        {
            await api.PostAsync("/api/v1/nodes", Encoding.UTF8.GetBytes(node.ToJsonString()), ApiJson.Default.NodeObject, CancellationToken.None);
        }
        catch (ApiException e) when (e.IsConflict)
        {
            // It is there already.
        }

        // Every new node is taken for not ready, and there is nobody to find out otherwise.
        await api.MergeAsync($"/api/v1/nodes/{name}", Encoding.UTF8.GetBytes("""{"spec":{"taints":null}}"""), ApiJson.Default.NodeObject, CancellationToken.None);
        var status = new JsonObject
        {
            ["status"] = new JsonObject
            {
                ["capacity"] = amounts.DeepClone(), ["allocatable"] = amounts, ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = isReady ? "True" : "False" }),
            },
        };
        await api.MergeAsync($"/api/v1/nodes/{name}/status", Encoding.UTF8.GetBytes(status.ToJsonString()), ApiJson.Default.NodeObject, CancellationToken.None);
    }
}
