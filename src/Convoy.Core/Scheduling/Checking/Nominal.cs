using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling.Checking;

/// <summary>
/// Who is inside nominal. In each pool, those who may not be evicted come first, then the higher level, those who run before those who
/// wait, the higher priority, who came first. Each is inside if it fits wholly in what is left of the pool's right.
/// </summary>
/// <remarks>
/// In which order the gangs of a plan were considered is not known, so where it matters the most favourable is assumed: a preemptor is
/// judged with or without those of its level that leave for it, and beside the minimum of gangs that certainly came before it; elastic jobs
/// count with their minimum, unless they may not be evicted: then with what they have, or with what they keep.
/// </remarks>
internal sealed class Nominal(CheckedWorld world)
{
    private readonly Dictionary<(string Type, string Pool), Member[]> running = [];
    private readonly Dictionary<(string Type, string Pool), HashSet<JobId>> borrowers = [];
    private readonly Dictionary<JobId, bool> needs = [];
    private readonly Dictionary<JobId, bool> insideAnyway = [];
    private ILookup<(string Type, string Pool), CheckedGang>? gangs;

    /// <summary>With victims of the gang's own level or without, with what elastic jobs have or with what they keep.</summary>
    private static (bool WithoutEquals, bool IsLater)[] Moments => [(true, false), (true, true), (false, false), (false, true)];

    /// <summary>Whether the gang is inside when it is considered. One without devices has no need of quota.</summary>
    /// <param name="staying">A job that stays although it is to leave.</param>
    public bool IsInside(CheckedGang gang, JobId? staying = null)
    {
        if (PoolOf(gang) is not { } pool) return true;
        var rank = world.RankOf(gang.Job.Standing);
        var gangs = Gangs(pool).Where(other => other.Id != gang.Id).ToArray();
        var certain = gangs.Where(other => IsBefore(other, gang)).ToArray();

        // Who started as a borrower may have pushed out others by its standing, and so made room in nominal: those above, or equals too.
        var higher = gangs.Where(other => world.RankOf(other.Job.Standing) > rank || certain.Contains(other)).ToArray();
        var ahead = gangs.Where(other => higher.Contains(other) || (world.RankOf(other.Job.Standing) == rank && MemberOf(other, isPending: false).CompareTo(MemberOf(gang, isPending: false)) < 0)).ToArray();
        var possible = gangs.Where(other => world.RankOf(other.Job.Standing) >= rank).ToArray();
        return IsEver(certain) || (higher.Length > certain.Length && IsEver(higher)) || (ahead.Length > higher.Length && IsEver(ahead)) || (possible.Length > ahead.Length && IsEver(possible));

        bool IsEver(CheckedGang[] others) => Array.Exists(Moments, moment => IsInside(pool, gang, others, member => Counts(member, moment.WithoutEquals), moment.IsLater));

        bool Counts(Member member, bool withoutEquals) =>
            world.Evictors.TryGetValue(member.Id, out var evictor) ? evictor == gang.Id && (!withoutEquals || member.Rank != rank || member.Id == staying) : !member.IsStopping;
    }

    /// <summary>Whether a job that waits is certainly inside, beside what runs and these of the plan's gangs: with and without those who leave, and in whatever order the gangs came.</summary>
    public bool IsInside(PendingJob job, string type, long milli, IEnumerable<CheckedGang> others)
    {
        var (pool, rank) = ((type, world.QuotaOf(type).PoolOf(job.Standing.Queue)), world.RankOf(job.Standing));

        // Of its level it is the last, whoever it is.
        bool IsBefore(Member member) => member.IsFirst || member.Rank >= rank;
        var started = others.Where(gang => PoolOf(gang) == pool).Select(gang => MemberOf(gang, isPending: false)).Where(IsBefore).Sum(member => member.Milli);
        var before = Math.Max(Charged(_ => true), Math.Max(Charged(member => !member.IsStopping), Charged(member => !member.IsStopping && !world.Evictors.ContainsKey(member.Id))));
        return before + started + milli <= world.QuotaOf(type).RightOf(pool.Item2);

        long Charged(Func<Member, bool> counts)
        {
            var members = Members(pool).Where(member => IsBefore(member) && counts(member)).ToArray();
            var inside = Inside(pool, members).ToHashSet();
            return members.Where(member => inside.Contains(member.Id)).Sum(member => member.Milli);
        }
    }

