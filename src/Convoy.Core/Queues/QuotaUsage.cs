namespace Convoy.Core.Queues;

/// <summary>
/// What every queue uses of every accelerator type, and what it may use more. A scratch: charge, refund, and roll back to a checkpoint.
/// </summary>
/// <remarks>
/// <para>
/// For one type, a job is charged at its <em>pool</em>: the nearest queue on its path that has a nominal of its own. With N a pool's
/// nominal and u the devices charged at it, its <em>right</em> is S = N − (the sum of N of the nearest pools below), what it keeps for
/// jobs charged at it directly. A pool whose u ≤ S has only jobs inside nominal; what is beyond S is borrowed.
/// </para>
/// <para>
/// Borrowing follows the quota tree of Kueue (its KEP 79, hierarchical cohorts), with S as a node's own quota. With L the lend limit, B the borrow limit (both infinite where null) and the sums over the pools c next below v:
/// </para>
/// <code>
/// shared quota   Q(v) = S(v) + Σ min(Q(c), L(c))         what v's subtree has, less what those below keep to themselves
/// kept           G(v) = max(0, Q(v) − L(v))              what v lends to nobody
/// usage          y(v) = u(v) + Σ max(0, y(c) − G(c))     only what does not fit in the kept part counts further up
/// invariant      y(v) ≤ Q(v) + B(v), and y(root) ≤ Q(root)
/// room           r(root) = max(0, Q(root) − y(root))
///                r(v) = max(0, G(v) − y(v)) + max(0, min(Q(v) + B(v) − max(G(v), y(v)), r(parent)))
/// </code>
/// <para>
/// So r(v) devices, and no more, can be charged at v without breaking an invariant that holds, or worsening one that does not (a limit
/// lowered under running jobs). y depends on the u alone, so charges and refunds may come in any order. If every pool has u ≤ S, then
/// y(v) ≤ Q(v) everywhere: rights never stand against each other, and whoever is inside nominal fits once the borrowers have gone.
/// </para>
/// <para>Cost: a charge, a refund and a question take one step per pool on the path; nothing is allocated but the undo log.</para>
/// </remarks>
public sealed class QuotaUsage
{
    private const long Unlimited = long.MaxValue / 4;

    /// <summary>Entries for which a log that is empty keeps room.</summary>
    private const int MostKept = 10_000;

    private readonly QueueTree tree;
    private readonly long unit;
    private readonly int queues;
    private readonly bool[] rootIsAllCapacity;
    private readonly long[] capacities;
    private readonly long[] promised;

    // One cell per (type, queue), at type * queues + queue; what a queue without nominal of its own has there means nothing.
    private readonly int[] pool;
    private readonly int[] above;
    private readonly long[] right;
    private readonly long[] shared;
    private readonly long[] kept;
    private readonly long[] borrowLimit;
    private readonly long[] charged;
    private readonly long[] usage;
    private readonly long[] total;
    private readonly List<(int Cell, long Devices)> log = [];

    /// <param name="types">Accelerator types; a type's id is its index. Quotas of other types are without effect.</param>
    /// <param name="capacity">Devices of each type in all clusters: the organisation's nominal where it has none of its own.</param>
    /// <param name="unit">What a device counts as in every amount here: 1000 where shares of devices are charged.</param>
    public QuotaUsage(QueueTree tree, IReadOnlyList<string> types, IReadOnlyList<long> capacity, long unit = 1)
    {
        this.tree = tree;
        this.unit = unit;
        queues = tree.Count;
        var cells = types.Count * queues;
        (pool, above) = (new int[cells], new int[cells]);
        (right, shared, kept, borrowLimit) = (new long[cells], new long[cells], new long[cells], new long[cells]);
        (charged, usage, total) = (new long[cells], new long[cells], new long[types.Count]);
        (capacities, promised, rootIsAllCapacity) = (new long[types.Count], new long[types.Count], new bool[types.Count]);
        for (var type = 0; type < types.Count; type++) Lay(type, types[type], capacity[type]);
    }

    /// <summary>Grown or shrunk clusters; without effect on a type of which the organisation has a nominal of its own. Not undone by a rollback.</summary>
    public void SetCapacity(int type, long capacity)
    {
        capacities[type] = capacity;
        if (!rootIsAllCapacity[type]) return;
        var root = type * queues;
        var before = right[root];
        right[root] = Math.Max(0, capacity - promised[type]);
        shared[root] += right[root] - before;
    }

    /// <summary>The queue at which jobs of <paramref name="queue"/> are charged for a type.</summary>
    public int PoolOf(int queue, int type) => pool[(type * queues) + queue];

    /// <summary>Devices that jobs charged at the queue's pool have a right to.</summary>
    public long RightOf(int queue, int type) => right[Cell(queue, type)];

    /// <summary>Devices charged at the queue's pool.</summary>
    public long UsedOf(int queue, int type) => charged[Cell(queue, type)];

    /// <summary>Devices charged at the queue's pool beyond its right. Where there are none, all of its jobs are inside nominal.</summary>
    public long BorrowedBy(int queue, int type) => Math.Max(0, UsedOf(queue, type) - RightOf(queue, type));

    /// <summary>Devices that can be charged in the queue without anybody's leaving: r above.</summary>
    public long RoomOf(int queue, int type) => Room(Cell(queue, type), usage).Devices;

