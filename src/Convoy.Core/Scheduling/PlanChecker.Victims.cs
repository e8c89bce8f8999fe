using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether nobody leaves in vain (7).</summary>
public static partial class PlanChecker
{
    /// <summary>A victim is needed where the planned places are not free without its going.</summary>
    private static IEnumerable<Violation> NeededEvictions(CheckedWorld world)
    {
        var promised = PromisedNodes(world);
        foreach (var eviction in world.Plan.Evictions)
        {
            if (!world.Running.TryGetValue(eviction.Victim, out var victim)) continue;
            var isInTheWay = victim.Places.Select(place => place.Node).Distinct().Any(name => world.NodeAt(victim.Cluster, name) is { } node && IsInTheWay(node));
            if (!isInTheWay) yield return new(7, eviction.For, $"evicts {eviction.Victim}, which is not in its way");

            bool IsInTheWay(CheckedNode node)
            {
                if (node.Planned.TrueForAll(planned => planned.Gang.Id != eviction.For)) return false;

                // Who holds what is promised to another may have to go so that the promise is kept.
                if (promised.Contains(node)) return true;
                return !HasRoom(node, holder => holder.Stay == Stay.Stays || holder.Job == victim);
            }
        }
    }

    private static HashSet<CheckedNode> PromisedNodes(CheckedWorld world) =>
        [.. world.Plan.Reservations.SelectMany(promise => promise.Gang.Tasks, (promise, task) => world.NodeAt(promise.Gang.Cluster, task.Node)).OfType<CheckedNode>()];

    /// <summary>Whether all that is planned for the node fits beside these.</summary>
    private static bool HasRoom(CheckedNode node, Func<Holder, bool> holds)
    {
        var use = node.Use(holds, _ => true);
        return node.Planned.TrueForAll(planned => use.Bears(planned.Task.Each, planned.Task.Placement.Devices));
    }
}
