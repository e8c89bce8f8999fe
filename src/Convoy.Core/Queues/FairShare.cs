namespace Convoy.Core.Queues;

/// <summary>
/// The order of fair queues: the queue that used least of late for its weight goes first, and in it the person who did. Usage is the
/// decayed dominant share, of a queue together with all below it, and of a person in all queues.
/// </summary>
/// <remarks>
/// From the organisation down, a job is compared by the share of each queue on its path divided by that queue's weight, and last by
/// its owner's share; a job charged directly at a queue is compared by its owner with the queue's children, at weight 1. The first
/// difference decides. Where a queue on the path is not fair, that queue orders all below it, and shares say nothing more. Numbers are
/// compared and never queues, so that this is a total order whatever the tree; what it leaves equal goes by submission.
/// </remarks>
public sealed class FairShare
{
    /// <summary>
    /// Slurm's default too (PriorityDecayHalfLife): last week weighs half of this week, so that a big run is paid back within the rhythm
    /// in which people plan, and is not held against a team for a quarter.
    /// </summary>
    public static readonly TimeSpan DefaultHalfLife = TimeSpan.FromDays(7);

    /// <summary>So that dividing by a weight leaves no two different shares equal.</summary>
    private const int WeightBits = 20;
    private readonly QueueTree tree;
    private readonly DecayedUsage usage;
    private readonly int[][] paths;
    private readonly Dictionary<string, int> users = new(StringComparer.Ordinal);
    private readonly long[] capacity;
    private DateTimeOffset now;
    private int round = 1;
    private Int128[] keys = [];
    private int[] keyRounds = [];

    /// <param name="resources">Each accelerator type in devices, processors and memory in any unit; a resource is known by its index.</param>
    /// <param name="epoch">See <see cref="DecayedUsage"/>.</param>
    public FairShare(QueueTree tree, int resources, TimeSpan halfLife, DateTimeOffset epoch)
    {
        this.tree = tree;
        usage = new DecayedUsage(resources, halfLife, epoch);
        capacity = new long[resources];
        now = epoch;
        paths = new int[tree.Count][];
        for (var queue = 0; queue < tree.Count; queue++)
        {
            // A queue's account has the queue's id.
            usage.Open();
            var parent = tree.ParentOf(queue);
            paths[queue] = parent < 0 ? [] : tree.OrderingOf(parent) == QueueOrdering.Fair ? [.. paths[parent], queue] : paths[parent];
        }
    }

    /// <summary>A dense id for a person, the same for the same name.</summary>
    public int UserOf(string name)
    {
        if (users.TryGetValue(name, out var user)) return user;
        return users[name] = usage.Open();
    }

    /// <summary>A job takes so much of each resource, or gives it back (negative amounts).</summary>
    public void Hold(int queue, int user, ReadOnlySpan<long> amounts, DateTimeOffset at)
    {
        Hold(user, amounts, at);
        for (var above = queue; above != QueueTree.Root; above = tree.ParentOf(above)) Hold(above, amounts, at);
    }

    /// <summary>From here on jobs are compared as of this instant.</summary>
    /// <param name="capacities">By resource, in the units of <see cref="Hold(int, int, ReadOnlySpan{long}, DateTimeOffset)"/>.</param>
    public void SetNow(DateTimeOffset instant, ReadOnlySpan<long> capacities)
    {
        now = instant;
        capacities.CopyTo(capacity);
        round++;
        if (keys.Length < usage.Accounts)
        {
            Array.Resize(ref keys, usage.Accounts * 2);
            Array.Resize(ref keyRounds, usage.Accounts * 2);
        }
    }

    /// <summary>Negative where the first job goes before the second, and 0 where usage does not tell them apart.</summary>
    public int Compare(int queue, int user, int otherQueue, int otherUser)
    {
        var (path, other) = (paths[queue], paths[otherQueue]);
        var from = queue == otherQueue ? path.Length : 0;
        var to = Math.Max(path.Length, other.Length);
        for (var i = from; i <= to; i++)
        {
            var order = Key(path, i, queue, user).CompareTo(Key(other, i, otherQueue, otherUser));
            if (order != 0) return order;
        }

        return 0;
    }

    private Int128 Key(int[] path, int place, int queue, int user)
    {
        if (place < path.Length) return KeyOf(path[place]);
        return place == path.Length && tree.OrderingOf(queue) == QueueOrdering.Fair ? KeyOf(user) : 0;
    }

    /// <summary>Computed once between two calls of <see cref="SetNow"/> or touches.</summary>
    private Int128 KeyOf(int account)
    {
        if (account < keyRounds.Length && keyRounds[account] == round) return keys[account];
        var weight = account < tree.Count ? tree[account].Weight : 1;
        var key = (usage.DominantShare(account, capacity, now) << WeightBits) / weight;
        if (account < keyRounds.Length) (keys[account], keyRounds[account]) = (key, round);
        return key;
    }

    private void Hold(int account, ReadOnlySpan<long> amounts, DateTimeOffset at)
    {
        for (var resource = 0; resource < amounts.Length; resource++)
        {
            if (amounts[resource] != 0) usage.Hold(account, resource, amounts[resource], at);
        }

        if (account < keyRounds.Length) keyRounds[account] = 0;
    }
}
