using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Convoy.Core.Jobs;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation;

/// <summary>Machines that a what-if adds to a cluster: <c>4xA100:8</c>, four of eight.</summary>
internal sealed partial record AddedNodes(int Count, string Accelerator, int Gpus)
{
    /// <summary>May come several times.</summary>
    public static Option<AddedNodes[]?> Option() => new("--add-nodes")
    {
        Description = "Nodes to add to the cluster, such as 4xA100:8 for four with eight A100 each; may come several times",
        HelpName = "COUNTxTYPE:GPUS",
        CustomParser = result =>
        {
            var added = new List<AddedNodes>();
            foreach (var token in result.Tokens)
            {
                if (Parse(token.Value) is { } nodes) added.Add(nodes);
                else result.Refuse($"--add-nodes takes COUNTxTYPE:GPUS such as 4xA100:8, at most {SimulatedCluster.MaxNodes} nodes of {SimulatedNode.MaxGpus} GPUs, not '{token.Value}'");
            }

            return [.. added];
        },
    };

    /// <summary>With the processors and memory of a node of the same type, where there is one.</summary>
    public SimulatedCluster To(SimulatedCluster cluster)
    {
        var alike = cluster.Nodes.Where(node => node.Accelerator == Accelerator).OrderBy(node => node.Gpus == Gpus ? 0 : 1).FirstOrDefault() ?? new SimulatedNode(Gpus);
        var node = alike with { Gpus = Gpus, Accelerator = Accelerator, Topology = [] };
        if (cluster.Nodes.Count + Count > SimulatedCluster.MaxNodes) throw CommandException.Usage($"a cluster has at most {SimulatedCluster.MaxNodes} nodes, and this one would have {cluster.Nodes.Count + Count}");
        return cluster with { Nodes = [.. cluster.Nodes, .. Enumerable.Repeat(node, Count)] };
    }

    private static AddedNodes? Parse(string text)
    {
        var match = Pattern().Match(text);
        return match.Success && Number("count") is > 0 and <= SimulatedCluster.MaxNodes and var count && Number("gpus") is > 0 and <= SimulatedNode.MaxGpus and var gpus && JobSpecValidator.IsAcceleratorName(match.Groups["type"].Value)
            ? new AddedNodes(count, match.Groups["type"].Value, gpus)
            : null;

        int Number(string group) => int.TryParse(match.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    [GeneratedRegex(@"\A(?<count>[0-9]+)x(?<type>[^:]*):(?<gpus>[0-9]+)\z")]
    private static partial Regex Pattern();
}
