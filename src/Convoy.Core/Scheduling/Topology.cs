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
public sealed record TopologyWish(TopologyLevel Level, bool IsRequired);

/// <summary>Reads where a node lies: region, zone, block, rack.</summary>
internal static class TopologyPath
{
    /// <summary>The domain at this level with all that hold it; null where the node's cluster does not tell.</summary>
    public static string? At(Node node, TopologyLevel level)
    {
        var depth = level switch { TopologyLevel.Rack => 4, TopologyLevel.Block => 3, TopologyLevel.Zone => 2, TopologyLevel.Region => 1, _ => int.MaxValue };
        return node.Topology.Count < depth ? null : string.Join('/', node.Topology.Take(depth));
    }
}
