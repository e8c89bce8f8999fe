using Convoy.Clusters;
using Convoy.Core.Jobs;

namespace Convoy.Server;

/// <summary>What tasks print and leave is read from this server's own cluster. Of an attempt elsewhere there is nothing here, and whoever asks is told so.</summary>
public sealed class HereOnly(ICluster here)
{
    /// <summary>The cluster of the attempt that is asked for, or else of the latest, where it is not this server's own.</summary>
    /// <param name="anyAttempt">Any one that was here will do.</param>
    public string? Elsewhere(Job job, int? attempt, bool anyAttempt = false)
    {
        if (job.Attempts.Count == 0 || attempt > job.Attempts.Count) return null;
        if (anyAttempt && job.Attempts.Any(each => each.Cluster == here.Name)) return null;
        var cluster = (attempt is { } number ? job.Attempts[number - 1] : job.Attempts[^1]).Cluster;
        return cluster == here.Name ? null : cluster;
    }
}
