using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether what starts now leaves every promise its machines (9), node by node and by counts.</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> KeptPromises(CheckedWorld world)
    {
        var promises = new Dictionary<CheckedNode, List<(DateTimeOffset From, DateTimeOffset End, int Rank, ResourceVector Each)>>();
        foreach (var promise in world.Plan.Reservations)
        {
            if (!world.Pending.TryGetValue(promise.Gang.Job, out var job)) continue;
            foreach (var task in new CheckedGang(promise.Gang, job, Begin.Later).Tasks)
            {
                if (world.NodeAt(promise.Gang.Cluster, task.Placement.Node) is not { } node) continue;
                if (!promises.TryGetValue(node, out var here)) promises.Add(node, here = []);
                here.Add((promise.From, CheckedWorld.Later(promise.From, world.DurationOf(job)), world.RankOf(job.Standing), task.Each));
            }
        }

        foreach (var (node, here) in promises)
        {
            foreach (var (from, rank) in here.Select(each => (each.From, each.Rank)).Distinct())
            {
                // What is left at that time, before this plan's gangs; less than nothing, it is not they who take it.
                var left = node.Node.Capacity - node.Node.Foreign;
                foreach (var holder in node.Holders.Where(holder => holder.Stay == Stay.Stays && world.ExpectedEnd(holder.Job) > from)) left -= holder.Place.Taken;
                foreach (var each in here.Where(each => each.From <= from && (each.End > from || each.From == from))) left -= each.Each;
                var before = left;
                foreach (var (gang, task) in node.Planned)
                {
                    if (gang.Begin == Begin.Later || EndOf(gang) <= from) continue;
                    left -= task.Each;
                    if (world.RankOf(gang.Job.Standing) <= rank && IsTooLittle(left, before, task.Each)) yield return new(9, gang.Blamed, $"is on {node.Node.Name} beyond {from:u}, from when that is promised to others");
                }
            }
        }

        DateTimeOffset EndOf(CheckedGang gang) => gang.Begin == Begin.Growing ? world.ExpectedEnd(world.Running[gang.Id]) : world.ExpectedEnd(gang);
    }

    private static bool IsTooLittle(ResourceVector left, ResourceVector before, ResourceVector taken) =>
        (taken.CpuMillicores > 0 && left.CpuMillicores < 0 && before.CpuMillicores >= 0)
        || (taken.MemoryBytes > 0 && left.MemoryBytes < 0 && before.MemoryBytes >= 0)
        || (taken.Rdma > 0 && left.Rdma < 0 && before.Rdma >= 0)
        || (taken.MilliDevices > 0 && left.MilliDevices < 0 && before.MilliDevices >= 0);
}
