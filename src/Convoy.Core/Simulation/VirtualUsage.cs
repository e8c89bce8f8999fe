using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Simulation;

/// <summary>What queues and people have used so far, for the snapshots of a <see cref="VirtualCluster"/>.</summary>
internal sealed class VirtualUsage
{
    private readonly QueueTree tree;
    private readonly FairShare shares;
    private readonly Dictionary<string, int> types;
    private readonly long[] capacity;

    public VirtualUsage(IReadOnlyList<Node> nodes, SchedulingPolicy policy, DateTimeOffset epoch)
    {
        tree = QueueTree.Of(policy.Queues).Tree ?? QueueTree.Default;
        types = nodes.Select(node => node.Accelerator).OfType<string>().Distinct().Order(StringComparer.Ordinal).Select((type, i) => (type, i)).ToDictionary(pair => pair.type, pair => pair.i);
        capacity = new long[types.Count + 2];
        foreach (var node in nodes)
        {
            if (node.Accelerator is { } type) capacity[types[type]] += 1000L * node.Devices.Count;
            capacity[^2] += node.CpuMillicores;
            capacity[^1] += node.MemoryBytes;
        }

        shares = new FairShare(tree, capacity.Length, FairShare.DefaultHalfLife, epoch);
    }

    public void Hold(RunningJob job, DateTimeOffset at) => Hold(job, 1, at);

    public void Release(RunningJob job, DateTimeOffset at) => Hold(job, -1, at);

    /// <summary>The snapshot with what its waiting jobs' people and all queues have used.</summary>
    public ClusterSnapshot Told(ClusterSnapshot snapshot, DateTimeOffset now)
    {
        shares.SetNow(now, capacity);
        return snapshot with
        {
            QueueShares = Enumerable.Range(0, tree.Count).ToDictionary(queue => tree[queue].Name, shares.ShareOfQueue),
            UserShares = snapshot.Pending.Select(job => job.Standing.Owner).Distinct().ToDictionary(owner => owner, owner => shares.ShareOfUser(shares.UserOf(owner))),
        };
    }

    private void Hold(RunningJob job, int sign, DateTimeOffset at)
    {
        var amounts = new long[capacity.Length];
        foreach (var place in job.Places)
        {
            if (job.Accelerator is { } type) amounts[types[type]] += sign * place.Taken.MilliDevices;
            amounts[^2] += sign * place.Taken.CpuMillicores;
            amounts[^1] += sign * place.Taken.MemoryBytes;
        }

        shares.Hold(tree.IdOf(job.Standing.Queue), shares.UserOf(job.Standing.Owner), amounts, at);
    }
}
