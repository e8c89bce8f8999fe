using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether nobody leaves in vain (7): with any one victim staying and the others gone, the gang would not fit.</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> NeededEvictions(CheckedWorld world)
    {
        var promised = NodesPromised(world);
        var elsewhere = new Room(world.ReadyNodes.Where(node => !promised.Contains(node)), node => node.Use(holder => holder.Stay != Stay.LeftBefore, IsPlanned));
        var quotas = new WaitingQuotas(world);
        foreach (var gang in world.Gangs.DistinctBy(gang => gang.Id).Where(gang => gang.Begin == Begin.OnceOthersLeft))
        {
            var limits = new Limits(world, gang);
            RunningJob[] leaving = [.. world.VictimsOf(gang.Id), .. world.ShrinkingFor(gang.Id).Select(resize => resize.Job)];
            var wrongs = from victim in world.VictimsOf(gang.Id)
                         where !limits.Forbid(victim, world.MilliDevicesKept(victim))
                         let wrong = !IsInTheWay(victim) ? "is not in its way" : FitsBeside(victim) ? "it fits beside" : null
                         where wrong is not null
                         select new Violation(7, gang.Id, $"evicts {victim.Standing.Id}, which {wrong}");
            if (wrongs.FirstOrDefault() is { } first) yield return first;

            // On the planned places, whatever the gang is like.
            bool IsInTheWay(RunningJob victim) => world.NodesOf(victim).Any(node => NeedsPlaceOf(world, gang, node, holder => holder.Job == victim, promised, [gang]));

            // On any places, where they are a matter of counts alone.
            bool FitsBeside(RunningJob victim)
            {
                if (gang.Job.Roles is not [var role] || gang.Job.Topology is { IsRequired: true } || MayHaveYielded(world, gang.Job)) return false;
                var changed = leaving.SelectMany(world.NodesOf).Concat(world.NodesOf(gang)).Distinct().ToArray();
                return elsewhere.Pools.Any(pool => AllowsCluster(gang.Job, pool.Cluster) && Accepts(role, pool.Accelerator)
                    && (pool.Accelerator == gang.Planned.Accelerator || !quotas.Forbid(gang.Job, pool.Accelerator))
                    && elsewhere.Slots(pool.Cluster, role.Each.MilliDevices > 0 ? pool.Accelerator : null, role, changed, node => node.Use(
                        holder => holder.Stay != Stay.LeftBefore && (holder.Job == victim || !world.LeavesFor(holder, gang)), other => IsPlanned(other) && other != gang)) >= role.Min);
            }
        }
    }

    private static bool IsPlanned(CheckedGang gang) => gang.Begin != Begin.Growing;

    /// <summary>By this plan, or by the one before to jobs that have had their turn since.</summary>
    private static HashSet<CheckedNode> NodesPromised(CheckedWorld world) =>
        [.. Promises(world).SelectMany(promise => promise.Gang.Tasks, (promise, task) => world.NodeAt(promise.Gang.Cluster, task.Node)).OfType<CheckedNode>()];

    private static IEnumerable<PlannedReservation> Promises(CheckedWorld world) => world.Plan.Reservations.Concat(world.Pending.Values.Select(job => job.Promised).OfType<PlannedReservation>());

    /// <summary>Whether machines may have been promised as the job was considered of which the plan tells no more: to others who come by their own sooner, some by what its victims leave.</summary>
    private static bool MayHaveYielded(CheckedWorld world, PendingJob job) => world.Gangs.Concat(world.Claims).Any(other =>
        other.Job != job && (other.Begin == Begin.Later || other.Job.PromisedFrom is not null) && world.RankOf(other.Job.Standing) >= world.RankOf(job.Standing));

    /// <summary>
    /// Whether the gang's places on the node are not free beside these, who are to leave it. Others may have left before or after: the gang
    /// has room without these only if it has room both ways. Who holds what is promised to another may have to go so that the promise is kept.
    /// </summary>
    /// <param name="together">The gang, and others for whom these leave too: they may have had their places before it.</param>
    private static bool NeedsPlaceOf(CheckedWorld world, CheckedGang gang, CheckedNode node, Func<Holder, bool> stays, HashSet<CheckedNode> promised, CheckedGang[] together)
    {
        var own = node.Planned.Where(planned => planned.Gang == gang).Select(planned => planned.Task).ToArray();
        return own.Length > 0 && (promised.Contains(node) || MayHaveYielded(world, gang.Job) || !IsBorne(After()) || !IsBorne(Before([gang])) || !IsBorne(Before(together)));

        NodeUse After() => node.Use(holder => holder.Stay == Stay.Stays || stays(holder), _ => true);

        NodeUse Before(CheckedGang[] served) => node.Use(
            holder => stays(holder) || (holder.Stay != Stay.LeftBefore && !Array.Exists(served, each => world.LeavesFor(holder, each))),
            other => served.Contains(other) || other.Begin != Begin.OnceOthersLeft);

        bool IsBorne(NodeUse use) => Array.TrueForAll(own, task => use.Bears(task.Each, task.Placement.Devices));
    }
}
