using System.Runtime.InteropServices;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>The tasks that wait for each pool and run there, where some share devices: what its free devices should be good for.</summary>
internal sealed class TypicalTasks(FreeSpace space)
{
    /// <summary>A shape that is seen more often weighs no more, so that sums stay in range.</summary>
    private const long MostAlike = Fragmentation.MostTasks / Fragmentation.MostShapes;

    /// <summary>Running tasks of each pool that hold a share.</summary>
    private readonly int[] sharing = new int[space.Layout.Pools.Length];

    /// <summary>A running job has come or gone.</summary>
    public void Count(RunningJob job, int times)
    {
        foreach (var held in job.Places)
        {
            if (held.Taken.Milli > 0 && space.Layout.IndexOf(job.Cluster, held.Node) is >= 0 and var node) sharing[space.Layout.PoolOf[node]] += times;
        }
    }

    /// <summary>For each pool what breaks up its devices; null where nobody shares them.</summary>
    /// <param name="running">Those that were counted.</param>
    public Fragmentation?[] In(IEnumerable<PendingJob> pending, IEnumerable<RunningJob> running)
    {
        var workloads = new Dictionary<PodShape, long>?[sharing.Length];
        var waiting = pending as IReadOnlyCollection<PendingJob> ?? [.. pending];
        for (var pool = 0; pool < sharing.Length; pool++) workloads[pool] = sharing[pool] > 0 ? [] : null;
        foreach (var job in waiting)
        {
            if (!job.Roles.Any(role => role.Each.Milli > 0)) continue;
            foreach (var pool in space.PoolsFor(job)) workloads[pool.Number] ??= [];
        }

        if (workloads.All(workload => workload is null)) return new Fragmentation?[sharing.Length];
        foreach (var job in waiting)
        {
            if (!job.UsesDevices) continue;
            foreach (var pool in space.PoolsFor(job))
            {
                foreach (var role in job.Roles) Add(workloads[pool.Number], role.Each, role.Min);
            }
        }

        foreach (var job in running)
        {
            foreach (var held in job.Places)
            {
                if (space.Layout.IndexOf(job.Cluster, held.Node) is >= 0 and var node) Add(workloads[space.Layout.PoolOf[node]], held.Taken, 1);
            }
        }

        return [.. workloads.Select(workload => workload is null ? null : new Fragmentation(workload.Select(seen => KeyValuePair.Create(seen.Key, Math.Min(seen.Value, MostAlike)))))];
    }

    private static void Add(Dictionary<PodShape, long>? workload, in Resources.ResourceVector each, int tasks)
    {
        if (workload is null || each.MilliDevices == 0 || each.Devices > DeviceSet.Most) return;
        CollectionsMarshal.GetValueRefOrAddDefault(workload, PodShape.Of(each), out _) += tasks;
    }
}