    /// <summary>Whether the jobs that may not be evicted have more than the pool's right once they have grown.</summary>
    public bool GrowsBeyond(CheckedGang growth)
    {
        if (PoolOf(growth) is not { } pool) return false;
        var grown = world.Growths.Where(other => PoolOf(other) == pool && !world.MayBeEvicted(other.Job)).Sum(other => other.MilliDevices);
        return Members(pool).Where(member => member.IsFirst).Sum(member => member.Milli) + grown > world.QuotaOf(pool.Type).RightOf(pool.Pool);
    }

    /// <summary>Whether the job may be beyond the nominal of its queue, as things are or beside the plan's other gangs.</summary>
    public bool MayBorrow(RunningJob job, CheckedGang preemptor)
    {
        if (world.AcceleratorOf(job) is not { } type) return false;
        var pool = (type, world.QuotaOf(type).PoolOf(job.Standing.Queue));
        if (Borrows(job)) return true;
        var others = Gangs(pool).Where(gang => gang.Id != preemptor.Id).ToArray();
        var running = Members(pool).Where(member => !member.IsStopping).ToArray();
        var left = running.Where(member => !world.Evictors.TryGetValue(member.Id, out var evictor) || evictor == preemptor.Id);
        return IsOutside(running) || IsOutside(left) || IsOutside(left.Select(member => member.Later));

        // Who makes others leave, and who claims what they leave, may have come only later.
        bool IsOutside(IEnumerable<Member> members) => IsOutsideBeside(members, others)
            || IsOutsideBeside(members, others.Where(gang => gang.Begin != Begin.Later)) || IsOutsideBeside(members, others.Where(gang => gang.Begin == Begin.Now));

        bool IsOutsideBeside(IEnumerable<Member> members, IEnumerable<CheckedGang> gangs) => !Inside(pool, Merge(members, gangs.Select(gang => MemberOf(gang, isPending: false)).Order())).Contains(job.Standing.Id);
    }

    /// <summary>Whether the job is beyond the nominal of its queue before anything of the plan is applied.</summary>
    public bool Borrows(RunningJob job)
    {
        if (world.AcceleratorOf(job) is not { } type) return false;
        var pool = (type, world.QuotaOf(type).PoolOf(job.Standing.Queue));
        if (!borrowers.TryGetValue(pool, out var outside)) borrowers[pool] = outside = [.. Members(pool).Select(member => member.Id).Except(Inside(pool, Members(pool)))];
        return outside.Contains(job.Standing.Id);
    }

    /// <summary>Whether the gang may do what it does only if it is inside.</summary>
    public bool MustBeInside(CheckedGang gang, JobId? letOff = null)
    {
        if (letOff is null && needs.TryGetValue(gang.Id, out var known)) return known;
        var must = !world.MayBeEvicted(gang.Job) || world.EvictionsFor(gang.Id).Any(eviction => eviction.Victim != letOff && world.Running.TryGetValue(eviction.Victim, out var victim)
            && world.AcceleratorOf(victim) is not null && (eviction.Cause == EvictionCause.Reclaim || !MayBorrow(victim, gang)));
        if (letOff is null) needs[gang.Id] = must;
        return must;
    }

    /// <summary>Whether the other certainly took its part of the pool's right first.</summary>
    private bool IsBefore(CheckedGang other, CheckedGang gang)
    {
        var byRank = world.RankOf(other.Job.Standing).CompareTo(world.RankOf(gang.Job.Standing));
        if (byRank < 0 || other.Begin == Begin.Later || (byRank == 0 && (gang.Job.IsRepair || gang.Job.PromisedFrom is not null))) return false;
        if (MustBeInside(other)) return byRank > 0 || MemberOf(other, isPending: false).CompareTo(MemberOf(gang, isPending: false)) < 0;
        if (byRank == 0) return false;
        if (!insideAnyway.TryGetValue(other.Id, out var isInside)) insideAnyway[other.Id] = isInside = IsInsideBeside([]) && IsInsideBeside(Gangs(PoolOf(other)!.Value).Where(each => each.Id != other.Id));
        return isInside;

        bool IsInsideBeside(IEnumerable<CheckedGang> others) => IsInside(PoolOf(other)!.Value, other, others, member => !member.IsStopping, isLater: false);
    }

