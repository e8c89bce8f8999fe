using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>What is free on each node, as planning goes on. A scratch: the snapshot is never changed.</summary>
internal sealed class FreeSpace
{
    private readonly NodeSpace[] nodes;
    private readonly Dictionary<(string Cluster, string Node), NodeSpace> byName;
    private readonly Pool[] pools;
    private readonly Dictionary<NodeSpace, Pool> poolOf = [];

    private FreeSpace(ClusterSnapshot snapshot, bool countsOnly)
    {
        var counted = countsOnly ? snapshot.Nodes.Select(node => node with { AssignsDevices = false }) : snapshot.Nodes;
        nodes = [.. counted.Order(ByTopology).Select((node, index) => new NodeSpace(node, index))];
        byName = nodes.ToDictionary(space => (space.Node.Cluster, space.Node.Name));
        pools = [.. nodes.GroupBy(space => (space.Node.Cluster, space.Node.Accelerator)).Select(group => new Pool(group.Key.Cluster, group.Key.Accelerator, nodes, [.. group]))
            .OrderBy(pool => pool.Cluster, StringComparer.Ordinal).ThenBy(pool => pool.Accelerator, StringComparer.Ordinal)];
        foreach (var pool in pools)
        {
            foreach (var space in pool.Members) poolOf[space] = pool;
        }
    }

    /// <summary>Nodes by (cluster, name), less what the jobs given hold.</summary>
    public static FreeSpace Of(ClusterSnapshot snapshot, IEnumerable<RunningJob> holding)
    {
        var free = new FreeSpace(snapshot, countsOnly: false);
        foreach (var job in holding)
        {
            free.Take(job);
            if (job.IsStopping || job.IsResizing) free.Vacate(job.WhatLeaves());
        }

        return free;
    }

    /// <summary>The same without telling devices apart, and without looking at who is leaving.</summary>
    public static FreeSpace OfCounts(ClusterSnapshot snapshot, IEnumerable<RunningJob> holding)
    {
        var free = new FreeSpace(snapshot, countsOnly: true);
        foreach (var job in holding) free.Take(job);
        return free;
    }

    public ResourceVector FreeOn(string cluster, string node) => byName.TryGetValue((cluster, node), out var space) ? space.Free : default;

    public IEnumerable<NodeSpace> Usable(PendingJob job) => nodes.Where(space => space.Node.Health == NodeHealth.Ready && Allows(job, space.Node));

    public static bool Allows(PendingJob job, Node node) => Allows(job, node.Cluster);

    private static bool Allows(PendingJob job, string cluster) => job.Clusters.Contains("any") || job.Clusters.Contains(cluster);

