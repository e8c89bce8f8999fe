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

    private readonly QueueTree tree;
    private readonly StandingOrder order;
    private readonly bool isTrivial;
    private readonly long[] capacities;
    private readonly Dictionary<string, int> types = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Cluster, string Node), string> typeOfNode = [];
    private readonly QuotaUsage now;
    private readonly QuotaUsage soon;

    /// <summary>Jobs that hold devices and stay, by pool and type, in the order in which they are charged.</summary>
    private readonly Dictionary<(int Pool, int Type), SortedSet<Member>> members = [];
    private readonly Dictionary<JobId, Member> memberOf = [];
    private readonly Dictionary<(int Pool, int Type), HashSet<JobId>> borrowers = [];
    private readonly Dictionary<(int Pool, int Type, int Rank), long> chargedBefore = [];

    /// <summary>Who has joined and who has left since <see cref="Commit"/>.</summary>
    private readonly List<(Member Member, bool HasJoined)> log = [];

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
        Forget();
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
        Forget();
    }

    /// <summary>Whether any queue has a quota of its own.</summary>
    public bool IsAnyLimited => !isTrivial;

    public bool IsAnythingBorrowed => !isTrivial && members.Keys.Any(cell => soon.BorrowedBy(cell.Pool, cell.Type) > 0);

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
        if (isTrivial || MemberOf(victim) is not { } member) return new VictimTerms(false, true);
        var own = soon.PoolOf(tree.IdOf(job.Standing.Queue), member.Type);
        var its = soon.PoolOf(member.Queue, member.Type);
        return new VictimTerms(BorrowersOf(its, member.Type).Contains(member.Id), own == its);
    }

    /// <summary>A gang starts now, or grows by so much.</summary>
    public void Start(Standing standing, bool isPreemptible, string? accelerator, long milli)
    {
        if (isTrivial || milli == 0 || accelerator is null || !types.TryGetValue(accelerator, out var type)) return;
        var queue = tree.IdOf(standing.Queue);
        now.Charge(queue, type, milli);
        var member = new Member(standing.Id, queue, type, milli, milli, order.MayBeEvicted(standing, isPreemptible), order.Of(standing));
        if (!memberOf.TryGetValue(standing.Id, out var before)) Join(member);
        else Replace(before, before with { Milli = before.Milli + milli });
    }

    /// <summary>A gang is to start once others have gone.</summary>
    public void Claim(Standing standing, bool isPreemptible, string? accelerator, long milli)
    {
        if (isTrivial || milli == 0 || accelerator is null || !types.TryGetValue(accelerator, out var type)) return;
        Join(new Member(standing.Id, tree.IdOf(standing.Queue), type, milli, milli, order.MayBeEvicted(standing, isPreemptible), order.Of(standing)));
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
    private long Before(int queue, int type, int rank)
    {
        var pool = soon.PoolOf(queue, type);
        if (!chargedBefore.TryGetValue((pool, type, rank), out var milli)) chargedBefore[(pool, type, rank)] = milli = Charged(queue, pool, type, rank);
        return milli;
    }

    private long Charged(int queue, int pool, int type, int rank)
    {
        if (!members.TryGetValue((pool, type), out var here)) return 0;
        var ahead = here.Where(member => !member.MayBorrow || member.Turn.Rank >= rank).Select(member => new PoolGang(member.Charged, member.MayBorrow)).ToArray();
        return NominalOrder.Mark(soon.RightOf(queue, type), ahead, new bool[ahead.Length]);
    }

    private HashSet<JobId> BorrowersOf(int pool, int type)
    {
        if (borrowers.TryGetValue((pool, type), out var known)) return known;
        var found = new HashSet<JobId>();
        if (soon.BorrowedBy(pool, type) > 0)
        {
            var here = members[(pool, type)];
            var inside = new bool[here.Count];
            NominalOrder.Mark(soon.RightOf(pool, type), here.Select(member => new PoolGang(member.Charged, member.MayBorrow)).ToArray(), inside);
            found.UnionWith(here.Zip(inside).Where(pair => !pair.Second).Select(pair => pair.First.Id));
        }

        return borrowers[(pool, type)] = found;
    }

    private void Join(Member member)
    {
        soon.Charge(member.Queue, member.Type, member.Milli);
        Enter(member);
        log.Add((member, true));
        Forget();
    }

    private void Remove(Member member)
    {
        soon.Refund(member.Queue, member.Type, member.Milli);
        Erase(member);
        log.Add((member, false));
        Forget();
    }

    private void Replace(Member before, Member after)
    {
        Remove(before);
        if (after.Milli > 0) Join(after);
    }

    private void Enter(Member member)
    {
        memberOf.Add(member.Id, member);
        var cell = (soon.PoolOf(member.Queue, member.Type), member.Type);
        if (!members.TryGetValue(cell, out var here)) members.Add(cell, here = []);
        here.Add(member);
    }

    private void Erase(Member member)
    {
        memberOf.Remove(member.Id);
        members[(soon.PoolOf(member.Queue, member.Type), member.Type)].Remove(member);
    }

    private void Forget()
    {
        borrowers.Clear();
        chargedBefore.Clear();
    }

    private Member? MemberOf(RunningJob job)
    {
        var milli = job.Places.Where(place => !place.IsComing).Sum(place => place.Taken.MilliDevices);
        if (milli == 0) return null;
        var name = job.Accelerator;
        for (var i = 0; name is null && i < job.Places.Count; i++)
        {
            if (job.Places[i].Taken.MilliDevices > 0) name = typeOfNode.GetValueOrDefault((job.Cluster, job.Places[i].Node));
        }

        return name is null || !types.TryGetValue(name, out var type) ? null
            : new Member(job.Standing.Id, tree.IdOf(job.Standing.Queue), type, milli, milli, order.MayBeEvicted(job.Standing, job.Preemptible), order.Of(job.Standing));
    }

    /// <param name="Min">What it keeps of that whoever takes its surplus.</param>
    private sealed record Member(JobId Id, int Queue, int Type, long Milli, long Min, bool MayBorrow, StandingOrder.Turn Turn) : IComparable<Member>
    {
        /// <summary>What of its pool's right it takes before others.</summary>
        public long Charged => MayBorrow ? Min : Milli;

        public int CompareTo(Member? other) => other is null ? 1 : Turn.CompareTo(other.Turn);
    }
}

/// <param name="Queue">Its number in the tree.</param>
internal readonly record struct QuotaClass(int Queue, int Rank, bool MayBorrow);

/// <param name="IsBorrower">It has no right to what it holds.</param>
/// <param name="IsOfOnePool">Both are charged to one nominal.</param>
internal readonly record struct VictimTerms(bool IsBorrower, bool IsOfOnePool);
