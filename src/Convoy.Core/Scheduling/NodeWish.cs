namespace Convoy.Core.Scheduling;

/// <summary>What an administrator said of a node: nothing new lands on it, until that is taken back.</summary>
/// <param name="Health"><see cref="NodeHealth.Draining"/> or <see cref="NodeHealth.Quarantined"/>.</param>
public sealed record NodeWish(string Cluster, string Node, NodeHealth Health, string By, DateTimeOffset At);
