using System.Runtime.InteropServices;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>The tasks that wait for a cluster and run there: what its free devices should be good for, where some of them are shared.</summary>
internal sealed class TypicalTasks(FreeSpace space)
{
    /// <summary>A shape that is seen more often weighs no more, so that sums stay in range.</summary>
    private const long MostAlike = Fragmentation.MostTasks / Fragmentation.MostShapes;

    private readonly NodeLayout layout = space.Layout;

    /// <summary>Running tasks of each pool that hold a share.</summary>
    private readonly int[] sharing = new int[space.Layout.Pools.Length];

    /// <summary>A running job has come or gone.</summary>
    public void Count(RunningJob job, int times)
    {
        foreach (var held in job.Places)
        {
            if (held.Taken.Milli > 0 && layout.IndexOf(job.Cluster, held.Node) is >= 0 and var node) sharing[layout.PoolOf[node]] += times;
        }
    }

    /// <summary>For each pool what breaks up its devices, alike for those of one cluster; null where nobody shares them.</summary>
    /// <param name="running">Those that were counted.</param>
    public Fragmentation?[] In(IReadOnlyList<PendingJob> pending, IReadOnlyList<RunningJob> running)
    {
        var isShared = sharing.Select(tasks => tasks > 0).ToArray();
        foreach (var job in pending)
        {
            if (!Shares(job)) continue;
            foreach (var pool in space.PoolsFor(job)) isShared[pool.Number] = true;
        }

        var byCluster = layout.Pools.Where(pool => isShared[pool.Number]).Select(pool => pool.Cluster).Distinct().ToDictionary(cluster => cluster, _ => new Dictionary<PodShape, long>());
        if (byCluster.Count == 0) return new Fragmentation?[sharing.Length];
        foreach (var job in pending)
        {
            foreach (var cluster in space.PoolsFor(job).GroupBy(pool => pool.Cluster))
            {
                var models = ModelSet.Of(cluster.Select(pool => pool.Model));
                foreach (var role in job.Roles) Add(byCluster.GetValueOrDefault(cluster.Key), role.Each, models, role.Min);
            }
        }

        foreach (var job in running)
        {
            if (!byCluster.TryGetValue(job.Cluster, out var workload)) continue;
            foreach (var held in job.Places)
            {
                if (layout.IndexOf(job.Cluster, held.Node) is >= 0 and var node) Add(workload, held.Taken, ModelSet.Of(layout.Pools[layout.PoolOf[node]].Model), 1);
            }
        }

        var typical = byCluster.ToDictionary(workload => workload.Key, workload => new Fragmentation(workload.Value.Select(seen => KeyValuePair.Create(seen.Key, Math.Min(seen.Value, MostAlike)))));
        return [.. layout.Pools.Select(pool => isShared[pool.Number] ? typical[pool.Cluster] : null)];
    }

    private static bool Shares(PendingJob job)
    {
        for (var i = 0; i < job.Roles.Count; i++)
        {
            if (job.Roles[i].Each.Milli > 0) return true;
        }

        return false;
    }

    private static void Add(Dictionary<PodShape, long>? workload, in ResourceVector each, ModelSet models, int tasks)
    {
        if (workload is not null && each.Devices <= DeviceSet.Most) CollectionsMarshal.GetValueRefOrAddDefault(workload, PodShape.Of(each, models), out _) += tasks;
    }
}
