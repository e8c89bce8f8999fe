using System.Collections.Immutable;
using Convoy.Core.Jobs;

namespace Convoy.Server.Loops;

/// <summary>The loops of all clusters that belong to the platform now.</summary>
public sealed class ClusterLoops(IEnumerable<ClusterLoop> first)
{
    private ImmutableDictionary<string, ClusterLoop> all = first.ToImmutableDictionary(loop => loop.Cluster, StringComparer.Ordinal);

    /// <summary>Of the clusters where a job has been. One that was removed since has nothing of it any more that could be asked for.</summary>
    public IEnumerable<ClusterLoop> Of(Job job) => job.Attempts.Select(attempt => attempt.Cluster).Distinct().Select(name => Volatile.Read(ref all).GetValueOrDefault(name)).OfType<ClusterLoop>();

    public void Add(ClusterLoop loop) => ImmutableInterlocked.TryAdd(ref all, loop.Cluster, loop);

    public void Remove(ClusterLoop loop) => ImmutableInterlocked.TryRemove(ref all, loop.Cluster, out _);
}