    /// <param name="isLater">Whether elastic jobs have given up what they are to.</param>
    private bool IsInside((string Type, string Pool) pool, CheckedGang gang, IEnumerable<CheckedGang> others, Func<Member, bool> counts, bool isLater)
    {
        var extras = others.Select(other => MemberOf(other, isPending: false)).Append(MemberOf(gang, isPending: true)).Order();
        return Inside(pool, Merge(Members(pool).Where(counts).Select(member => isLater ? member.Later : member), extras)).Contains(gang.Id);
    }

    private IEnumerable<JobId> Inside((string Type, string Pool) pool, IEnumerable<Member> members)
    {
        var left = world.QuotaOf(pool.Type).RightOf(pool.Pool);
        foreach (var member in members)
        {
            if (!member.IsFirst && member.Milli > left) continue;
            left -= member.Milli;
            yield return member.Id;
        }
    }

    private Member[] Members((string Type, string Pool) pool)
    {
        if (!running.TryGetValue(pool, out var members))
        {
            running[pool] = members = [.. world.RunningOn(pool.Type).Where(job => world.QuotaOf(pool.Type).PoolOf(job.Standing.Queue) == pool.Pool)
                .Select(MemberOf).Order()];
        }

        return members;
    }

    private IEnumerable<CheckedGang> Gangs((string Type, string Pool) pool) =>
        (gangs ??= world.Gangs.Concat(world.Claims).Where(gang => PoolOf(gang) is not null).ToLookup(gang => PoolOf(gang)!.Value))[pool];

    private (string Type, string Pool)? PoolOf(CheckedGang gang) =>
        gang.Planned.Accelerator is { } type && gang.MilliDevices > 0 ? (type, world.QuotaOf(type).PoolOf(gang.Job.Standing.Queue)) : null;

    private Member MemberOf(RunningJob job)
    {
        var isFirst = !world.MayBeEvicted(job);
        var (held, kept) = isFirst ? (CheckedWorld.MilliDevicesStaying(job), world.MilliDevicesKept(job)) : (CheckedWorld.MilliDevicesOfMinimum(job), CheckedWorld.MilliDevicesOfMinimum(job));
        return new Member(job.Standing, world.RankOf(job.Standing), held, isFirst, false) { Kept = kept, IsStopping = job.IsStopping };
    }

    private Member MemberOf(CheckedGang gang, bool isPending) =>
        new(gang.Job.Standing, world.RankOf(gang.Job.Standing), gang.MinMilliDevices, !isPending && !world.MayBeEvicted(gang.Job), isPending);

    private static IEnumerable<Member> Merge(IEnumerable<Member> running, IEnumerable<Member> extras)
    {
        var waiting = new Queue<Member>(extras);
        foreach (var member in running)
        {
            while (waiting.TryPeek(out var extra) && extra.CompareTo(member) < 0) yield return waiting.Dequeue();
            yield return member;
        }

        foreach (var extra in waiting) yield return extra;
    }

    /// <param name="IsFirst">It runs, or is to, and may not be evicted.</param>
    private readonly record struct Member(Standing Standing, int Rank, long Milli, bool IsFirst, bool IsPending) : IComparable<Member>
    {
        public JobId Id => Standing.Id;

        /// <summary>What it holds once it has given up what it is to.</summary>
        public long Kept { get; init; }

        public Member Later => this with { Milli = Kept };

        public bool IsStopping { get; init; }

        public int CompareTo(Member other)
        {
            var order = other.IsFirst.CompareTo(IsFirst);
            if (order == 0) order = other.Rank.CompareTo(Rank);
            if (order == 0) order = IsPending.CompareTo(other.IsPending);
            if (order == 0) order = other.Standing.Priority.CompareTo(Standing.Priority);
            if (order == 0) order = Standing.SubmitSequence.CompareTo(other.Standing.SubmitSequence);
            return order == 0 ? string.CompareOrdinal(Id.Value, other.Id.Value) : order;
        }
    }
}
