using System.Numerics;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>
/// One search for places in one cluster. Tasks with devices go where they lie closest together; the others onto nodes without
/// accelerators if there are such with room, and then as near as may be.
/// </summary>
internal sealed class GangSearch(FreeSpace space, ClusterNodes cluster, Moment moment, TimeMap.Trial? trial)
{
    /// <summary>Nodes left with equally few devices of which the blocks are compared.</summary>
    private const int MostCompared = 16;

    private readonly NodeLayout layout = space.Layout;
    private readonly Stock stock = space.At(moment);
    private readonly List<Place> places = [];
    private int checkpoint;

    public List<Place>? TryTake(Gang gang, string? accelerator)
    {
        if (gang.UsesDevices) return cluster.Pool(accelerator) is { } pool && TryTake(gang, pool) ? places : null;
        if (cluster.Pool(null) is { } plain && TryTake(gang, plain)) return places;
        return cluster.HasAccelerators && TryTake(gang, pool: null) ? places : null;
    }

    public Place? TryTakeOne(RoleDemand role, string? accelerator)
    {
        if (role.UsesDevices) return cluster.Pool(accelerator) is { } pool && TryPut(role, layout.Only(pool.Whole)) ? places[0] : null;
        return TryPut(role, Plain(cluster.Whole)) || TryPut(role, Others(cluster.Whole)) ? places[0] : null;
    }

    /// <summary>The closest that the pool may hold the gang's leading roles, by what is free there altogether; null where it surely cannot.</summary>
    public TopologyLevel? Closest(Gang gang, Pool pool)
    {
        if (Best(layout.Only(pool.Whole), gang.Together, IsIsland(gang)) >= 0) return TopologyLevel.Node;
        for (var level = TopologyLevel.Rack; level <= gang.Widest && gang.LeadingTasks > 1; level++)
        {
            var (first, end) = pool.DomainsAt(level);
            for (var domain = first; domain < end; domain++)
            {
                if (gang.MayFitIn(stock.Domains, layout.Only(domain))) return level;
            }
        }

        return null;
    }

    private static bool IsIsland(Gang gang) => gang.Widest == TopologyLevel.Island;

    /// <param name="pool">Null where any of the cluster's may be used together.</param>
    private bool TryTake(Gang gang, Pool? pool)
    {
        if (TryNodes(gang, pool is null ? layout.Areas[cluster.Whole] : layout.Only(pool.Whole))) return true;
        if (gang.LeadingTasks <= 1) return false;
        for (var level = TopologyLevel.Rack; level <= gang.Widest; level++)
        {
            if (TryLevel(gang, pool, level)) return true;
        }

        return false;
    }

    /// <summary>The leading roles on one node.</summary>
    private bool TryNodes(Gang gang, ReadOnlySpan<int> scope)
    {
        var best = gang.Together.Milli > 0 ? -1 : Best(scope, gang.Together, IsIsland(gang));
        if (best < 0) return false;
        if (TryNode(gang, best)) return true;
        foreach (var domain in scope)
        {
            var (pool, first, end) = RangeOf(domain);
            for (var devices = gang.Together.Devices; devices <= pool.Most; devices++)
            {
                for (var node = stock.Next(pool, devices, first, end, gang.Together); node >= 0; node = stock.Next(pool, devices, node + 1, end, gang.Together))
                {
                    if (node != best && MayHold(node, gang.Together, IsIsland(gang)) && TryNode(gang, node)) return true;
                }
            }
        }

        return false;
    }

    private bool TryNode(Gang gang, int node)
    {
        Begin();
        var devices = layout.CountsDevices(node) ? DeviceSet.None : Choose(node, gang.Together.Devices, IsIsland(gang));
        for (var i = 0; i < gang.Leading; i++)
        {
            var role = gang.Roles[i];
            for (var task = 0; task < role.Min; task++)
            {
                var chosen = devices == DeviceSet.None ? DeviceSet.None : layout.Groups[node].Best(devices, role.Each.Devices).Devices;
                devices -= chosen;
                Put(role, node, chosen);
            }
        }

        return End(TryPutOthers(gang, node, layout.NarrowestDomain[node]));
    }

    /// <summary>The leading roles in one domain of this level; the fullest of those that may hold them first.</summary>
    private bool TryLevel(Gang gang, Pool? pool, TopologyLevel level)
    {
        var (first, end) = pool?.DomainsAt(level) ?? (0, cluster.AreasAt(level).Length);
        var (fullest, least) = (-1, long.MaxValue);
        for (var i = first; i < end; i++)
        {
            var scope = Scope(i);
            if (!MayHold(scope) || Devices(scope) is var free && free >= least) continue;
            (fullest, least) = (i, free);
        }

        if (fullest < 0) return false;
        if (TryDomain(gang, Scope(fullest))) return true;
        var rest = new List<(long Devices, int Domain)>();
        for (var i = first; i < end; i++)
        {
            if (i != fullest && MayHold(Scope(i))) rest.Add((Devices(Scope(i)), i));
        }

        rest.Sort();
        foreach (var (_, i) in rest)
        {
            if (TryDomain(gang, Scope(i))) return true;
        }

        return false;

        ReadOnlySpan<int> Scope(int i) => pool is null ? layout.Areas[cluster.AreasAt(level)[i]] : layout.Only(i);

        // What is one narrower domain has been tried as that.
        bool MayHold(ReadOnlySpan<int> scope) => !(scope.Length == 1 && layout.Domains[scope[0]].HoldsOneAlone) && gang.MayFitIn(stock.Domains, scope);

        long Devices(ReadOnlySpan<int> scope)
        {
            long devices = 0;
            foreach (var domain in scope) devices += stock.Domains[domain].Devices;
            return devices;
        }
    }

