using Convoy.Core.Scheduling;

namespace Convoy.Client.Wire;

/// <summary>Body of <c>PUT /api/v1/nodes/{name}/wish</c>: nothing new lands on the node.</summary>
/// <param name="Health">Draining or Quarantined.</param>
/// <param name="Evict">Jobs on it go back to the queue, too.</param>
public sealed record NodeWishRequest(NodeHealth Health, bool Evict = false);

/// <param name="Evicted">Jobs that were told to leave the node.</param>
public sealed record NodeWishView(NodeView Node, int Evicted, int SchemaVersion = 1);
