namespace Convoy.Core.Scheduling;

/// <summary>Nodes of one cluster and accelerator type: a range of the layout's, and so is each of its domains.</summary>
/// <param name="Model">The number of its accelerator among the cluster's.</param>
/// <param name="Most">Devices of the node that has most.</param>
/// <param name="HasIslands">Whether devices of one node may be told to lie in different groups.</param>
/// <param name="FirstDomain">Number of the first domain of each level from rack to cluster, and one behind the last: all of a level are neighbours.</param>
internal sealed record Pool(int Number, string Cluster, string? Accelerator, int Model, int First, int End, int Most, bool HasIslands, int[] FirstDomain)
{
    /// <summary>The pool itself.</summary>
    public int Whole => FirstDomain[TopologyLevel.Cluster - TopologyLevel.Rack];

    public (int First, int End) DomainsAt(TopologyLevel level) => (FirstDomain[level - TopologyLevel.Rack], FirstDomain[level - TopologyLevel.Rack + 1]);
}

/// <summary>The nodes of one pool that lie in one rack, block, fabric, zone or region, or in the cluster.</summary>
/// <param name="Parent">The next wider domain that is told of these nodes; -1 where there is none.</param>
/// <param name="Area">The number of the same domain with the cluster's other pools.</param>
/// <param name="HoldsOneAlone">All of it is one narrower domain: who finds no place there finds none here.</param>
internal readonly record struct Domain(int Pool, TopologyLevel Level, int First, int End, int Parent, int Area, bool HoldsOneAlone);
