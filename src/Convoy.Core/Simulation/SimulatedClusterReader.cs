using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using static Convoy.Core.Jobs.Reading.NodeBinder;

namespace Convoy.Core.Simulation;

/// <summary>A cluster, or everything that is wrong with its file.</summary>
public sealed record SimulatedClusterReading(SimulatedCluster? Cluster, IReadOnlyList<SpecProblem> Problems);

/// <summary>Reads a cluster's file.</summary>
/// <remarks>
/// <c>nodes: [{count: 8, gpus: 8, accelerator: V100, cpu: 96, memory: 512Gi, rack: r1}]</c>, and optionally <c>queues</c>
/// (<see cref="QueueSpecBinder"/>), <c>levels</c> (<see cref="LevelBinder"/>) and <c>moves: true</c>. Of a node nothing is required; what is left out is one
/// node, no device, and processors and memory for everybody.
/// </remarks>
public static class SimulatedClusterReader
{
    public static SimulatedClusterReading Read(DocumentNode document)
    {
        var binder = new NodeBinder();
        var members = binder.Members(document, "", ["nodes", "queues", "levels", "moves"], []);
        if (document is MappingNode) binder.Require(members, "", "nodes", document);
        var groups = Of(members, "", "nodes", (node, path) => binder.List(node, path, (each, at) => Group(binder, each, at))) ?? [];
        var queues = Of(members, "", "queues", new QueueSpecBinder(binder).Bind) ?? [];
        var levels = Of(members, "", "levels", new LevelBinder(binder).Bind) ?? Level.Defaults;
        var moves = OfValue(members, "", "moves", binder.Truth) ?? false;
        binder.AddMeanings([.. Problems(groups), .. QueueTreeValidator.Problems(queues), .. LevelBinder.Problems(levels, "levels")]);
        if (levels.Count == 0) binder.AddMeanings([new SpecProblem("levels", "BadValue", "must have at least one level; remove the key to have the usual ones")]);
        return binder.Problems.Count == 0
            ? new SimulatedClusterReading(new SimulatedCluster([.. groups.SelectMany(group => Enumerable.Repeat(group.Node, group.Count))]) { Queues = queues, Levels = levels, MovesJobs = moves }, [])
            : new SimulatedClusterReading(null, [.. binder.Problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)]);
    }

    private static NodeGroup Group(NodeBinder binder, DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["count", "gpus", "accelerator", "cpu", "memory", "rack"], []);
        return new NodeGroup(
            OfValue(members, path, "count", (each, at) => binder.Whole(each, at, SimulatedCluster.MaxNodes)) ?? 1,
            new SimulatedNode(OfValue(members, path, "gpus", (each, at) => binder.Whole(each, at, SimulatedNode.MaxGpus)) ?? 0, Of(members, path, "accelerator", binder.Text) ?? "")
            {
                CpuMillicores = OfValue(members, path, "cpu", (each, at) => binder.Parsed<CpuQuantity>(each, at, CpuQuantity.TryParse, "a number of cores such as 96"))?.Millicores ?? SimulatedNode.AnyCpuMillicores,
                MemoryBytes = OfValue(members, path, "memory", (each, at) => binder.Parsed<ByteSize>(each, at, ByteSize.TryParse, "a size such as 512Gi"))?.Bytes ?? SimulatedNode.AnyMemoryBytes,
                Topology = Of(members, path, "rack", binder.Text) is { } rack ? TopologyPath.OfRack(rack) : [],
            });
    }

    private static IEnumerable<SpecProblem> Problems(IReadOnlyList<NodeGroup> groups)
    {
        if (groups.Count == 0) yield return new SpecProblem("nodes", "BadValue", "must have at least one node");
        var nodes = 0L;
        for (var i = 0; i < groups.Count; i++)
        {
            var (count, node) = groups[i];
            nodes += Math.Max(0, count);
            if (count < 1 || nodes > SimulatedCluster.MaxNodes) yield return Wrong("count", $"must be at least 1, and all nodes together at most {SimulatedCluster.MaxNodes}");
            if (node.Gpus is < 0 or > SimulatedNode.MaxGpus) yield return Wrong("gpus", $"must be 0 to {SimulatedNode.MaxGpus}");
            if (node.Accelerator.Length > 0 && !JobSpecValidator.IsAcceleratorName(node.Accelerator)) yield return Wrong("accelerator", "must be 1 to 63 of letters, digits, '.', '_' and '-'");
            if (node.CpuMillicores > SimulatedNode.AnyCpuMillicores) yield return Wrong("cpu", "is more than a machine has");
            if (node.MemoryBytes > SimulatedNode.AnyMemoryBytes) yield return Wrong("memory", "must be at most 64Ti");
            if (node.Topology.Any(domain => domain.Any(char.IsControl))) yield return Wrong("rack", "must have no control characters");

            SpecProblem Wrong(string key, Text message) => new($"nodes[{i}].{key}", "BadValue", message);
        }
    }

    private sealed record NodeGroup(int Count, SimulatedNode Node);
}
