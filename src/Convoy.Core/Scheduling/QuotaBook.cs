using Convoy.Core.Jobs;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>
/// What the queues' jobs hold of their quotas, in thousandths of devices: once as it is now, and once as it will be when those have gone
/// who are on their way out. Whoever waits for them is charged in the second only, so that it stays theirs. Kept from plan to plan: what a
/// plan does to it is undone by <see cref="Rollback"/>.
/// </summary>
/// <remarks>
/// In a pool jobs are charged to nominal by level, those that run before those that wait, then priority and submission. Those that may
/// not be preempted are charged first, with all they have; of others the minimum counts: what is above it is anybody's who has a right to
/// it, and gives nobody a right. Nothing is computed where no queue has a quota: then all are inside the organisation's nominal.
/// </remarks>
internal sealed class QuotaBook
{
    private const long MilliPerDevice = 1000;

    /// <summary>Entries for which a log that is empty keeps room: a cold start charges every job.</summary>
    private const int MostKept = 10_000;

    private readonly QueueTree tree;
    private readonly StandingOrder order;
    private readonly bool isTrivial;
    private readonly long[] capacities;
    private readonly Dictionary<string, int> types = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Cluster, string Node), string> typeOfNode = [];
    private readonly QuotaUsage now;
    private readonly QuotaUsage soon;

    /// <summary>Jobs that hold devices and stay, by pool and type.</summary>
    private readonly Dictionary<(int Pool, int Type), QuotaPool> pools = [];
    private readonly Dictionary<JobId, QuotaMember> memberOf = [];

    /// <summary>Who has joined and who has left since <see cref="Commit"/>.</summary>
    private readonly List<(QuotaMember Member, bool HasJoined)> log = [];

    public QuotaBook(IReadOnlyList<Node> nodes, QueueTree tree, StandingOrder order)
    {
        this.tree = tree;
        this.order = order;
        isTrivial = Enumerable.Range(0, tree.Count).All(queue => tree[queue].Quotas.Count == 0);
        var names = isTrivial ? [] : nodes.Select(node => node.Accelerator).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToArray();
        foreach (var name in names) types.Add(name, types.Count);
        capacities = new long[names.Length];
        if (!isTrivial)
        {
            foreach (var node in nodes)
            {
                if (node.Accelerator is not { } type) continue;
                capacities[types[type]] += node.Devices.Count * MilliPerDevice;
                typeOfNode.Add((node.Cluster, node.Name), type);
            }
        }

        now = new QuotaUsage(tree, names, capacities, MilliPerDevice);
        soon = new QuotaUsage(tree, names, capacities, MilliPerDevice);
    }

    /// <summary>The node has other devices of the same type.</summary>
    public void Renew(Node before, Node after)
    {
        if (isTrivial || after.Accelerator is not { } name) return;
        var type = types[name];
        capacities[type] += (after.Devices.Count - before.Devices.Count) * MilliPerDevice;
        now.SetCapacity(type, capacities[type]);
        soon.SetCapacity(type, capacities[type]);
        foreach (var pool in pools.Values) pool.Forget();
    }

    /// <summary>The job runs.</summary>
    public void Hold(RunningJob job)
    {
        if (isTrivial || MemberOf(job) is not { } member) return;
        now.Charge(member.Queue, member.Type, member.Milli);
        if (job.IsStopping) return;
        var stays = job.Places.Where(place => !place.IsLeaving).Sum(place => place.Taken.MilliDevices);
        if (stays > 0) Join(member with { Milli = stays, Min = job.MinMilliDevices() });
    }

    /// <summary>The job that was held runs no more, or as another record.</summary>
    public void Release(RunningJob job)
    {
        if (isTrivial || MemberOf(job) is not { } held) return;
        now.Refund(held.Queue, held.Type, held.Milli);
        if (memberOf.TryGetValue(held.Id, out var member)) Remove(member);
    }

    /// <summary>What was done until here stands.</summary>
    public void Commit()
    {
        now.Commit();
        soon.Commit();
        log.Clear();
        if (log.Capacity > MostKept) log.TrimExcess();
    }

    /// <summary>All is as it was at the last <see cref="Commit"/>.</summary>
    public void Rollback()
    {
        now.Rollback(0);
        soon.Rollback(0);
        for (var i = log.Count - 1; i >= 0; i--)
        {
            var (member, hasJoined) = log[i];
            if (hasJoined) Erase(member);
            else Enter(member);
        }

        log.Clear();
    }

    /// <summary>Whether any queue has a quota of its own.</summary>
    public bool IsAnyLimited => !isTrivial;

    public bool IsAnythingBorrowed => !isTrivial && pools.Keys.Any(cell => soon.BorrowedBy(cell.Pool, cell.Type) > 0);

    /// <summary>Jobs of one class that ask for the same have the same terms.</summary>
    public QuotaClass ClassOf(PendingJob job) => isTrivial ? default : new QuotaClass(tree.IdOf(job.Standing.Queue), order.RankOf(job.Standing), order.MayBeEvicted(job.Standing, job.Preemptible));

    public string NameOf(int queue) => tree[queue].Name;

    public QuotaTerms TermsOf(PendingJob job, string? accelerator)
    {
        if (isTrivial || accelerator is null || !types.TryGetValue(accelerator, out var type)) return QuotaTerms.NoQuota;
        var queue = tree.IdOf(job.Standing.Queue);
        var needed = job.MinTotal.MilliDevices;
        var mayBorrow = order.MayBeEvicted(job.Standing, job.Preemptible);
        var inside = soon.Ask(queue, type, needed, mayBorrow, Before(queue, type, order.RankOf(job.Standing)));
        var fitsSoon = needed <= soon.RoomOf(queue, type) && (inside.IsInside || mayBorrow);
        return new QuotaTerms(inside.IsInside, fitsSoon && needed <= now.RoomOf(queue, type), fitsSoon, inside);
    }

    /// <summary>Whether the job fits in quota once these have gone as well.</summary>
    public bool FitsWithout(PendingJob job, string? accelerator, IEnumerable<RunningJob> gone)
    {
        if (isTrivial || accelerator is null || !types.TryGetValue(accelerator, out var type)) return true;
        var checkpoint = soon.Checkpoint();
        foreach (var victim in gone)
        {
            if (MemberOf(victim) is { } member && memberOf.ContainsKey(member.Id)) soon.Refund(member.Queue, member.Type, member.Milli);
        }

        var fits = job.MinTotal.MilliDevices <= soon.RoomOf(tree.IdOf(job.Standing.Queue), type);
        soon.Rollback(checkpoint);
        return fits;
    }

    /// <summary>Whether the job's going leaves quota of the type.</summary>
    public bool Holds(RunningJob job, string? accelerator) => !isTrivial && accelerator is not null && MemberOf(job) is { } member && types.TryGetValue(accelerator, out var type) && type == member.Type;

    /// <summary>How a running job stands to the quota of one that waits.</summary>
    public VictimTerms VictimTermsOf(PendingJob job, RunningJob victim)
    {
        if (isTrivial || !memberOf.TryGetValue(victim.Standing.Id, out var member)) return new VictimTerms(false, true);
        var own = soon.PoolOf(tree.IdOf(job.Standing.Queue), member.Type);
        var its = soon.PoolOf(member.Queue, member.Type);
        return new VictimTerms(IsBorrower(member.Id, its, member.Type), own == its);
    }

    /// <summary>A gang starts now, or grows by so much.</summary>
    public void Start(Standing standing, bool isPreemptible, string? accelerator, long milli)
    {
        if (isTrivial || milli == 0 || accelerator is null || !types.TryGetValue(accelerator, out var type)) return;
        var queue = tree.IdOf(standing.Queue);
        now.Charge(queue, type, milli);
        var member = new QuotaMember(standing.Id, queue, type, milli, milli, order.MayBeEvicted(standing, isPreemptible), order.Of(standing));
        if (!memberOf.TryGetValue(standing.Id, out var before)) Join(member);
        else Replace(before, before with { Milli = before.Milli + milli });
    }

    /// <summary>A gang is to start once others have gone.</summary>
    public void Claim(Standing standing, bool isPreemptible, string? accelerator, long milli)
    {
        if (isTrivial || milli == 0 || accelerator is null || !types.TryGetValue(accelerator, out var type)) return;
        Join(new QuotaMember(standing.Id, tree.IdOf(standing.Queue), type, milli, milli, order.MayBeEvicted(standing, isPreemptible), order.Of(standing)));
    }

    /// <summary>A running job is told to go, or to give up these places.</summary>
    public void Leave(RunningJob part)
    {
        if (isTrivial || MemberOf(part) is not { } given || !memberOf.TryGetValue(given.Id, out var member)) return;
        Replace(member, member with { Milli = member.Milli - given.Milli, Min = Math.Min(member.Min, member.Milli - given.Milli) });
    }

    /// <summary>Whether a running job may have so much more.</summary>
    public bool MayGrow(Standing standing, bool isPreemptible, string? accelerator, long milli)
    {
        if (isTrivial || accelerator is null || !types.TryGetValue(accelerator, out var type)) return true;
        var queue = tree.IdOf(standing.Queue);
        return milli <= now.RoomOf(queue, type) && milli <= soon.RoomOf(queue, type) && (order.MayBeEvicted(standing, isPreemptible) || Math.Max(now.UsedOf(queue, type), soon.UsedOf(queue, type)) + milli <= soon.RightOf(queue, type));
    }

    /// <summary>What of the pool's nominal is taken before a waiting job of this level: by those that run, of its own and higher levels, and by those that may not be preempted.</summary>
    private long Before(int queue, int type, int rank) =>
        pools.TryGetValue((soon.PoolOf(queue, type), type), out var pool) ? pool.ChargedBefore(rank, soon.RightOf(queue, type), soon.BorrowedBy(queue, type) > 0) : 0;

    private bool IsBorrower(JobId job, int pool, int type) => soon.BorrowedBy(pool, type) > 0 && pools[(pool, type)].Borrowers(soon.RightOf(pool, type)).Contains(job);

    private void Join(QuotaMember member)
    {
        soon.Charge(member.Queue, member.Type, member.Milli);
        Enter(member);
        log.Add((member, true));
    }

    private void Remove(QuotaMember member)
    {
        soon.Refund(member.Queue, member.Type, member.Milli);
        Erase(member);
        log.Add((member, false));
    }

    private void Replace(QuotaMember before, QuotaMember after)
    {
        Remove(before);
        if (after.Milli > 0) Join(after);
    }

    private void Enter(QuotaMember member)
    {
        memberOf.Add(member.Id, member);
        var cell = (soon.PoolOf(member.Queue, member.Type), member.Type);
        if (!pools.TryGetValue(cell, out var pool)) pools.Add(cell, pool = new QuotaPool());
        pool.Enter(member);
    }

    private void Erase(QuotaMember member)
    {
        memberOf.Remove(member.Id);
        pools[(soon.PoolOf(member.Queue, member.Type), member.Type)].Erase(member);
    }

    private QuotaMember? MemberOf(RunningJob job)
    {
        var milli = job.Places.Where(place => !place.IsComing).Sum(place => place.Taken.MilliDevices);
        if (milli == 0) return null;
        var name = job.Accelerator;
        for (var i = 0; name is null && i < job.Places.Count; i++)
        {
            if (job.Places[i].Taken.MilliDevices > 0) name = typeOfNode.GetValueOrDefault((job.Cluster, job.Places[i].Node));
        }

        return name is null || !types.TryGetValue(name, out var type) ? null
            : new QuotaMember(job.Standing.Id, tree.IdOf(job.Standing.Queue), type, milli, milli, order.MayBeEvicted(job.Standing, job.Preemptible), order.Of(job.Standing));
    }
}

/// <param name="Queue">Its number in the tree.</param>
internal readonly record struct QuotaClass(int Queue, int Rank, bool MayBorrow);

/// <param name="IsBorrower">It has no right to what it holds.</param>
/// <param name="IsOfOnePool">Both are charged to one nominal.</param>
internal readonly record struct VictimTerms(bool IsBorrower, bool IsOfOnePool);
