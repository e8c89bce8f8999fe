using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>How close together machines are, the closest first.</summary>
public enum TopologyLevel
{
    Island,
    Node,
    Rack,
    Block,
    Fabric,
    Zone,
    Region,
    Cluster,
}

/// <summary>How close together a gang's machines are wanted.</summary>
/// <param name="IsRequired">Wider apart it does not start; otherwise it only prefers this.</param>
public sealed record TopologyWish(TopologyLevel Level, bool IsRequired)
{
    /// <summary>Null where the job wishes nothing.</summary>
    public static TopologyWish? Of(JobSpec job) => job.Placement.Topology switch
    {
        { Required: { } level } => new TopologyWish(level, true),
        { Preferred: { } level } => new TopologyWish(level, false),
        _ => null,
    };
}

/// <summary>Reads where a node lies: region, zone, fabric, block, rack. Each lies within those before it, as far as they are told.</summary>
internal static class TopologyPath
{
    /// <summary>Levels that are told of nodes, outermost first.</summary>
    public static IReadOnlyList<TopologyLevel> Told { get; } = [TopologyLevel.Region, TopologyLevel.Zone, TopologyLevel.Fabric, TopologyLevel.Block, TopologyLevel.Rack];

    /// <summary>Of a node of which only the rack is known.</summary>
    public static IReadOnlyList<string> OfRack(string rack) => ["", "", "", rack];

    /// <summary>The domain at this level with all that hold it; null where the node's cluster does not tell.</summary>
    public static string? At(Node node, TopologyLevel level) =>
        NameOf(node, level) is null ? null : string.Join('/', Told.Where(each => each >= level).Select(each => NameOf(node, each)).OfType<string>());

    /// <summary>Nodes of one domain are neighbours in this order.</summary>
    public static int Compare(Node one, Node other)
    {
        var order = 0;
        for (var i = 0; order == 0 && i < Told.Count; i++) order = string.CompareOrdinal(NameOf(one, Told[i]), NameOf(other, Told[i]));
        return order;
    }

    /// <summary>The domain's own name; null where the node's cluster does not tell.</summary>
    public static string? NameOf(Node node, TopologyLevel level) => level switch
    {
        TopologyLevel.Region => Step(node, 0),
        TopologyLevel.Zone => Step(node, 1),
        TopologyLevel.Fabric => node.Fabric,
        TopologyLevel.Block => Step(node, 2),
        TopologyLevel.Rack => Step(node, 3),
        _ => null,
    };

    private static string? Step(Node node, int depth) => node.Topology.Count > depth ? node.Topology[depth] : null;
}
