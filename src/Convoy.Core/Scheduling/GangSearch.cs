using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>
/// One search for places in one cluster. Tasks with devices go where they lie closest together; the others onto nodes without
/// accelerators if there are such with room, and then as near as may be.
/// </summary>
internal sealed class GangSearch(FreeSpace space, ClusterNodes cluster, Moment moment, TimeMap.Trial? trial)
{
    private readonly NodeLayout layout = space.Layout;
    private readonly Stock stock = space.At(moment);
    private readonly NodeSearch nodes = new(space, moment, trial);
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
        var allowed = layout.Allowed.For(role);
        if (role.UsesDevices) return cluster.Pool(accelerator) is { } pool && TryPut(role, allowed, layout.Only(pool.Whole)) ? places[0] : null;
        return TryPut(role, allowed, Plain(cluster.Whole)) || TryPut(role, allowed, Others(cluster.Whole)) ? places[0] : null;
    }

    /// <summary>The closest that the pool may hold the gang's leading roles, by what is free there altogether; null where it surely cannot.</summary>
    public TopologyLevel? Closest(Gang gang, Pool pool)
    {
        if (!gang.IsSplit && nodes.Find(layout.Only(pool.Whole), gang.Together, gang.AllowedTogether, gang.NeedsIsland).Node >= 0) return TopologyLevel.Node;
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

    /// <param name="pool">Null where any of the cluster's may be used together.</param>
    private bool TryTake(Gang gang, Pool? pool)
    {
        var everywhere = pool is null ? layout.Areas[cluster.Whole] : layout.Only(pool.Whole);
        if ((gang.NeedsIsland || (gang.WantsIsland && pool is { HasIslands: true })) && TryNodes(gang, everywhere, isIsland: true)) return true;
        if (!gang.NeedsIsland && TryNodes(gang, everywhere, isIsland: false)) return true;
        if (gang.LeadingTasks <= 1) return false;
        for (var level = TopologyLevel.Rack; level <= gang.Widest; level++)
        {
            if (TryLevel(gang, pool, level)) return true;
        }

        return false;
    }

    /// <summary>The leading roles on one node.</summary>
    /// <param name="isIsland">With all their devices in one group.</param>
    private bool TryNodes(Gang gang, ReadOnlySpan<int> scope, bool isIsland)
    {
        var best = gang.IsSplit ? Found.None : nodes.Find(scope, gang.Together, gang.AllowedTogether, isIsland);
        if (best.Node < 0 && !gang.IsSplit) return false;
        if (best.Node >= 0 && TryNode(gang, best)) return true;
        foreach (var domain in scope)
        {
            var (first, end) = (layout.Domains[domain].First, layout.Domains[domain].End);
            var pool = layout.Pools[layout.Domains[domain].Pool];
            for (var devices = gang.Together.Devices; devices <= pool.Most; devices++)
            {
                for (var node = stock.Next(pool, devices, first, end, gang.Together, gang.AllowedTogether); node >= 0; node = stock.Next(pool, devices, node + 1, end, gang.Together, gang.AllowedTogether))
                {
                    if (node != best.Node && nodes.MayHold(node, gang.Together, isIsland) && TryNode(gang, new Found(node, nodes.Choose(node, gang.Together.Devices, isIsland)))) return true;
                }
            }
        }

        return false;
    }

    /// <param name="found">A node with room for the leading roles, and whole devices for them.</param>
    private bool TryNode(Gang gang, Found found)
    {
        Begin();
        var (node, devices) = found;
        for (var i = 0; i < gang.Leading; i++)
        {
            var role = gang.Roles[i];
            for (var task = 0; task < role.Min; task++)
            {
                var place = nodes.FindOn(node, role.Each, devices);
                if (place.Node < 0) return End(false);
                devices -= place.Devices;
                Put(role, place);
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
                if (!TryPut(gang.Roles[i], gang.Allowed(i), scope)) return End(false);
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
                if (!TryPutNear(gang.Roles[i], gang.Allowed(i), node, domain, gang.Widest)) return false;
            }
        }

        return true;
    }

    private bool TryPutNear(RoleDemand role, NodeSet? allowed, int node, int domain, TopologyLevel widest)
    {
        for (var at = domain; at >= 0 && layout.Domains[at].Level <= widest; at = layout.Domains[at].Parent)
        {
            if (TryPut(role, allowed, Plain(layout.Domains[at].Area))) return true;
        }

        if (node >= 0 && NodeSet.Has(allowed, layout, node) && nodes.MayHold(node, role.Each))
        {
            Put(role, new Found(node, DeviceSet.None));
            return true;
        }

        for (var at = domain; at >= 0 && layout.Domains[at].Level <= widest; at = layout.Domains[at].Parent)
        {
            if (TryPut(role, allowed, Others(layout.Domains[at].Area))) return true;
        }

        return false;
    }

    /// <summary>An area's nodes without accelerators.</summary>
    private ReadOnlySpan<int> Plain(int area) => HasPlain(area) ? layout.Areas[area].AsSpan(0, 1) : [];

    private ReadOnlySpan<int> Others(int area) => HasPlain(area) ? layout.Areas[area].AsSpan(1) : layout.Areas[area];

    private bool HasPlain(int area) => layout.Pools[layout.Domains[layout.Areas[area][0]].Pool].Accelerator is null;

    private bool TryPut(RoleDemand role, NodeSet? allowed, ReadOnlySpan<int> scope)
    {
        var found = nodes.Find(scope, role.Each, allowed);
        if (found.Node < 0) return false;
        Put(role, found);
        return true;
    }

    private void Put(RoleDemand role, Found found)
    {
        var place = new Place(role, cluster.Name, layout.Nodes[found.Node].Name, found.Devices.ToArray()) { Index = found.Node };
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
}
