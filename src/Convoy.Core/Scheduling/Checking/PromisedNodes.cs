using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling.Checking;

/// <summary>What is promised on each node, and what that leaves of it when the time has come; by counts.</summary>
internal sealed class PromisedNodes
{
    private readonly CheckedWorld world;
    private readonly Dictionary<CheckedNode, List<NodePromise>> promises = [];

    public PromisedNodes(CheckedWorld world)
    {
        this.world = world;
        foreach (var promise in world.Plan.Reservations)
        {
            if (!world.Pending.TryGetValue(promise.Gang.Job, out var job)) continue;
            foreach (var task in new CheckedGang(promise.Gang, job, Begin.Later).Tasks)
            {
                if (world.NodeAt(promise.Gang.Cluster, task.Placement.Node) is not { } node) continue;
                if (!promises.TryGetValue(node, out var here)) promises.Add(node, here = []);
                here.Add(new NodePromise(job.Standing.Id, promise.From, CheckedWorld.Later(promise.From, world.DurationOf(job)), world.RankOf(job.Standing), task.Each));
            }
        }
    }

    public IEnumerable<CheckedNode> Nodes => promises.Keys;

    public IReadOnlyList<NodePromise> On(CheckedNode node) => promises.GetValueOrDefault(node, []);

    /// <summary>What is left at that time beside who runs now and who is promised it, before this plan's gangs; less than nothing, it is not they who take it.</summary>
    public ResourceVector LeftAt(CheckedNode node, DateTimeOffset at, JobId? except = null)
    {
        var left = node.Node.Capacity - node.Node.Foreign;
        foreach (var holder in node.Holders.Where(holder => holder.Stay == Stay.Stays && world.ExpectedEnd(holder.Job) > at)) left -= holder.Place.Taken;
        foreach (var each in On(node).Where(each => each.For != except && each.From <= at && (each.End > at || each.From == at))) left -= each.Each;
        return left;
    }

    /// <summary>How many of the job's tasks that start now delay no promise of its own or a higher level on the node, beside the gangs that count.</summary>
    public long Slots(CheckedNode node, PendingJob job, ResourceVector each, Func<CheckedGang, bool> takes)
    {
        var (end, rank, slots) = (CheckedWorld.Later(world.Now, world.DurationOf(job)), world.RankOf(job.Standing), (long)int.MaxValue);
        foreach (var from in On(node).Where(promise => promise.For != job.Standing.Id && promise.Rank >= rank && promise.From < end).Select(promise => promise.From).Distinct())
        {
            var left = LeftAt(node, from, job.Standing.Id);
            foreach (var (gang, task) in node.Planned.Where(planned => takes(planned.Gang) && EndOf(planned.Gang) > from)) left -= task.Each;
            slots = Math.Min(slots, each.TimesIn(left with { Devices = int.MaxValue }, int.MaxValue));
            if (each.MilliDevices > 0) slots = Math.Min(slots, Math.Max(0, left.MilliDevices) / each.MilliDevices);
        }

        return slots;
    }

    public DateTimeOffset EndOf(CheckedGang gang) => gang.Begin == Begin.Growing ? world.ExpectedEnd(world.Running[gang.Id]) : world.ExpectedEnd(gang);
}

/// <summary>One task's share of what is promised to a job.</summary>
internal sealed record NodePromise(JobId For, DateTimeOffset From, DateTimeOffset End, int Rank, ResourceVector Each);
