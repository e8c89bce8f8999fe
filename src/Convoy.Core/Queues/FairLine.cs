using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Queues;

/// <summary>
/// The order in which waiting jobs are considered: level rank, who lost a node, priority, then the ordering of the queues from the
/// organisation down, submit sequence, id. In a fair queue the child (queue or person) goes first whose share is least for its weight,
/// and with every job taken its share grows by what the job would hold: of two people who come at once with a hundred jobs each, neither
/// waits for the other's hundred (start-time fair queueing, Goyal et al., SIGCOMM'96, on dominant shares).
/// </summary>
/// <remarks>A share is what was used of late and what is held now: who has just been given much goes behind who holds nothing.</remarks>
internal sealed class FairLine
{
    /// <summary>A share of one: everything.</summary>
    private const int ShareBits = 40;

    /// <summary>So that dividing by a weight leaves no two different shares equal.</summary>
    private const int WeightBits = 20;

    private readonly StandingOrder order;
    private readonly QueueTree tree;
    private readonly ClusterTotals totals;
    private readonly Dictionary<string, Int128> users = [];
    private readonly Int128[] queues;

    public FairLine(ClusterSnapshot snapshot, Holdings holdings)
    {
        order = holdings.Order;
        tree = holdings.Queues;
        totals = holdings.Totals;
        queues = new Int128[tree.Count];
        for (var queue = 0; queue < queues.Length; queue++) queues[queue] = snapshot.QueueShares.GetValueOrDefault(tree[queue].Name);
        foreach (var (user, share) in snapshot.UserShares) users[user] = share;
        foreach (var ((user, type), held) in holdings.OfUsers) users[user] = users.GetValueOrDefault(user) + DominantPart(held, DevicesOf(type));
        foreach (var ((name, type), held) in holdings.OfQueues)
        {
            for (var queue = tree.IdOf(name); queue >= 0; queue = tree.ParentOf(queue)) queues[queue] += DominantPart(held, DevicesOf(type));
        }

        long DevicesOf(string type) => type.Length == 0 ? totals.Devices : totals.DevicesOf(type);
    }

    public IReadOnlyList<PendingJob> Order(IReadOnlyList<PendingJob> pending)
    {
        var line = new List<PendingJob>(pending.Count);
        foreach (var group in pending.GroupBy(job => (Rank: order.RankOf(job.Standing), job.IsRepair, job.Standing.Priority))
            .OrderByDescending(group => group.Key.Rank).ThenByDescending(group => group.Key.IsRepair).ThenByDescending(group => group.Key.Priority))
        {
            var roots = new Branch(-1);
            foreach (var job in group) BranchOf(roots, job).Jobs.Add(job);
            roots.Settle(this);
            while (roots.Take(this) is { } next) line.Add(next);
        }

        return line;
    }

    /// <summary>Where the job waits: with its owner's others in a fair queue, or in the outermost queue that orders all below it.</summary>
    private Branch BranchOf(Branch root, PendingJob job)
    {
        var path = new Stack<int>();
        for (var queue = tree.IdOf(job.Standing.Queue); queue >= 0; queue = tree.ParentOf(queue)) path.Push(queue);
        var branch = root;
        foreach (var queue in path)
        {
            branch = branch.Child(queue, null);
            if (tree.OrderingOf(queue) != QueueOrdering.Fair) return branch;
        }

        return branch.Child(-1, job.Standing.Owner);
    }

    /// <summary>How much of everything the job would hold at its least.</summary>
    private long PartOf(PendingJob job)
    {
        var types = job.AcceptableAccelerators;
        var accepted = 0L;
        foreach (var type in types ?? []) accepted += totals.DevicesOf(type);
        return DominantPart(job.MinTotal, types is null ? totals.Devices : accepted);
    }

    private long DominantPart(ResourceVector held, long ofDevices) =>
        Math.Max(Part(held.MilliDevices, 1000 * ofDevices), Math.Max(Part(held.CpuMillicores, totals.CpuMillicores), Part(held.MemoryBytes, totals.MemoryBytes)));

    private static long Part(long amount, long of) => of <= 0 ? 0 : (long)(((Int128)amount << ShareBits) / of);

    private void Add(Standing standing, long part)
    {
        users[standing.Owner] = users.GetValueOrDefault(standing.Owner) + part;
        for (var queue = tree.IdOf(standing.Queue); queue >= 0; queue = tree.ParentOf(queue)) queues[queue] += part;
    }

    private Int128 KeyOf(Branch branch) => branch.Owner is { } owner ? users.GetValueOrDefault(owner) << WeightBits : (queues[branch.Queue] << WeightBits) / tree[branch.Queue].Weight;

    /// <summary>A queue with its children, or one person's jobs in a queue.</summary>
    private sealed class Branch(int queue, string? owner = null)
    {
        private readonly Dictionary<(int Queue, string? Owner), Branch> children = [];
        private readonly PriorityQueue<Branch, (Int128 Share, StandingOrder.Turn Head)> next = new();
        private int taken;

        public int Queue => queue;

        public string? Owner => owner;

        public List<PendingJob> Jobs { get; } = [];

        private StandingOrder.Turn Head { get; set; }

        public Branch Child(int childQueue, string? childOwner)
        {
            if (!children.TryGetValue((childQueue, childOwner), out var child)) children.Add((childQueue, childOwner), child = new Branch(childQueue, childOwner));
            return child;
        }

        public void Settle(FairLine line)
        {
            Jobs.Sort((x, y) => line.order.Of(x).CompareTo(line.order.Of(y)));
            foreach (var child in children.Values)
            {
                child.Settle(line);
                next.Enqueue(child, (line.KeyOf(child), child.Head));
            }

            FindHead(line);
        }

        /// <summary>The next job, or null where none is left.</summary>
        public PendingJob? Take(FairLine line)
        {
            PendingJob? job;
            if (taken < Jobs.Count)
            {
                job = Jobs[taken++];
                line.Add(job.Standing, line.PartOf(job));
            }
            else
            {
                if (!next.TryDequeue(out var child, out _)) return null;
                job = child.Take(line);
                if (child.IsLeft) next.Enqueue(child, (line.KeyOf(child), child.Head));
            }

            FindHead(line);
            return job;
        }

        private bool IsLeft => taken < Jobs.Count || next.Count > 0;

        private void FindHead(FairLine line)
        {
            if (taken < Jobs.Count) Head = line.order.Of(Jobs[taken]);
            else if (next.TryPeek(out _, out var first)) Head = first.Head;
        }
    }
}
