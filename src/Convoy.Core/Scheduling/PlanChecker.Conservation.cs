using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether a job waits though it could start (10), or for those who come after it (9).</summary>
public static partial class PlanChecker
{
    /// <summary>Where waiting jobs of one role would find room. For gangs of several roles and for required topology counts prove nothing.</summary>
    private sealed class WorkConservation(CheckedWorld world, WaitingQuotas quotas)
    {
        private readonly Room empty = new(world.Nodes, node => node.Use(_ => false, _ => false));
        private readonly Room withoutPlan = new(world.ReadyNodes, node => node.Use(_ => true, _ => false));
        private readonly Room left = new(world.ReadyNodes, node => node.Use(_ => true, IsPlanned));
        private readonly PromisedNodes promises = new(world);
        private readonly CheckedGang[] planned = [.. world.Gangs, .. world.Claims];

        /// <summary>Whether the job would fit if nothing ran and all machines were well.</summary>
        public bool FitsEmpty(PendingJob job) => PlacesOf(job, empty).Any(place => empty.Slots(place.Cluster, place.Accelerator, place.Role) >= place.Role.Min);

        /// <summary>A cluster where the job would fit were it not for gangs behind it, and whether it would fit with them too; null where there is none.</summary>
        public (string Name, bool IsLeft)? WhereItFits(PendingJob job)
        {
            foreach (var (cluster, accelerator, role) in PlacesOf(job, left))
            {
                if (withoutPlan.Slots(cluster, accelerator, role) < role.Min) continue;
                if (left.Slots(cluster, accelerator, role) >= role.Min)
                {
                    if (quotas.Forbid(job, accelerator)) continue;
                    return (cluster, true);
                }

                var behind = planned.Where(gang => gang.Planned.Cluster == cluster && IsAhead(world, job, gang)).ToHashSet();
                if (behind.Count == 0) continue;

                // Who is inside nominal goes before a borrower of any level.
                var ahead = planned.Where(gang => !behind.Contains(gang)).ToArray();
                var isInside = accelerator is null || world.Nominal.IsInside(job, accelerator, WaitingQuotas.MinMilliDevices(job), ahead);
                if (!isInside || quotas.Forbid(job, accelerator, ahead)) continue;
                if (left.Slots(cluster, accelerator, role, behind.SelectMany(world.NodesOf).Distinct(), node => node.Use(_ => true, Counts)) < role.Min) continue;
                if (SlotsBesidePromises(job, cluster, accelerator, role, Counts) >= role.Min) return (cluster, false);

                bool Counts(CheckedGang gang) => IsPlanned(gang) && !behind.Contains(gang);
            }

            return null;
        }

        private long SlotsBesidePromises(PendingJob job, string cluster, string? accelerator, RoleDemand role, Func<CheckedGang, bool> takes) => world.ReadyNodes
            .Where(node => node.Node.Cluster == cluster && (accelerator is null || node.Node.Accelerator == accelerator) && Landing.IsAllowed(role, node.Node))
            .Sum(node => Math.Min(node.Use(_ => true, takes).Slots(role.Each), promises.Slots(node, job, role.Each, takes)));

        /// <summary>Clusters that the job may run on, each with one of the types that it accepts; without a type where it needs no device.</summary>
        private static IEnumerable<(string Cluster, string? Accelerator, RoleDemand Role)> PlacesOf(PendingJob job, Room room) =>
            job.Topology is { IsRequired: true } || job.Roles is not [var role] ? []
            : room.Pools.Where(pool => AllowsCluster(job, pool.Cluster) && Accepts(role, pool.Accelerator)).Select(pool => (pool.Cluster, role.Each.MilliDevices > 0 ? pool.Accelerator : null, role)).Distinct();
    }

    /// <summary>
    /// Nobody who waits for machines is overtaken by one behind it that asks for the same in the same queue: wherever that starts, it
    /// could have, whatever the gang is like. Who makes others leave may have a right to it that the other has not.
    /// </summary>
    private static IEnumerable<Violation> Overtaken(CheckedWorld world)
    {
        var starting = world.Gangs.Where(gang => gang.Begin == Begin.Now).ToLookup(gang => ShapeOf(world, gang.Job));
        if (starting.Count == 0) yield break;
        foreach (var (id, reason) in world.Plan.Waiting)
        {
            if (!IsForMachines(reason) || !world.Pending.TryGetValue(id, out var job) || MayHaveYielded(world, job)) continue;
            if (starting[ShapeOf(world, job)].FirstOrDefault(gang => IsAhead(world, job, gang)) is { } gang) yield return new(9, id, $"waits as {reason.Token} though {gang.Id} behind it starts, which asks for the same");
        }
    }

    private static bool IsForMachines(WaitingReason reason) => reason.Token is WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied or WaitingToken.Infeasible;

    /// <summary>All that decides where the job may be, in words.</summary>
    private static string ShapeOf(CheckedWorld world, PendingJob job) => string.Join(
        '|', [job.Standing.Queue, $"{world.MayBeEvicted(job)} {job.MaxDuration} {job.Topology}", string.Join(',', job.Clusters), .. job.Roles.Select(role => $"{role.Role} {role.Min} {role.Each} {string.Join(',', role.Accelerators)} {role.Requirement}")]);

    /// <summary>Whether of two jobs inside nominal the one that waits is certainly considered first. How fair queues merge the lines of different people is not checked.</summary>
    private static bool IsAhead(CheckedWorld world, PendingJob job, CheckedGang gang)
    {
        var (one, other) = (job.Standing, gang.Job.Standing);
        var byRank = world.RankOf(one).CompareTo(world.RankOf(other));
        if (byRank != 0) return byRank > 0;
        if (job.IsRepair != gang.Job.IsRepair) return job.IsRepair;

        // What was promised is kept against equals; to whom it yields is not checked.
        if (gang.Job.PromisedFrom is not null) return false;
        if (one.Priority != other.Priority) return one.Priority > other.Priority;
        var isOneLine = (one.Queue == other.Queue && one.Owner == other.Owner) || (world.LineOf(one.Queue) is { } line && line == world.LineOf(other.Queue));
        if (!isOneLine) return false;
        var byBand = BandOf(world, job).CompareTo(BandOf(world, gang.Job));
        if (byBand != 0) return byBand < 0;
        return one.SubmitSequence != other.SubmitSequence ? one.SubmitSequence < other.SubmitSequence : string.CompareOrdinal(one.Id.Value, other.Id.Value) < 0;
    }
}
