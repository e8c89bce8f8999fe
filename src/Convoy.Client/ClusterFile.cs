using System.Globalization;
using System.Text;
using System.Text.Json;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Simulation;

namespace Convoy.Client;

/// <summary>The file of a cluster to simulate, in the same YAML as a job file.</summary>
public static class ClusterFile
{
    /// <summary>The cluster, or all of the file's problems with line and column.</summary>
    public static SimulatedClusterReading Read(string text)
    {
        var document = YamlDocument.Read(text);
        return document.Root is { } root
            ? SimulatedClusterReader.Read(root)
            : new SimulatedClusterReading(null, [document.Problem!]);
    }

    /// <summary>A file that reads as this cluster; of where a node lies it tells the rack, by the names of all that hold it.</summary>
    public static string ToYaml(SimulatedCluster cluster)
    {
        var yaml = new StringBuilder("nodes:\n");
        foreach (var group in cluster.Nodes.GroupBy(node => (node.Gpus, node.Accelerator, node.CpuMillicores, node.MemoryBytes, Rack: string.Join('/', node.Topology.Where(domain => domain.Length > 0)))))
        {
            var (gpus, accelerator, cpu, memory, rack) = group.Key;
            yaml.Append(CultureInfo.InvariantCulture, $"- {{count: {group.Count()}");
            if (gpus > 0) yaml.Append(CultureInfo.InvariantCulture, $", gpus: {gpus}");
            if (accelerator.Length > 0) yaml.Append(CultureInfo.InvariantCulture, $", accelerator: {Quoted(accelerator)}");
            if (cpu < SimulatedNode.AnyCpuMillicores) yaml.Append(CultureInfo.InvariantCulture, $", cpu: {new CpuQuantity(cpu)}");
            if (memory < SimulatedNode.AnyMemoryBytes) yaml.Append(CultureInfo.InvariantCulture, $", memory: {new ByteSize(memory)}");
            if (rack.Length > 0) yaml.Append(CultureInfo.InvariantCulture, $", rack: {Quoted(rack)}");
            yaml.Append("}\n");
        }

        // JSON is YAML: an organisation says its queues and levels as it does elsewhere.
        using var organisation = JsonDocument.Parse(new Organisation(cluster.Queues, cluster.Levels).ToJson());
        foreach (var list in organisation.RootElement.EnumerateObject().Where(list => list.Value.GetArrayLength() > 0))
        {
            yaml.Append(list.Name).Append(":\n");
            foreach (var item in list.Value.EnumerateArray()) yaml.Append("- ").Append(item.GetRawText()).Append('\n');
        }

        if (cluster.MovesJobs) yaml.Append("moves: true\n");
        return yaml.ToString();
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
