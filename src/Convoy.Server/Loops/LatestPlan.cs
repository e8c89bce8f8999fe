using System.Collections.Immutable;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Loops;

/// <summary>A plan, indexed for those who ask.</summary>
/// <param name="Order">Waiting jobs as the scheduler considers them.</param>
public sealed record LatestPlan(IReadOnlyList<WaitingJob> Order, ImmutableDictionary<JobId, WaitingReason> Reasons)
{
    /// <summary>Why nothing of the plan was done; null where it was.</summary>
    public Restraint? Halt { get; init; }

    public static LatestPlan None { get; } = new([], ImmutableDictionary<JobId, WaitingReason>.Empty);

    /// <summary>A gang whose victims are only being told waits as well, in front of those that have no gang.</summary>
    public static LatestPlan Of(Plan plan)
    {
        var victims = plan.Evictions.Select(eviction => eviction.For).Concat(plan.Resizes.SelectMany(resize => resize.For)).CountBy(gang => gang).ToDictionary();
        return Of(
        [
            .. plan.Gangs.Where(gang => victims.ContainsKey(gang.Job))
                .Select(gang => new WaitingJob(gang.Job, new WaitingReason(WaitingToken.WaitingForPreemption, WaitingUnit.Jobs, victims[gang.Job], 0, 0, 0))),
            .. plan.Waiting,
        ]);
    }

    /// <summary>A plan that is not carried out: whoever would start waits as well, before all others.</summary>
    public static LatestPlan Of(Plan plan, Restraint? halt) => halt is null ? Of(plan) : Of(
    [
        .. plan.Gangs.Select(gang => new WaitingJob(gang.Job, new WaitingReason(WaitingToken.Held, WaitingUnit.Jobs, 0, 0, 0, 0))),
        .. plan.Waiting,
    ]) with { Halt = halt };

    /// <summary>Who may use only clusters that are silent lacks no machines: nobody knows of any.</summary>
    /// <param name="silent">Names of clusters.</param>
    /// <param name="reporting">Names of the others.</param>
    public LatestPlan WithSilence(IReadOnlyCollection<string> silent, IReadOnlyCollection<string> reporting, IReadOnlyList<PendingJob> pending)
    {
        if (silent.Count == 0) return this;
        var cut = pending.Where(job => !reporting.Any(name => FreeFor(job, name)) && silent.Any(name => FreeFor(job, name))).Select(job => job.Standing.Id).ToHashSet();
        return Of([.. Order.Select(waiting => cut.Contains(waiting.Job) && waiting.Reason.Token is WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied or WaitingToken.NoSuchAccelerator
            ? waiting with { Reason = waiting.Reason with { Token = WaitingToken.ClusterUnreachable } }
            : waiting)]) with { Halt = Halt };

        static bool FreeFor(PendingJob job, string cluster) => job.Clusters.Contains("any") || job.Clusters.Contains(cluster);
    }

    private static LatestPlan Of(WaitingJob[] order) => new(order, order.ToImmutableDictionary(waiting => waiting.Job, waiting => waiting.Reason));
}
