using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether what starts now leaves every promise its machines (9), node by node and by counts.</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> KeptPromises(CheckedWorld world)
    {
        var promises = new PromisedNodes(world);
        foreach (var node in promises.Nodes)
        {
            foreach (var promise in promises.On(node).DistinctBy(promise => promise.Job))
            {
                var left = promises.LeftFor(node, promise);
                var before = left;
                foreach (var (gang, task) in node.Planned)
                {
                    if (gang.Begin == Begin.Later || promises.EndOf(gang) <= promise.From) continue;
                    left -= task.Each;
                    if (world.RankOf(gang.Job.Standing) <= world.RankOf(promise.Job.Standing) && IsTooLittle(left, before, task.Each)) yield return new(9, gang.Blamed, $"is on {node.Node.Name} beyond {promise.From:u}, from when that is promised to others");
                }
            }
        }
    }

    private static bool IsTooLittle(ResourceVector left, ResourceVector before, ResourceVector taken) =>
        (taken.CpuMillicores > 0 && left.CpuMillicores < 0 && before.CpuMillicores >= 0)
        || (taken.MemoryBytes > 0 && left.MemoryBytes < 0 && before.MemoryBytes >= 0)
        || (taken.Rdma > 0 && left.Rdma < 0 && before.Rdma >= 0)
        || (taken.MilliDevices > 0 && left.MilliDevices < 0 && before.MilliDevices >= 0);
}
