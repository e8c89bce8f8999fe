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
                here.Add(new NodePromise(job, promise.From, CheckedWorld.Later(promise.From, world.DurationOf(job)), task.Each));
            }
        }
    }

    public IEnumerable<CheckedNode> Nodes => promises.Keys;

    public IReadOnlyList<NodePromise> On(CheckedNode node) => promises.GetValueOrDefault(node, []);

    /// <summary>What is left as the promise begins beside who runs now and who is promised it, before this plan's gangs; less than nothing, it is not they who take it.</summary>
    public ResourceVector LeftFor(CheckedNode node, NodePromise promise, PendingJob? except = null)
    {
        var (left, at) = (node.Node.Capacity - node.Node.Foreign, promise.From);
        foreach (var holder in node.Holders.Where(holder => holder.Stay == Stay.Stays && EndFor(promise.Job, holder.Job) > at)) left -= holder.Place.Taken;
        foreach (var each in On(node).Where(each => each.Job != except && each.From <= at && (each.End > at || each.From == at))) left -= each.Each;
        return left;
    }

    /// <summary>How many of the job's tasks that start now delay no promise of its own or a higher level on the node, beside the gangs that count.</summary>
    public long Slots(CheckedNode node, PendingJob job, ResourceVector each, Func<CheckedGang, bool> takes)
    {
        var (end, rank, slots) = (CheckedWorld.Later(world.Now, world.DurationOf(job)), world.RankOf(job.Standing), (long)int.MaxValue);
        foreach (var promise in On(node).Where(promise => promise.Job != job && world.RankOf(promise.Job.Standing) >= rank && promise.From < end).DistinctBy(promise => promise.Job))
        {
            var left = LeftFor(node, promise, except: job);
            foreach (var (gang, task) in node.Planned.Where(planned => takes(planned.Gang) && EndOf(planned.Gang) > promise.From)) left -= task.Each;
            slots = Math.Min(slots, each.TimesIn(left with { Devices = int.MaxValue }, int.MaxValue));
            if (each.MilliDevices > 0) slots = Math.Min(slots, Math.Max(0, left.MilliDevices) / each.MilliDevices);
        }

        return slots;
    }

    /// <summary>When the other is expected to be gone from what is promised: whom the job outranks it may evict by then, once that has had its minimum run time.</summary>
    private DateTimeOffset EndFor(PendingJob job, RunningJob other)
    {
        var end = world.ExpectedEnd(other);
        var outranks = !world.Policy.EvictionsPaused && world.RankOf(job.Standing) > world.RankOf(other.Standing) && world.LevelOf(job.Standing) is { MayPreempt: true } && world.MayBeEvicted(other);
        var from = CheckedWorld.Later(other.StartedAt, world.LevelOf(other.Standing)?.MinRunTime ?? TimeSpan.Zero);
        return outranks && from < end ? from : end;
    }

    public DateTimeOffset EndOf(CheckedGang gang) => gang.Begin == Begin.Growing ? world.ExpectedEnd(world.Running[gang.Id]) : world.ExpectedEnd(gang);
}

/// <summary>One task's share of what is promised to a job.</summary>
internal sealed record NodePromise(PendingJob Job, DateTimeOffset From, DateTimeOffset End, ResourceVector Each);
