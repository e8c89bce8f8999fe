using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Which node, and which of its devices, one task gets. Whole devices by best fit: the node that is left with the fewest devices, of
/// those the one whose aligned blocks suffer least. Where tasks of the pool share devices, by what breaks up least (<see cref="SharedPool"/>).
/// </summary>
/// <param name="trial">Where given, no place is found that somebody's reservation needs.</param>
internal sealed class NodeSearch(FreeSpace space, Moment moment, TimeMap.Trial? trial)
{
    /// <summary>Nodes left with equally few devices of which the blocks are compared.</summary>
    private const int MostCompared = 16;

    private readonly NodeLayout layout = space.Layout;
    private readonly Stock stock = space.At(moment);

    /// <summary>The best place for this on the nodes of some domains.</summary>
    /// <param name="scope">One of them, if it takes devices.</param>
    /// <param name="allowed">Where it may be; null means everywhere.</param>
    /// <param name="isIsland">Whether all devices must lie in one group.</param>
    public Found Find(ReadOnlySpan<int> scope, in ResourceVector each, NodeSet? allowed, bool isIsland = false)
    {
        if (each.Milli > 0 && !layout.CountsOnly) return FindShared(scope, each, allowed, isIsland);
        foreach (var domain in scope)
        {
            if (stock.IsShared(PoolOf(domain)) && FindShared(scope, each, allowed, isIsland) is { Node: >= 0 } found) return found;
        }

        var most = 0;
        foreach (var domain in scope) most = Math.Max(most, PoolOf(domain).Most);
        for (var devices = each.Devices; devices <= most; devices++)
        {
            foreach (var domain in scope)
            {
                if (Best(PoolOf(domain), devices, layout.Domains[domain].First, layout.Domains[domain].End, each, allowed, isIsland) is >= 0 and var node) return new Found(node, Choose(node, each.Devices, isIsland));
            }
        }

        return Found.None;
    }

    /// <summary>The score of the best place for this in a pool: the smaller the better; the largest number where there is none or nobody shares devices.</summary>
    public long BreaksUp(Pool pool, in ResourceVector each, NodeSet? allowed) => stock.IsShared(pool) && FindShared(pool, pool.First, pool.End, each, allowed, isIsland: false) is var (_, score) ? score : long.MaxValue;

    /// <summary>A place for a task on this node, which it may be on.</summary>
    /// <param name="within">The devices that it may have, where it takes whole ones.</param>
    public Found FindOn(int node, in ResourceVector each, DeviceSet within)
    {
        if (each.Milli > 0 && !layout.CountsOnly) return FindShared(layout.Pools[layout.PoolOf[node]], node, node + 1, each, allowed: null, isIsland: false)?.Found ?? Found.None;
        return new Found(node, within == DeviceSet.None ? within : layout.Groups[node].Best(within, each.Devices).Devices);
    }

    /// <summary>Whether the node has room for this and may be used for it.</summary>
    public bool MayHold(int node, in ResourceVector each, bool isIsland = false) =>
        stock.Rows[node].Holds(each)
        && (each.Milli == 0 || layout.Nodes[node].AssignsDevices)
        && (!isIsland || each.Devices <= 1 || IsTogether(node, each.Devices))
        && (trial is null || trial.Allows(new NodeSpace(space, node), each));

    /// <summary>Devices that are on their way out go first: who waits for some of them anyway leaves the others to those who do not.</summary>
    public DeviceSet Choose(int node, int count, bool isIsland)
    {
        if (count == 0 || layout.CountsDevices(node)) return DeviceSet.None;
        var groups = layout.Groups[node];
        var free = stock.Rows[node].Idle;
        var leaving = free - space.At(Moment.Now).Rows[node].Idle;
        if (isIsland || leaving == DeviceSet.None) return groups.Best(free, count).Devices;
        return leaving.Count >= count ? groups.Best(leaving, count).Devices : leaving | groups.Best(free - leaving, count - leaving.Count).Devices;
    }

    /// <summary>Of the nodes with so many devices free the one that is left with the largest blocks; -1 where this fits on none.</summary>
    private int Best(Pool pool, int devices, int first, int end, in ResourceVector each, NodeSet? allowed, bool isIsland)
    {
        var (best, cost, compared) = (-1, DeviceChoice.Worst, 0);
        for (var node = stock.Next(pool, devices, first, end, each, allowed); node >= 0; node = stock.Next(pool, devices, node + 1, end, each, allowed))
        {
            var choice = each.Devices == 0 || layout.CountsDevices(node) ? default : layout.Groups[node].Best(stock.Rows[node].Idle, each.Devices);
            if ((best < 0 || choice.CostsLessThan(cost)) && MayHold(node, each, isIsland))
            {
                (best, cost) = (node, choice);
                if (choice.IsWithoutLoss(each.Devices)) return best;
            }

            if (best >= 0 && ++compared == MostCompared) return best;
        }

        return best;
    }

    /// <summary>The place that breaks up least, in those pools where tasks share devices.</summary>
    private Found FindShared(ReadOnlySpan<int> scope, in ResourceVector each, NodeSet? allowed, bool isIsland)
    {
        var (best, least) = (Found.None, long.MaxValue);
        foreach (var number in scope)
        {
            ref readonly var domain = ref layout.Domains[number];
            var pool = layout.Pools[domain.Pool];
            if (each.Milli == 0 && !stock.IsShared(pool)) continue;
            if (FindShared(pool, domain.First, domain.End, each, allowed, isIsland) is var (found, score) && score < least) (best, least) = (found, score);
        }

        return best;
    }

    private (Found Found, long Score)? FindShared(Pool pool, int first, int end, ResourceVector each, NodeSet? allowed, bool isIsland)
    {
        if (each.Devices > DeviceSet.Most) return null;
        var shape = PodShape.Of(each, ModelSet.Any);
        if (stock.Shared(pool).Find(shape, first - pool.First, end - pool.First, at => NodeSet.Has(allowed, layout, pool.First + at) && MayHold(pool.First + at, each, isIsland)) is not var (place, score)) return null;
        var node = pool.First + place.Node;
        return (new Found(node, shape.IsShare ? place.Devices : Choose(node, each.Devices, isIsland)), score);
    }

    private bool IsTogether(int node, int devices)
    {
        var groups = layout.Groups[node];
        return layout.CountsDevices(node) ? groups.Groups.IsEmpty : groups.IsTogether(groups.Best(stock.Rows[node].Idle, devices));
    }

    private Pool PoolOf(int domain) => layout.Pools[layout.Domains[domain].Pool];
}

/// <param name="Node">-1 where none was found.</param>
/// <param name="Devices">None where the node counts them.</param>
internal readonly record struct Found(int Node, DeviceSet Devices)
{
    public static Found None => new(-1, DeviceSet.None);
}
