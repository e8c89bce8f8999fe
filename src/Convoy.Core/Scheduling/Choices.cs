namespace Convoy.Core.Scheduling;

/// <summary>
/// Which clusters and accelerator types jobs may use, best first: the types in the job's order, of each first the cluster that may
/// hold the gang within the narrowest domain, then by name. A single task that takes any type, where devices are shared, goes where
/// it breaks up least.
/// </summary>
internal sealed class Choices(FreeSpace space)
{
    /// <summary>By what decides it, so that it is listed once for all jobs that are alike in that.</summary>
    private readonly Dictionary<PendingJob, (string Cluster, string? Accelerator)[]> known = new(new SameWish());

    public IReadOnlyList<(string Cluster, string? Accelerator)> Of(PendingJob job)
    {
        var choices = All(job);
        if (choices.Length < 2) return choices;
        if (space.IsShared && job is { Roles: [{ Min: 1, Accelerators.Count: 0, UsesDevices: true } only] })
        {
            return [.. choices.OrderBy(choice => BreaksUp(only, choice.Cluster, choice.Accelerator))];
        }

        for (var i = 1; i < choices.Length; i++)
        {
            if (choices[i].Accelerator == choices[i - 1].Accelerator) return Ordered(choices, new Gang(job, space.Layout.Allowed));
        }

        return choices;
    }

    /// <summary>The same in no order that depends on what is free.</summary>
    public (string Cluster, string? Accelerator)[] All(PendingJob job)
    {
        if (!known.TryGetValue(job, out var choices)) known.Add(job, choices = Listed(job));
        return choices;
    }

    private (string Cluster, string? Accelerator)[] Listed(PendingJob job)
    {
        var allowed = space.Layout.Pools.Where(pool => FreeSpace.Allows(job, pool.Cluster)).ToArray();
        if (!job.UsesDevices) return [.. allowed.Select(pool => pool.Cluster).Distinct().Select(cluster => (cluster, (string?)null))];
        var types = job.AcceptableAccelerators ?? [.. allowed.Select(pool => pool.Accelerator).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        return [.. types.SelectMany(type => allowed.Where(pool => pool.Accelerator == type), (type, pool) => (pool.Cluster, (string?)type))];
    }

    private (string Cluster, string? Accelerator)[] Ordered((string Cluster, string? Accelerator)[] choices, Gang gang) =>
        [.. choices.GroupBy(choice => choice.Accelerator).SelectMany(type => type.OrderBy(choice => Closest(gang, choice.Cluster, choice.Accelerator)))];

    /// <summary>Who takes any type gets the one whose devices suffer least.</summary>
    private long BreaksUp(RoleDemand role, string name, string? accelerator)
    {
        var pool = space.Layout.Cluster(name)!.Pool(accelerator)!;
        return new NodeSearch(space, Moment.Now, null).BreaksUp(pool, role.Each, space.Layout.Allowed.For(role));
    }

    private int Closest(Gang gang, string name, string? accelerator)
    {
        var cluster = space.Layout.Cluster(name)!;
        var closest = new GangSearch(space, cluster, Moment.Now, null).Closest(gang, cluster.Pool(accelerator) ?? cluster.Pools[0]);
        return closest is { } level ? (int)level : int.MaxValue;
    }

    /// <summary>Jobs that may use the same clusters and types.</summary>
    private sealed class SameWish : IEqualityComparer<PendingJob>
    {
        public bool Equals(PendingJob? x, PendingJob? y)
        {
            if (x is null || y is null || x.Roles.Count != y.Roles.Count || !ShapeComparer.Same(x.Clusters, y.Clusters)) return false;
            for (var i = 0; i < x.Roles.Count; i++)
            {
                if (x.Roles[i].UsesDevices != y.Roles[i].UsesDevices || !ShapeComparer.Same(x.Roles[i].Accelerators, y.Roles[i].Accelerators)) return false;
            }

            return true;
        }

        public int GetHashCode(PendingJob obj) => HashCode.Combine(First(obj.Clusters), obj.Roles.Count > 0 ? First(obj.Roles[0].Accelerators) : "");

        private static string First(IReadOnlyList<string> names) => names.Count > 0 ? names[0] : "";
    }
}
