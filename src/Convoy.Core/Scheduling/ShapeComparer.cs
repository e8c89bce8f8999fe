namespace Convoy.Core.Scheduling;

/// <summary>Jobs that ask for the same: where one of them finds no place, none of them does.</summary>
internal sealed class ShapeComparer : IEqualityComparer<PendingJob>
{
    public bool Equals(PendingJob? x, PendingJob? y)
    {
        if (ReferenceEquals(x, y)) return true;
        if (x is null || y is null || x.MaxDuration != y.MaxDuration || x.Topology != y.Topology || x.Roles.Count != y.Roles.Count || !Same(x.Clusters, y.Clusters)) return false;
        for (var i = 0; i < x.Roles.Count; i++)
        {
            var (one, other) = (x.Roles[i], y.Roles[i]);
            if (one.Role != other.Role || one.Min != other.Min || one.Each != other.Each || !Same(one.Accelerators, other.Accelerators) || one.Requirement != other.Requirement) return false;
        }

        return true;
    }

    public int GetHashCode(PendingJob obj)
    {
        var hash = 17L;
        foreach (var role in obj.Roles) hash = (((((hash * 31) + role.Min) * 31) + role.Each.MilliDevices) * 31) + role.Each.CpuMillicores + role.Each.MemoryBytes;
        return (int)(hash ^ (hash >> 32));
    }

    /// <summary>Whether both lists name the same in the same order.</summary>
    public static bool Same(IReadOnlyList<string> one, IReadOnlyList<string> other)
    {
        if (one.Count != other.Count) return false;
        for (var i = 0; i < one.Count; i++)
        {
            if (one[i] != other[i]) return false;
        }

        return true;
    }
}
