using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>What a job that found no place is short of.</summary>
internal static class Shortage
{
    public static WaitingReason Explain(ClusterSnapshot snapshot, FreeSpace free, PendingJob job, JobId? reservedBy)
    {
        if (reservedBy is not null)
        {
            var (heldUnit, heldNeeded, heldFree, heldBlock) = Numbers(free, job);
            return new WaitingReason(WaitingToken.Reserved, heldUnit, heldNeeded, heldFree, heldBlock, 0, reservedBy);
        }

        if (!free.Choices(job).Any())
        {
            var token = snapshot.Nodes.Any(node => FreeSpace.Allows(job, node)) && job.UsesDevices ? WaitingToken.NoSuchAccelerator : WaitingToken.ClusterUnreachable;
            return new WaitingReason(token, WaitingUnit.Devices, job.MinDevices, 0, 0, 0);
        }

        var (unit, needed, total, largest) = Numbers(free, job);
        if (!Feasibility.FitsEmpty(snapshot, job)) return new WaitingReason(WaitingToken.Infeasible, unit, needed, total, largest, 0);
        var shortOf = total < needed ? WaitingToken.InsufficientResources
            : job.Topology is { IsRequired: true } && free.WouldFit(job with { Topology = null }) ? WaitingToken.TopologyUnsatisfied : WaitingToken.Fragmented;
        return new WaitingReason(shortOf, unit, needed, total, largest, 0);
    }

    /// <summary>The first resource of which there is too little altogether, or else the scarcest kind the job uses.</summary>
    private static (WaitingUnit Unit, long Needed, long Free, long Largest) Numbers(FreeSpace free, PendingJob job)
    {
        var wanted = job.AcceptableAccelerators;
        var usable = free.Usable(job).Where(space => !job.UsesDevices || (space.Node.Accelerator is { } type && (wanted?.Contains(type) ?? true))).ToArray();
        var kinds = new (WaitingUnit Unit, Func<ResourceVector, long> Of)[]
        {
            (WaitingUnit.Devices, vector => vector.Devices), (WaitingUnit.Millicores, vector => vector.CpuMillicores), (WaitingUnit.Bytes, vector => vector.MemoryBytes),
        };
        var numbers = kinds
            .Select(kind => (kind.Unit, Needed: job.Roles.Sum(role => role.Min * kind.Of(role.Each)), Free: usable.Sum(space => Math.Max(0, kind.Of(space.Free))),
                Largest: usable.Select(space => Math.Max(0, kind.Of(space.Free))).DefaultIfEmpty().Max()))
            .Where(number => number.Needed > 0)
            .ToArray();
        return numbers.Where(number => number.Free < number.Needed).Concat(numbers).FirstOrDefault();
    }
}

/// <summary>Whether a job could ever run on what is registered, whatever its state.</summary>
public static class Feasibility
{
    /// <summary>True where the gang fits on the empty clusters, nodes that are unwell included.</summary>
    public static bool FitsEmpty(ClusterSnapshot snapshot, PendingJob job)
    {
        var empty = snapshot with { Nodes = [.. snapshot.Nodes.Select(node => node with { Health = NodeHealth.Ready })], Running = [] };
        var free = FreeSpace.Of(empty, []);
        return free.Choices(job).Any(choice => free.TryTake(job, choice.Cluster, choice.Accelerator) is not null);
    }
}
