using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>What a job that found no place is short of.</summary>
internal static class Shortage
{
    /// <summary>In the order in which they are looked at: the first of which there is too little is told.</summary>
    private static readonly WaitingUnit[] Kinds = [WaitingUnit.Devices, WaitingUnit.MilliDevices, WaitingUnit.Millicores, WaitingUnit.Bytes, WaitingUnit.Rdma];

    public static WaitingReason Explain(ClusterSnapshot snapshot, FreeSpace free, PendingJob job, JobId? reservedBy)
    {
        if (reservedBy is not null)
        {
            var (heldUnit, heldNeeded, heldFree, heldBlock) = Numbers(free, job);
            return new WaitingReason(WaitingToken.Reserved, heldUnit, heldNeeded, heldFree, heldBlock, 0, reservedBy);
        }

        if (free.Choices(job).Count == 0)
        {
            var token = job.UsesDevices && snapshot.Nodes.Any(node => FreeSpace.Allows(job, node)) ? WaitingToken.NoSuchAccelerator : WaitingToken.ClusterUnreachable;
            return new WaitingReason(token, WaitingUnit.Devices, job.MinDevices, 0, 0, 0);
        }

        var (unit, needed, total, largest) = Numbers(free, job);
        if (!free.WouldFitEmpty(job)) return new WaitingReason(WaitingToken.Infeasible, unit, needed, total, largest, 0);
        var shortOf = total < needed ? WaitingToken.InsufficientResources
            : job.Topology is { IsRequired: true } && free.WouldFit(job with { Topology = null }) ? WaitingToken.TopologyUnsatisfied : WaitingToken.Fragmented;
        return new WaitingReason(shortOf, unit, needed, total, largest, 0);
    }

    /// <summary>The first resource of which there is too little altogether, or else the scarcest kind the job uses.</summary>
    private static (WaitingUnit Unit, long Needed, long Free, long Largest) Numbers(FreeSpace free, PendingJob job)
    {
        var total = job.MinTotal;
        var withDevices = free.PoolsFor(job).ToArray();

        // Tasks without devices may be on any machine.
        var any = job.Roles.All(role => role.UsesDevices) ? withDevices : [.. free.Layout.Pools.Where(pool => FreeSpace.Allows(job, pool.Cluster))];
        var stock = free.At(Moment.Soon);
        (WaitingUnit Unit, long Needed, long Free, long Largest) scarcest = default;
        foreach (var kind in Kinds)
        {
            var needed = kind == WaitingUnit.MilliDevices ? total.Milli : Of(total, kind);
            if (needed == 0) continue;
            var (left, largest) = (0L, 0L);
            var allowed = free.Layout.Allowed.ForAny(job.Roles.Where(role => (kind == WaitingUnit.MilliDevices ? role.Each.Milli : Of(role.Each, kind)) > 0));
            foreach (var pool in kind is WaitingUnit.Devices or WaitingUnit.MilliDevices ? withDevices : any)
            {
                for (var node = pool.First; node < pool.End; node++)
                {
                    if (!stock.IsOpen(node) || !NodeSet.Has(allowed, free.Layout, node)) continue;
                    var (here, block) = kind == WaitingUnit.MilliDevices ? Shares(stock, node) : (Of(stock.Rows[node].Free, kind), Of(stock.Rows[node].Free, kind));
                    left += Math.Max(0, here);
                    largest = Math.Max(largest, block);
                }
            }

            if (scarcest.Needed == 0 || left < needed) scarcest = (kind, needed, left, largest);
            if (left < needed) break;
        }

        return scarcest;
    }

    private static long Of(in ResourceVector amount, WaitingUnit kind) => kind switch
    {
        WaitingUnit.Devices => amount.Devices,
        WaitingUnit.Millicores => amount.CpuMillicores,
        WaitingUnit.Bytes => amount.MemoryBytes,
        _ => amount.Rdma,
    };

    /// <summary>What is free of the node's devices for who shares them, and of one of them at most.</summary>
    private static (long Free, long Largest) Shares(Stock stock, int node)
    {
        var (free, largest) = (0L, 0L);
        if (stock.CountsDevices(node)) return (free, largest);
        foreach (var milli in stock.Milli(node))
        {
            free += Math.Max(0, milli);
            largest = Math.Max(largest, milli);
        }

        return (free, largest);
    }
}

/// <summary>Whether jobs could ever run on what is registered, whatever its state. Threads may share one.</summary>
public sealed class Feasibility(IReadOnlyList<Node> nodes)
{
    /// <summary>What was found out for jobs that are alike is remembered, and they may differ without end.</summary>
    private const int AsksBeforeForgetting = 10_000;

    private readonly Lock asking = new();
    private FreeSpace? space;
    private int asks;

    public IReadOnlyList<Node> Nodes { get; } = nodes;

    /// <summary>True where the gang fits on the empty clusters, nodes that are unwell included.</summary>
    public bool FitsEmpty(PendingJob job)
    {
        lock (asking)
        {
            if (asks++ % AsksBeforeForgetting == 0) space = null;
            return (space ??= FreeSpace.OfEmpty(Nodes)).WouldFit(job);
        }
    }
}