    /// <summary>Clusters and accelerator types a gang may use, best first. A gang uses one type and never spans clusters.</summary>
    public IEnumerable<(string Cluster, string? Accelerator)> Choices(PendingJob job)
    {
        var allowed = pools.Where(pool => Allows(job, pool.Cluster)).ToArray();
        if (!job.UsesDevices) return allowed.Select(pool => pool.Cluster).Distinct().Select(cluster => (cluster, (string?)null));
        var types = job.AcceptableAccelerators ?? [.. allowed.Select(pool => pool.Accelerator).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        return types.SelectMany(type => allowed.Where(pool => pool.Accelerator == type), (type, pool) => (pool.Cluster, (string?)type));
    }

    /// <summary>
    /// Takes a place for every task of the gang's minimum, or nothing and null. The narrowest domain that holds the gang is
    /// taken, and of those that do the fullest.
    /// </summary>
    /// <param name="trial">Where given, no place is taken that somebody's reservation needs.</param>
    public List<Place>? TryTake(PendingJob job, string cluster, string? accelerator, Moment moment = Moment.Now, TimeMap.Trial? trial = null)
    {
        if (job.MinTasks == 1) return TryTakeIn(Everywhere, job, cluster, accelerator, moment, trial);
        var widest = job.Topology is { IsRequired: true } wish ? wish.Level : TopologyLevel.Cluster;
        for (var level = TopologyLevel.Node; level <= widest; level++)
        {
            foreach (var domain in Domains(level, job, cluster, accelerator))
            {
                if (TryTakeIn(domain, job, cluster, accelerator, moment, trial) is { } places) return places;
            }
        }

        return null;
    }

    public bool WouldFit(PendingJob job) => Choices(job).Any(choice =>
    {
        var places = TryTake(job, choice.Cluster, choice.Accelerator);
        if (places is not null) Give(places);
        return places is not null;
    });

    /// <summary>Best fit: the node that is left with the fewest devices, then the first in the order of topology and name.</summary>
    public Place? TryTakeOne(RoleDemand role, string cluster, string? accelerator, Moment moment = Moment.Now, TimeMap.Trial? trial = null) =>
        TryTakeOneIn(Everywhere, role, cluster, accelerator, moment, trial);

    private Domain Everywhere => new(0, nodes.Length);

    /// <summary>Parts of the cluster at this level that may hold the gang, the fullest first.</summary>
    private IEnumerable<Domain> Domains(TopologyLevel level, PendingJob job, string cluster, string? accelerator)
    {
        var largest = job.Roles.MaxBy(role => role.Each.Devices)!;
        var usable = pools.Where(pool => pool.Cluster == cluster && (largest.Each.Devices == 0 || pool.Accelerator == accelerator)).ToArray();
        return level == TopologyLevel.Cluster ? [Everywhere]
            : level == TopologyLevel.Node ? usable.SelectMany(pool => pool.NodesFor(job.MinTotal))
            : usable.SelectMany(pool => pool.DomainsFor(level, largest.Each.Devices, largest.Min));
    }

    private List<Place>? TryTakeIn(Domain domain, PendingJob job, string cluster, string? accelerator, Moment moment, TimeMap.Trial? trial)
    {
        var chosen = new List<Place>();
        trial?.Clear();

        // The largest tasks first: what is left of a node still holds small ones.
        foreach (var role in job.Roles.OrderByDescending(r => r.Each.Devices).ThenByDescending(r => r.Each.CpuMillicores).ThenByDescending(r => r.Each.MemoryBytes))
        {
            for (var i = 0; i < role.Min; i++)
            {
                if (TryTakeOneIn(domain, role, cluster, accelerator, moment, trial) is not { } place)
                {
                    Give(chosen);
                    return null;
                }

                chosen.Add(place);
            }
        }

        return chosen;
    }

    private Place? TryTakeOneIn(Domain domain, RoleDemand role, string cluster, string? accelerator, Moment moment, TimeMap.Trial? trial)
    {
        var best = pools.Where(pool => pool.Cluster == cluster && (role.Each.Devices == 0 || pool.Accelerator == accelerator))
            .Select(pool => pool.BestFit(domain, role.Each, moment, trial)).OfType<NodeSpace>().MinBy(space => (space.Free.Devices, space.Index));
        if (best is null) return null;
        var place = new Place(role, cluster, best.Node.Name, best.Choose(role.Each.Devices, moment));
        Take([place]);
        trial?.Add(place);
        return place;
    }

    public void Take(IEnumerable<Place> places)
    {
        foreach (var place in places) Change(place.Cluster, place.Node, space => space.Take(place.Role.Each, place.Devices));
    }

    public void Give(IEnumerable<Place> places)
    {
        foreach (var place in places) Change(place.Cluster, place.Node, space => space.Give(place.Role.Each, place.Devices));
    }

    /// <summary>Places just taken from what is free soon: they use up what is on its way out.</summary>
    public void Claim(IEnumerable<Place> places)
    {
        foreach (var place in places) Change(place.Cluster, place.Node, space => space.Claim(place.Role.Each, place.Devices));
    }

    public void Take(RunningJob job)
    {
        foreach (var held in job.Places) Change(job.Cluster, held.Node, space => space.Take(held.Taken, held.Devices));
    }

    public void Give(RunningJob job)
    {
        foreach (var held in job.Places) Change(job.Cluster, held.Node, space => space.Give(held.Taken, held.Devices));
    }

    /// <summary>The job goes: what it holds is free soon.</summary>
    public void Vacate(RunningJob job)
    {
        foreach (var held in job.Places)
        {
            Change(job.Cluster, held.Node, space =>
            {
                space.Give(held.Taken, held.Devices);
                space.Vacate(held.Taken, held.Devices);
            });
        }
    }

    /// <summary>Whether the job holds something on a node that a gang with this accelerator may use.</summary>
    public bool IsInTheWay(RunningJob job, string? accelerator) => job.Places.Any(held =>
        byName.TryGetValue((job.Cluster, held.Node), out var space) && space.Node.Health == NodeHealth.Ready && (accelerator is null || space.Node.Accelerator == accelerator));

    private void Change(string cluster, string node, Action<NodeSpace> change)
    {
        // A node that is gone from the snapshot has nothing left to give.
        if (!byName.TryGetValue((cluster, node), out var space)) return;
        var before = space.Free.Devices;
        change(space);
        poolOf[space].Move(space, before);
    }

    /// <summary>Domains are ranges of nodes in this order.</summary>
    private static Comparer<Node> ByTopology { get; } = Comparer<Node>.Create((x, y) =>
    {
        var order = string.CompareOrdinal(x.Cluster, y.Cluster);
        for (var i = 0; order == 0 && i < Math.Max(x.Topology.Count, y.Topology.Count); i++) order = string.CompareOrdinal(x.Topology.ElementAtOrDefault(i), y.Topology.ElementAtOrDefault(i));
        return order == 0 ? string.CompareOrdinal(x.Name, y.Name) : order;
    });
}
