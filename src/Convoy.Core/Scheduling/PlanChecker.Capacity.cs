using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether no node, device or share is oversubscribed (2), and no cap exceeded (3), now and once those who are told to leave have left.</summary>
public static partial class PlanChecker
{
    private const long MilliPerDevice = 1000;

    private static IEnumerable<Violation> Capacity(CheckedWorld world) =>
    [
        .. Fitting(world, _ => true, [.. world.Gangs.Where(gang => gang.Begin == Begin.Now), .. world.Growths, .. world.Moves]),
        .. Fitting(world, holder => holder.Stay == Stay.Stays, [.. world.Gangs, .. world.Claims, .. world.Growths, .. world.Moves]),
    ];

    private static IEnumerable<Violation> Fitting(CheckedWorld world, Func<Holder, bool> holds, IEnumerable<CheckedGang> gangs)
    {
        var uses = new Dictionary<CheckedNode, NodeUse>();
        foreach (var gang in gangs)
        {
            foreach (var task in gang.Tasks)
            {
                if (task.Role is null || world.NodeAt(gang.Planned.Cluster, task.Placement.Node) is not { } node)
                {
                    yield return new(2, gang.Blamed, $"uses node {task.Placement.Node}, which is not there");
                    continue;
                }

                if (!uses.TryGetValue(node, out var use)) uses.Add(node, use = node.Use(holds, _ => false));
                use.Take(task.Each, task.Placement.Devices);
                foreach (var wrong in use.Wrongs(task.Each, task.Placement.Devices)) yield return new(2, gang.Blamed, wrong);
            }
        }
    }

    private static IEnumerable<Violation> Caps(CheckedWorld world)
    {
        // Whoever starts now is beside those who are on their way out; whoever waits for them is not.
        var now = OwnerUse.Of(world.Snapshot.Running, CheckedWorld.MilliDevicesNow);
        var then = OwnerUse.Of(world.Snapshot.Running.Where(world.GoesOn), world.MilliDevicesThen);
        CheckedGang[] atOnce = [.. world.Gangs.Where(gang => gang.Begin == Begin.Now), .. world.Growths];
        foreach (var gang in atOnce)
        {
            OwnerUse.Count(then, gang);
            if (OverCap(world, gang, OwnerUse.Count(now, gang)) is { } why) yield return new(3, gang.Id, why);
        }

        foreach (var gang in world.Gangs.Where(gang => gang.Begin == Begin.OnceOthersLeft))
        {
            if (OverCap(world, gang, OwnerUse.Count(then, gang)) is { } why) yield return new(3, gang.Id, why);
        }
    }

    private static string? OverCap(CheckedWorld world, CheckedGang gang, OwnerUse use)
    {
        if (world.LevelOf(gang.Job.Standing) is not { } level) return null;
        var (owner, taken) = (gang.Job.Standing.Owner, gang.MilliDevices);
        var whole = taken + (gang.Begin == Begin.Growing ? CheckedWorld.MilliDevicesNow(world.Running[gang.Id]) : 0);
        return gang.Begin != Begin.Growing && use.Jobs > level.MaxRunning ? $"is {owner}'s running job number {use.Jobs} of {level.MaxRunning}"
            : taken > 0 && whole > level.MaxGpusPerJob * MilliPerDevice ? $"takes {whole} thousandths of a device, with {level.MaxGpusPerJob} devices per job"
            : taken > 0 && use.MilliDevices > level.MaxGpus * MilliPerDevice ? $"brings {owner} to {use.MilliDevices} thousandths of a device, with {level.MaxGpus} devices"
            : null;
    }
}
