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
        var quotas = new WaitingQuotas(world);
        var conservation = new WorkConservation(world, quotas);
        foreach (var (id, reason) in world.Plan.Waiting)
        {
            if (!world.Pending.TryGetValue(id, out var job)) continue;
            var isFalse = reason.Token switch
            {
                WaitingToken.Held => !(job.NotBefore > world.Now),
                WaitingToken.DatasetNotReady => job.Data is null,
                WaitingToken.Reserved => reason.BlockedBy is not { } ahead || ahead == id || !promised.Contains(ahead),
                WaitingToken.ExceedsLevelCap => !WouldExceedCap(world, job, owners),
                WaitingToken.WaitingForQuota => !IsShort(world, job, reason) || !Types(job).Any(type => quotas.Forbid(job, type)),
                WaitingToken.ExceedsQueueQuota => !IsShort(world, job, reason) || !Types(job).Any() || !Types(job).All(type => quotas.ForbidForEver(job, type)),
                WaitingToken.ClusterUnreachable => pools.Any(pool => AllowsCluster(job, pool.Cluster)),
                WaitingToken.NoSuchAccelerator => job.Roles is [var role] && pools.Any(pool => AllowsCluster(job, pool.Cluster) && Accepts(role, pool.Accelerator)),
                WaitingToken.WaitingForPreemption => !claims.Contains(id),
                WaitingToken.Infeasible => conservation.FitsEmpty(job),
                WaitingToken.TopologyUnsatisfied => job.Topology is not { IsRequired: true },
                WaitingToken.InsufficientResources or WaitingToken.Fragmented => false,
                _ => true,
            };
            if (isFalse) yield return new(10, id, $"waits as {reason.Token}, which is not true");
            if (!IsForMachines(reason) || conservation.WhereItFits(job) is not { } cluster) continue;
            yield return new(cluster.IsLeft ? 10 : 9, id, $"waits as {reason.Token} though cluster {cluster.Name} has room{(cluster.IsLeft ? "" : ", but for gangs behind it")}");
        }

        IEnumerable<string> Types(PendingJob job) =>
            pools.Where(pool => pool.Accelerator is not null && AllowsCluster(job, pool.Cluster) && job.Roles.All(role => Accepts(role, pool.Accelerator))).Select(pool => pool.Accelerator!).Distinct();
    }

    /// <summary>Whether the numbers tell of too little quota, in a queue that the job is in.</summary>
    private static bool IsShort(CheckedWorld world, PendingJob job, WaitingReason reason) =>
        reason.Unit is WaitingUnit.Devices or WaitingUnit.MilliDevices && reason.Free < reason.Needed && (reason.Queue is null || world.PathOf(job.Standing.Queue).Contains(reason.Queue));

    private static bool WouldExceedCap(CheckedWorld world, PendingJob job, Dictionary<string, OwnerUse> owners)
    {
        if (world.LevelOf(job.Standing) is not { } level) return false;
        var needed = job.Roles.Sum(role => role.Min * role.Each.MilliDevices);
        var use = owners.GetValueOrDefault(job.Standing.Owner);
        return use.Jobs + 1 > level.MaxRunning || needed > level.MaxGpusPerJob * MilliPerDevice || (needed > 0 && use.MilliDevices + needed > level.MaxGpus * MilliPerDevice);
    }
}
