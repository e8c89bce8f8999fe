using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling.Checking;

/// <summary>
/// Who of two jobs has used less of late: from the organisation down the share of each queue on the path by its weight, and last the
/// owner's, as far as the queues are fair. The first difference decides.
/// </summary>
internal sealed class Shares(CheckedWorld world)
{
    /// <summary>So that dividing by a weight leaves no two shares equal.</summary>
    private const int WeightBits = 20;
    private readonly Dictionary<(string Queue, string Owner), Int128[]> keys = [];

    public int Compare(Standing one, Standing other)
    {
        var (keys, others) = (KeysOf(one), KeysOf(other));
        for (var i = 0; i < Math.Max(keys.Length, others.Length); i++)
        {
            var order = keys.ElementAtOrDefault(i).CompareTo(others.ElementAtOrDefault(i));
            if (order != 0) return order;
        }

        return 0;
    }

    private Int128[] KeysOf(Standing standing)
    {
        if (!keys.TryGetValue((standing.Queue, standing.Owner), out var known)) keys[(standing.Queue, standing.Owner)] = known = [.. Path(standing)];
        return known;
    }

    private IEnumerable<Int128> Path(Standing standing)
    {
        foreach (var name in world.PathOf(standing.Queue).Reverse())
        {
            if (world.QueueOf(name) is not { } queue) continue;
            if (name != QueueTree.RootName) yield return ((Int128)world.Snapshot.QueueShares.GetValueOrDefault(name) << WeightBits) / Math.Max(1, queue.Weight);
            if (queue.Ordering != QueueOrdering.Fair) yield break;
        }

        yield return (Int128)world.Snapshot.UserShares.GetValueOrDefault(standing.Owner) << WeightBits;
    }
}
