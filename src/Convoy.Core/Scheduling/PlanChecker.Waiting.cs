using Convoy.Core.Jobs;
using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether every waiting job's reason is true (10): what waits for no reason would wait for ever.</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> TrueReasons(CheckedWorld world)
    {
        var claims = world.Claims.Select(claim => claim.Id).ToHashSet();
        var promised = world.Plan.Reservations.Select(promise => promise.Gang.Job).ToHashSet();
        var pools = world.Nodes.Select(node => (node.Node.Cluster, node.Node.Accelerator)).Distinct().ToArray();
        var owners = OwnerUse.Of(world.Snapshot.Running, CheckedWorld.MilliDevicesNow);
        foreach (var gang in world.Gangs) OwnerUse.Count(owners, gang);
        var conservation = new WorkConservation(world);
        foreach (var (id, reason) in world.Plan.Waiting)
        {
            if (!world.Pending.TryGetValue(id, out var job)) continue;
            var isFalse = reason.Token switch
            {
                WaitingToken.Held => !(job.NotBefore > world.Now),
                WaitingToken.Reserved => reason.BlockedBy is not { } ahead || ahead == id || !promised.Contains(ahead),
                WaitingToken.ExceedsLevelCap => !WouldExceedCap(world, job, owners),
                WaitingToken.ClusterUnreachable => pools.Any(pool => AllowsCluster(job, pool.Cluster)),
                WaitingToken.NoSuchAccelerator => job.Roles is [var role] && pools.Any(pool => AllowsCluster(job, pool.Cluster) && Accepts(role, pool.Accelerator)),
                WaitingToken.WaitingForPreemption => !claims.Contains(id),
                WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied or WaitingToken.Infeasible => false,
                _ => true,
            };
            if (isFalse) yield return new(10, id, $"waits as {reason.Token}, which is not true");
            if (reason.Token is not (WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied or WaitingToken.Infeasible)) continue;
            if (conservation.WhereItFits(job) is not { } cluster) continue;
            yield return new(cluster.IsLeft ? 10 : 9, id, $"waits as {reason.Token} though cluster {cluster.Name} has room{(cluster.IsLeft ? "" : ", but for gangs behind it")}");
        }
    }

    private static bool WouldExceedCap(CheckedWorld world, PendingJob job, Dictionary<string, OwnerUse> owners)
    {
        if (world.LevelOf(job.Standing) is not { } level) return false;
        var needed = job.Roles.Sum(role => role.Min * role.Each.MilliDevices);
        var use = owners.GetValueOrDefault(job.Standing.Owner);
        return use.Jobs + 1 > level.MaxRunning || needed > level.MaxGpusPerJob * MilliPerDevice || (needed > 0 && use.MilliDevices + needed > level.MaxGpus * MilliPerDevice);
    }

    /// <summary>Where waiting jobs of one role would find room.</summary>
    private sealed class WorkConservation(CheckedWorld world)
    {
        private readonly Room withoutPlan = new(world, node => node.Use(_ => true, _ => false));
        private readonly Room left = new(world, node => node.Use(_ => true, gang => gang.Begin != Begin.Growing));
        private readonly CheckedGang[] planned = [.. world.Gangs, .. world.Claims];

        /// <summary>A cluster where the job would fit were it not for gangs behind it, and whether it would fit with them too; null where there is none.</summary>
        public (string Name, bool IsLeft)? WhereItFits(PendingJob job)
        {
            if (job.Topology is { IsRequired: true } || job.Roles is not [var role]) return null;
            foreach (var (cluster, accelerator) in left.Pools)
            {
                var type = role.Each.MilliDevices > 0 ? accelerator : null;
                if (!AllowsCluster(job, cluster) || !Accepts(role, accelerator) || withoutPlan.Slots(cluster, type, role.Each) < role.Min) continue;
                if (left.Slots(cluster, type, role.Each) >= role.Min) return (cluster, true);
                var behind = planned.Where(gang => gang.Planned.Cluster == cluster && IsAhead(world, job, gang.Job)).ToHashSet();
                var nodes = behind.SelectMany(gang => gang.Tasks, (gang, task) => world.NodeAt(cluster, task.Placement.Node)).OfType<CheckedNode>().Distinct();
                if (left.Slots(cluster, type, role.Each, nodes, node => node.Use(_ => true, gang => gang.Begin != Begin.Growing && !behind.Contains(gang))) >= role.Min) return (cluster, false);
            }

            return null;
        }
    }

    private static bool IsAhead(CheckedWorld world, PendingJob oneJob, PendingJob otherJob)
    {
        var (one, other) = (oneJob.Standing, otherJob.Standing);
        var byRank = world.RankOf(one).CompareTo(world.RankOf(other));
        if (byRank != 0) return byRank > 0;
        if (oneJob.IsRepair != otherJob.IsRepair) return oneJob.IsRepair;
        if (one.Priority != other.Priority) return one.Priority > other.Priority;

        // How fair queues merge the lines of different people is not checked.
        if (one.Queue != other.Queue || one.Owner != other.Owner) return false;
        var byBand = BandOf(world, oneJob).CompareTo(BandOf(world, otherJob));
        if (byBand != 0) return byBand < 0;
        return one.SubmitSequence != other.SubmitSequence ? one.SubmitSequence < other.SubmitSequence : string.CompareOrdinal(one.Id.Value, other.Id.Value) < 0;
    }
}