    private bool TryDomain(Gang gang, ReadOnlySpan<int> scope)
    {
        Begin();
        for (var i = 0; i < gang.Leading; i++)
        {
            for (var task = 0; task < gang.Roles[i].Min; task++)
            {
                if (!TryPut(gang.Roles[i], scope)) return End(false);
            }
        }

        return End(TryPutOthers(gang, -1, scope[0]));
    }

    /// <param name="node">Where all leading roles are; -1 where they are on several nodes.</param>
    /// <param name="domain">Around all leading roles.</param>
    private bool TryPutOthers(Gang gang, int node, int domain)
    {
        for (var i = gang.Leading; i < gang.Roles.Count; i++)
        {
            for (var task = 0; task < gang.Roles[i].Min; task++)
            {
                if (!TryPutNear(gang.Roles[i], node, domain, gang.Widest)) return false;
            }
        }

        return true;
    }

    private bool TryPutNear(RoleDemand role, int node, int domain, TopologyLevel widest)
    {
        for (var at = domain; at >= 0 && layout.Domains[at].Level <= widest; at = layout.Domains[at].Parent)
        {
            if (TryPut(role, Plain(layout.Domains[at].Area))) return true;
        }

        if (node >= 0 && stock.Rows[node].Holds(role.Each) && MayHold(node, role.Each, isIsland: false))
        {
            Put(role, node, DeviceSet.None);
            return true;
        }

        for (var at = domain; at >= 0 && layout.Domains[at].Level <= widest; at = layout.Domains[at].Parent)
        {
            if (TryPut(role, Others(layout.Domains[at].Area))) return true;
        }

        return false;
    }

    /// <summary>An area's nodes without accelerators.</summary>
    private ReadOnlySpan<int> Plain(int area) => HasPlain(area) ? layout.Areas[area].AsSpan(0, 1) : [];

    private ReadOnlySpan<int> Others(int area) => HasPlain(area) ? layout.Areas[area].AsSpan(1) : layout.Areas[area];

    private bool HasPlain(int area) => layout.Pools[layout.Domains[layout.Areas[area][0]].Pool].Accelerator is null;

    private bool TryPut(RoleDemand role, ReadOnlySpan<int> scope)
    {
        var node = role.Each.Milli > 0 ? -1 : Best(scope, role.Each, isIsland: false);
        if (node < 0) return false;
        Put(role, node, layout.CountsDevices(node) ? DeviceSet.None : Choose(node, role.Each.Devices, isIsland: false));
        return true;
    }

    private void Put(RoleDemand role, int node, DeviceSet devices)
    {
        var place = new Place(role, cluster.Name, layout.Nodes[node].Name, devices.ToArray()) { Index = node };
        space.Take(place);
        trial?.Add(place);
        places.Add(place);
    }

    private void Begin()
    {
        checkpoint = space.Checkpoint();
        places.Clear();
        trial?.Clear();
    }

    private bool End(bool isWhole)
    {
        if (isWhole) space.Keep(checkpoint);
        else space.Rollback(checkpoint);
        return isWhole;
    }

    /// <summary>The node on which this fits and which is left with the fewest devices, then with the most of its blocks; -1 where there is none.</summary>
    private int Best(ReadOnlySpan<int> scope, in ResourceVector each, bool isIsland)
    {
        var most = 0;
        foreach (var domain in scope) most = Math.Max(most, layout.Pools[layout.Domains[domain].Pool].Most);
        for (var devices = each.Devices; devices <= most; devices++)
        {
            foreach (var domain in scope)
            {
                var (pool, first, end) = RangeOf(domain);
                var node = Best(pool, devices, first, end, each, isIsland);
                if (node >= 0) return node;
            }
        }

        return -1;
    }

    private int Best(Pool pool, int devices, int first, int end, in ResourceVector each, bool isIsland)
    {
        var (best, cost, compared) = (-1, DeviceChoice.Worst, 0);
        for (var node = stock.Next(pool, devices, first, end, each); node >= 0; node = stock.Next(pool, devices, node + 1, end, each))
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

    /// <summary>Whether the node, which has room for this, may be used for it.</summary>
    private bool MayHold(int node, in ResourceVector each, bool isIsland)
    {
        if (isIsland && each.Devices > 1 && !IsTogether(node, each.Devices)) return false;
        return trial is null || trial.Allows(new NodeSpace(space, node), each);
    }

    private bool IsTogether(int node, int devices)
    {
        var groups = layout.Groups[node];
        return layout.CountsDevices(node) ? groups.Groups.IsEmpty : groups.IsTogether(groups.Best(stock.Rows[node].Idle, devices));
    }

    /// <summary>Devices that are on their way out go first: who waits for some of them anyway leaves the others to those who do not.</summary>
    private DeviceSet Choose(int node, int count, bool isIsland)
    {
        var groups = layout.Groups[node];
        var free = stock.Rows[node].Idle;
        var leaving = free - space.At(Moment.Now).Rows[node].Idle;
        if (isIsland || leaving == DeviceSet.None) return groups.Best(free, count).Devices;
        return leaving.Count >= count ? groups.Best(leaving, count).Devices : leaving | groups.Best(free - leaving, count - leaving.Count).Devices;
    }

    private (Pool Pool, int First, int End) RangeOf(int domain)
    {
        ref readonly var known = ref layout.Domains[domain];
        return (layout.Pools[known.Pool], known.First, known.End);
    }
}
