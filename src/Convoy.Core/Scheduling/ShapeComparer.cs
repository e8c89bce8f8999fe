namespace Convoy.Core.Scheduling;

/// <summary>Jobs that ask for the same: where one of them finds no place, none of them does.</summary>
internal sealed class ShapeComparer : IEqualityComparer<PendingJob>
{
    public bool Equals(PendingJob? x, PendingJob? y) => ReferenceEquals(x, y) || (x is not null && y is not null
        && x.MaxDuration == y.MaxDuration
        && x.Topology == y.Topology
        && x.Clusters.SequenceEqual(y.Clusters)
        && x.Roles.Count == y.Roles.Count
        && x.Roles.Zip(y.Roles).All(pair => pair.First.Role == pair.Second.Role && pair.First.Min == pair.Second.Min && pair.First.Each == pair.Second.Each
            && pair.First.Accelerators.SequenceEqual(pair.Second.Accelerators)));

    public int GetHashCode(PendingJob obj)
    {
        var hash = 17L;
        foreach (var role in obj.Roles) hash = (((((hash * 31) + role.Min) * 31) + role.Each.Devices) * 31) + role.Each.CpuMillicores + role.Each.MemoryBytes;
        return (int)(hash ^ (hash >> 32));
    }
}