    public void Charge(int queue, int type, long devices)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(devices);
        var cell = Cell(queue, type);
        Add(cell, devices);
        log.Add((cell, devices));
    }

    public void Refund(int queue, int type, long devices)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(devices);
        var cell = Cell(queue, type);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(devices, charged[cell]);
        Add(cell, -devices);
        log.Add((cell, -devices));
    }

    /// <summary>A place to roll back to. Checkpoints nest.</summary>
    public int Checkpoint() => log.Count;

    /// <summary>Undoes every charge and refund since the checkpoint.</summary>
    public void Rollback(int checkpoint)
    {
        for (var i = log.Count - 1; i >= checkpoint; i--) Add(log[i].Cell, -log[i].Devices);
        log.RemoveRange(checkpoint, log.Count - checkpoint);
    }

    /// <summary>Keeps what was charged and forgets all checkpoints.</summary>
    public void Commit()
    {
        log.Clear();
        if (log.Capacity > MostKept) log.TrimExcess();
    }

    /// <summary>Does a gang fit?</summary>
    /// <param name="mayBorrow">False for a job that may not be preempted.</param>
    /// <param name="before">
    /// Devices of the pool's jobs that are charged to nominal before this one (see <see cref="NominalOrder"/>). Left out, it comes after
    /// all that is charged. A gang before others of its pool may be inside and push those out, who then are borrowers.
    /// </param>
    public QuotaAnswer Ask(int queue, int type, long devices, bool mayBorrow, long? before = null)
    {
        var cell = Cell(queue, type);
        var at = cell - (type * queues);
        var room = Room(cell, usage);
        var inside = right[cell] - (before ?? charged[cell]);
        if (devices <= inside) return Answer(devices <= room.Devices ? QuotaVerdict.Inside : QuotaVerdict.Lent, devices <= room.Devices ? at : room.Queue, room.Devices);
        if (mayBorrow && devices <= room.Devices) return Answer(QuotaVerdict.Borrowing, at, room.Devices);

        var most = mayBorrow ? Room(cell, null) : (Devices: right[cell], Queue: at);
        var now = mayBorrow ? room : (Devices: Math.Clamp(inside, 0, right[cell]), Queue: at);
        if (IsDevices(most.Queue, capacities[type])) return Answer(QuotaVerdict.WaitingForDevices, now.Queue, now.Devices);
        if (devices > most.Devices) return Answer(QuotaVerdict.ExceedsQueueQuota, most.Queue, most.Devices);
        return Answer(IsDevices(now.Queue, capacities[type] - total[type]) ? QuotaVerdict.WaitingForDevices : QuotaVerdict.WaitingForQuota, now.Queue, now.Devices);

        QuotaAnswer Answer(QuotaVerdict verdict, int decides, long free) => new(verdict, decides, devices, free);

        // Lend limits can hold idle devices back at the organisation too, and then it is a matter of quota.
        bool IsDevices(int decides, long free) => decides == QueueTree.Root && rootIsAllCapacity[type] && devices > free;
    }

    private int Cell(int queue, int type) => (type * queues) + pool[(type * queues) + queue];

    /// <summary>The room at a pool, and the nearest queue on its path that leaves no more.</summary>
    /// <param name="used">Null for a platform on which nothing runs.</param>
    private (long Devices, int Queue) Room(int cell, long[]? used)
    {
        var (least, decides) = (Unlimited, cell);
        for (var local = 0L; ; cell = above[cell])
        {
            var use = used is null ? 0 : used[cell];
            local += Math.Max(0, kept[cell] - use);
            var room = local + Math.Max(0, shared[cell] + borrowLimit[cell] - Math.Max(kept[cell], use));
            if (room < least) (least, decides) = (room, cell);
            if (above[cell] < 0) return (least, decides % queues);
        }
    }

    private void Add(int cell, long devices)
    {
        charged[cell] += devices;
        total[cell / queues] += devices;
        while (devices != 0)
        {
            var before = Math.Max(0, usage[cell] - kept[cell]);
            usage[cell] += devices;
            devices = Math.Max(0, usage[cell] - kept[cell]) - before;
            if (above[cell] < 0) return;
            cell = above[cell];
        }
    }

    /// <summary>Lays out one type's cells: pools from the organisation down, then what they share from the leaves up.</summary>
    private void Lay(int type, string name, long capacity)
    {
        var root = type * queues;
        for (var queue = 0; queue < queues; queue++)
        {
            var cell = root + queue;
            var quota = tree[queue].Quotas.GetValueOrDefault(name) ?? new Quota();
            var parentPool = queue == QueueTree.Root ? -1 : pool[root + tree.ParentOf(queue)];
            pool[cell] = quota.Nominal is null && queue != QueueTree.Root ? parentPool : queue;
            if (pool[cell] != queue) continue;
            above[cell] = parentPool < 0 ? -1 : root + parentPool;
            right[cell] = (quota.Nominal ?? 0) * unit;
            borrowLimit[cell] = queue == QueueTree.Root ? 0 : quota.BorrowLimit * unit ?? Unlimited;
            if (queue == QueueTree.Root) rootIsAllCapacity[type] = quota.Nominal is null;
            else if (parentPool == QueueTree.Root && rootIsAllCapacity[type]) promised[type] += quota.Nominal!.Value * unit;
            else right[above[cell]] -= quota.Nominal!.Value * unit;
        }

        for (var queue = queues - 1; queue >= 0; queue--)
        {
            var cell = root + queue;
            if (pool[cell] != queue) continue;
            shared[cell] += right[cell];
            if (queue == QueueTree.Root) continue;
            var lendLimit = tree[queue].Quotas[name].LendLimit * unit ?? Unlimited;
            kept[cell] = Math.Max(0, shared[cell] - lendLimit);
            shared[above[cell]] += shared[cell] - kept[cell];
        }

        SetCapacity(type, capacity);
    }
}
