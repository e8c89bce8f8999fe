using Convoy.Core.Jobs;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>One plan in the making.</summary>
internal sealed partial class SchedulingCycle
{
    private readonly ClusterSnapshot snapshot;
    private readonly SchedulingPolicy policy;
    private readonly DateTimeOffset now;
    private readonly StandingOrder order;
    private readonly IReadOnlyList<PendingJob> line;
    private readonly FreeSpace free;
    private readonly PeopleUsage people;
    private readonly QuotaBook quota;
    private readonly Preemption rules;
    private readonly RunningJobs running;
    private readonly TimeMap times;
    private readonly Elasticity elasticity;
    private readonly Defragmentation defragmentation;
    private readonly List<StartedGang> started = [];
    private readonly List<StartedGang> preemptors = [];
    private readonly List<StartedGang> claims = [];
    private readonly List<PlannedEviction> evictions = [];
    private readonly Dictionary<JobId, WaitingReason> waiting = [];
    private readonly HashSet<JobId> mayBorrow = [];
    private readonly BlockedShapes blocked;

    /// <summary>Who starts, claims or evicts in this plan.</summary>
    private readonly HashSet<JobId> begun = [];

    /// <summary>Who has been considered in this pass.</summary>
    private readonly HashSet<JobId> hadTurn = [];

    /// <summary>To whom machines were promised in this plan.</summary>
    private readonly HashSet<JobId> promised = [];

    /// <summary>Who waits only for a promise, by whose it is; and those whose promise has just been kept.</summary>
    private readonly Dictionary<JobId, List<PendingJob>> behind = [];
    private readonly Queue<JobId> kept = [];

    public SchedulingCycle(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now, Holdings holdings)
    {
        this.snapshot = snapshot;
        this.policy = policy;
        this.now = now;
        order = holdings.Order;
        line = new FairLine(snapshot, holdings).Order(snapshot.Pending);
        free = holdings.Free;
        people = new PeopleUsage(holdings, order);
        quota = holdings.Quota;
        blocked = new BlockedShapes(quota);
        rules = new Preemption(policy, order, quota, now);
        running = new RunningJobs(holdings, order, now);
        times = new TimeMap(holdings, policy, now);
        elasticity = new Elasticity(free, times, people, quota, running, new VictimSearch(free, times, rules, quota, holdings.Victims), policy, now);
        defragmentation = new Defragmentation(free, times, running, elasticity, rules);
    }

    public Plan Run()
    {
        times.Expect(line.Where(job => job.PromisedFrom <= now && !IsHeld(job)));

        // 1. Who has a right to what it asks for; 2. who borrows.
        Consider(line, isInside: true);
        if (quota.IsAnyLimited) Consider([.. line.Where(job => waiting.TryGetValue(job.Standing.Id, out var reason) && reason.Token != WaitingToken.WaitingForPreemption)], isInside: false);

        // 3. Surplus is given last: nobody waits for it.
        foreach (var gang in started) Grow(gang);
        elasticity.GrowRunning();
        var starts = times.Reservations.ToDictionary(promise => promise.Job.Standing.Id, promise => promise.From);
        return new Plan(
            snapshot.Revision,
            [.. started.Concat(preemptors).Select(gang => gang.Planned())],
            evictions,
            [.. line.Where(job => waiting.ContainsKey(job.Standing.Id)).Select((job, ahead) => new WaitingJob(job.Standing.Id, waiting[job.Standing.Id] with { JobsAhead = ahead, EarliestStart = starts.TryGetValue(job.Standing.Id, out var from) ? from : null }))])
        {
            Claims = [.. claims.Select(claim => claim.Planned())],
            Resizes = [.. elasticity.Resizes, .. defragmentation.Moves],
            Reservations = [.. times.Reservations.Select(promise => new PlannedReservation(new StartedGang(promise.Job, promise.Places[0].Cluster, promise.Accelerator, [.. promise.Places]).Planned(), promise.From))],
        };
    }

    /// <summary>Level by level, the highest first: what was promised to equals is kept before any of them is considered again, but for those that lost a node.</summary>
    private void Consider(IReadOnlyList<PendingJob> jobs, bool isInside)
    {
        hadTurn.Clear();
        for (var i = 0; i < jobs.Count;)
        {
            var (rank, first) = (order.RankOf(jobs[i].Standing), i);
            for (; i < jobs.Count && jobs[i].IsRepair && order.RankOf(jobs[i].Standing) == rank; i++) ConsiderOne(jobs[i], isInside);
            for (first = i; i < jobs.Count && order.RankOf(jobs[i].Standing) == rank; i++)
            {
            }

            var equals = jobs.Skip(first).Take(i - first).ToArray();
            KeepPromises(equals, isInside);
            foreach (var job in equals) ConsiderOne(job, isInside);
        }
    }

    private void ConsiderOne(PendingJob job, bool isInside)
    {
        hadTurn.Add(job.Standing.Id);
        if (begun.Contains(job.Standing.Id)) return;

        // Of what stands against a job inside nominal and as a borrower, the lack of machines says more than the lack of quota, and who has them more than both.
        var hadRight = waiting.TryGetValue(job.Standing.Id, out var before) && before is not { Token: WaitingToken.WaitingForQuota or WaitingToken.ExceedsQueueQuota };
        var isKept = before is { Token: WaitingToken.Reserved, BlockedBy: { } by } && begun.Contains(by);
        if (!isInside && (!hadRight || isKept || mayBorrow.Contains(job.Standing.Id))) Reconsider(job);
        else if (Try(job, isInside) is var reason && (reason is null or { Token: WaitingToken.Reserved or WaitingToken.WaitingForPreemption } || !hadRight)) Conclude(job, reason);
        if (!isInside || !quota.IsAnyLimited) times.Forget(job);
        while (kept.TryDequeue(out var holder))
        {
            if (behind.Remove(holder, out var others)) TakeTurnsAgain(others, holder, isInside);
        }
    }

    /// <summary>By the right that it has by now, for evictions give rights too, and as a borrower.</summary>
    private void Reconsider(PendingJob job)
    {
        var hasRight = ChoicesOf(job, isInside: true).Length > 0;
        var reason = Try(job, isInside: true);
        if (reason is not null and not { Token: WaitingToken.WaitingForPreemption })
        {
            var asBorrower = Try(job, isInside: false);
            if (!hasRight || asBorrower is null or { Token: WaitingToken.WaitingForPreemption or WaitingToken.Reserved }) reason = asBorrower;
        }

        Conclude(job, reason);
    }

    private void Conclude(PendingJob job, WaitingReason? reason)
    {
        if (reason is null) waiting.Remove(job.Standing.Id);
        else waiting[job.Standing.Id] = reason;
        if (reason is not { Token: WaitingToken.Reserved, BlockedBy: { } by }) return;
        if (!behind.TryGetValue(by, out var others)) behind.Add(by, others = []);
        others.Add(job);
    }

    private bool IsHeld(PendingJob job) => job.Data is not null || (job.NotBefore is { } until && now < until);

    /// <summary>What no quota will ever let the job have is no choice.</summary>
    private (string Cluster, string? Accelerator)[] ChoicesOf(PendingJob job, bool isInside) =>
        [.. free.Choices(job).Where(choice => quota.TermsOf(job, choice.Accelerator) is { Answer.Verdict: not QuotaVerdict.ExceedsQueueQuota } terms && terms.IsInside == isInside)];

    /// <summary>Null where the job starts, now or when those have gone who are told to.</summary>
    private WaitingReason? Try(PendingJob job, bool isInside)
    {
        // 1. May it start at all?
        if (job.NotBefore is { } until && now < until) return new WaitingReason(WaitingToken.Held, WaitingUnit.Jobs, 0, 0, 0, 0, null, until);
        if (job.Data is { } data) return new WaitingReason(WaitingToken.DatasetNotReady, WaitingUnit.Bytes, data.Bytes, data.Copied, 0, 0, null, data.ReadyAt) { IsStuck = data.IsStuck };
        if (people.OverCap(job) is { } overCap) return overCap;
        var choices = ChoicesOf(job, isInside);
        if (choices.Length == 0 && free.Choices(job).Count > 0) return Lacking(job, isInside);

        // 2. On what is free now.
        var promise = times.Withdraw(job);
        if (promise is not null) promised.Add(job.Standing.Id);
        var reason = promise is not null ? null : blocked.ReasonOf(job, isInside);
        if (reason is null)
        {
            if (TryStart(job, choices)) return null;
            var isQuotaShort = choices.Length > 0 && Array.TrueForAll(choices, choice => !quota.TermsOf(job, choice.Accelerator).FitsNow);
            reason = (isQuotaShort ? QuotaReason(job) : null) ?? Shortage.Explain(snapshot, free, job, InTheWayOf(job, choices));
            blocked.Add(job, isInside, reason);
        }

        // 3. On what others are leaving; 4. on what lesser ones can be made to leave; 5. on what is left together by those that can go on
        // elsewhere. Who could start as a borrower waits for its turn as one.
        if (IsShort(reason) || reason.Token is WaitingToken.Reserved or WaitingToken.WaitingForQuota)
        {
            if (isInside && CouldBorrow(job))
            {
                mayBorrow.Add(job.Standing.Id);
                return reason;
            }

            if (TryClaim(job, choices)) return reason with { Token = WaitingToken.WaitingForPreemption, BlockedBy = null };
            if (TryEvict(job, choices, isInside)) return null;
            if (policy.MovesJobs && reason.Token is WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied && TryMove(job, choices)) return null;
        }

        // 6. Blocked: the first of its kind, and who has waited for long, are promised the next machines that suffice; so is who has a right
        // to what is lent and cannot be had back yet, lest others take turns on machines that it needs. Not by service: who
        // comes next there is who has had least, and machines kept for a large old job would stand idle before every short new one
        // (docs/decisions/0006).
        if (promise is not null && (promise.From <= now || !order.IsByService(job.Standing))) times.Better(promise, job, choices, MakingWay(job, isInside));
        var isLent = isInside && choices.Length > 0 && reason.Token == WaitingToken.WaitingForQuota;
        if (promise is not null || !(IsShort(reason) || isLent) || order.IsByService(job.Standing)) return reason;
        if (!IsOld(job) && times.Reservations.Count(other => IsAlike(other.Job, job)) >= policy.ReservationsPerType) return reason;
        times.Reserve(job, choices, MakingWay(job, isInside));
        return reason;
    }

    private static bool IsShort(WaitingReason reason) => reason.Token is WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied;

    private bool IsOld(PendingJob job) => job.SubmittedAt > default(DateTimeOffset) && now - job.SubmittedAt >= policy.AgeBound;

    private static bool IsAlike(PendingJob one, PendingJob other) => one.UsesDevices == other.UsesDevices
        && (one.AcceptableAccelerators is not { } types || other.AcceptableAccelerators is not { } others || types.SequenceEqual(others));

    /// <summary>Why there is nothing that the job could have on these terms. Whether it may borrow shows when its turn as a borrower comes.</summary>
    private WaitingReason Lacking(PendingJob job, bool isInside) =>
        QuotaReason(job) ?? (isInside ? new WaitingReason(WaitingToken.WaitingForQuota, WaitingUnit.Devices, job.MinDevices, 0, 0, 0) : Shortage.Explain(snapshot, free, job, null));

    /// <summary>Null where, of some type, only a lack of devices stands against the job. What it may have of no type is said only where it may of none.</summary>
    private WaitingReason? QuotaReason(PendingJob job)
    {
        var terms = free.Choices(job).Select(choice => quota.TermsOf(job, choice.Accelerator)).ToArray();
        if (Array.Exists(terms, each => !each.IsQuotaShort)) return null;
        var decides = terms.FirstOrDefault(each => each.Answer.Verdict != QuotaVerdict.ExceedsQueueQuota, terms[0]).Answer;
        var (unit, milli) = job.MinTotal.Milli > 0 ? (WaitingUnit.MilliDevices, 1) : (WaitingUnit.Devices, 1000);
        return new WaitingReason(
            decides.Verdict == QuotaVerdict.ExceedsQueueQuota ? WaitingToken.ExceedsQueueQuota : WaitingToken.WaitingForQuota,
            unit, decides.Needed / milli, decides.Free / milli, 0, 0, Queue: policy.Queues.Count == 0 ? null : quota.NameOf(decides.Queue));
    }

    /// <summary>Who is promised the place that the job could have otherwise; null where there is none.</summary>
    private JobId? InTheWayOf(PendingJob job, (string Cluster, string? Accelerator)[] choices)
    {
        foreach (var (cluster, accelerator) in choices)
        {
            if (!quota.TermsOf(job, accelerator).FitsNow || free.TryTake(job, cluster, accelerator) is not { } places) continue;
            free.Give(places);
            if (times.DelayedBy(places, times.EndIfStarted(job)) is { } delayed) return delayed.Job.Standing.Id;
        }

        return null;
    }

    private bool TryStart(PendingJob job, (string Cluster, string? Accelerator)[] choices)
    {
        foreach (var (cluster, accelerator) in choices)
        {
            var terms = quota.TermsOf(job, accelerator);
            if (!terms.FitsNow || !terms.FitsSoon) continue;
            if (free.TryTake(job, cluster, accelerator, Moment.Now, times.TrialOf(job, [])) is not { } places) continue;
            quota.Start(job.Standing, job.Preemptible, accelerator, job.MinTotal.MilliDevices);
            Accept(new StartedGang(job, cluster, accelerator, places), started);
            people.Start(job);
            return true;
        }

        return false;
    }

    /// <summary>Whether it could have what is free, or soon will be, where it has no right to it: then nobody has to go for it, and nothing need be promised.</summary>
    private bool CouldBorrow(PendingJob job)
    {
        var checkpoint = free.Checkpoint();
        var could = Array.Exists(
            ChoicesOf(job, isInside: false),
            choice => quota.TermsOf(job, choice.Accelerator).FitsSoon && free.TryTake(job, choice.Cluster, choice.Accelerator, Moment.Soon, times.TrialOf(job, [])) is not null);
        free.Rollback(checkpoint);
        return could;
    }

    private bool TryClaim(PendingJob job, (string Cluster, string? Accelerator)[] choices)
    {
        if (!running.IsAnyLeaving) return false;
        foreach (var (cluster, accelerator) in choices)
        {
            if (!quota.TermsOf(job, accelerator).FitsSoon || free.TryTake(job, cluster, accelerator, Moment.Soon, times.TrialOf(job, [])) is not { } places) continue;
            free.Claim(places);
            quota.Claim(job.Standing, job.Preemptible, accelerator, job.MinTotal.MilliDevices);
            Accept(new StartedGang(job, cluster, accelerator, places), claims);
            return true;
        }

        return false;
    }

    /// <summary>The least harm in any cluster and on any accelerator that the job may have.</summary>
    private bool TryEvict(PendingJob job, (string Cluster, string? Accelerator)[] choices, bool isInside)
    {
        var searcher = (job.Standing.Owner, job.Standing.Level, job.Standing.Queue, job.Standing.Priority, order.Of(job).Band, isInside, job.PromisedFrom is not null);
        if (blocked.HasSearchedInVain(job, searcher) || (!isInside && !order.MayBeEvicted(job.Standing, job.Preemptible))) return false;
        (Victims Found, Harm Harm)? best = null;
        foreach (var (cluster, accelerator) in choices)
        {
            if (elasticity.MakeRoom(job, cluster, accelerator, Candidates(job, isInside)) is not { } found) continue;
            var harm = rules.HarmOf(found.Jobs, free.Layout);
            if (best is null || harm.CompareTo(best.Value.Harm) < 0) best = (found with { IsProvenBest = found.IsProvenBest && best is not { Found.IsProvenBest: false } }, harm);
        }

        if (best is not { Found: var victims })
        {
            blocked.AddSearch(job, searcher);
            return false;
        }

        foreach (var victim in victims.Jobs.OrderByDescending(victim => victim.StartedAt).ThenByDescending(victim => victim.Standing.SubmitSequence).ThenBy(victim => victim.Standing.Id.Value, StringComparer.Ordinal))
        {
            free.Vacate(victim);
            times.Release(victim);
            evictions.Add(new PlannedEviction(victim.Standing.Id, victim.Revision, job.Standing.Id, victims.IsProvenBest) { Cause = rules.RightTo(job, isInside, victim)!.Value });
        }

        foreach (var victim in victims.Jobs)
        {
            quota.Leave(victim);
            running.Remove(victim);
        }

        elasticity.Shrink(victims.GivenUp, job);
        TakeOver(new StartedGang(job, victims.Cluster, victims.Accelerator, victims.Places));
        return true;
    }

    private bool TryMove(PendingJob job, (string Cluster, string? Accelerator)[] choices)
    {
        if (defragmentation.Find(job, choices.Where(choice => quota.TermsOf(job, choice.Accelerator) is { FitsNow: true, FitsSoon: true })) is not { } found) return false;
        defragmentation.Move(found, job);
        TakeOver(new StartedGang(job, found.Cluster, found.Accelerator, found.Places));
        return true;
    }

    /// <summary>The gang gets what others have been told to leave.</summary>
    private void TakeOver(StartedGang gang)
    {
        var job = gang.Job;
        free.Take(gang.Places);
        free.Claim(gang.Places);
        quota.Claim(job.Standing, job.Preemptible, gang.Accelerator, job.MinTotal.MilliDevices);
        Accept(gang, preemptors);
        people.Start(job);

        // What is left beyond what was wanted may serve others.
        blocked.ForgetSearches();
    }

    /// <summary>What is borrowed may be anybody's.</summary>
    private IEnumerable<Tenant> Candidates(PendingJob job, bool isInside) =>
        (isInside && quota.IsAnythingBorrowed ? running.All : running.Below(job.Standing, order.IsByService(job.Standing) || job.PromisedFrom <= now))
        .SelectMany(level => level.Tenants.Where(rules.RightOver(job, isInside, level.Level)));

    private void Grow(StartedGang gang)
    {
        foreach (var role in gang.Job.Roles)
        {
            for (var count = role.Min; count < role.Max && MayGrow(gang, role); count++)
            {
                if (free.TryTakeOne(role, gang.Cluster, gang.Accelerator, Moment.Now, times.TrialOf(gang.Job, [])) is not { } place) break;
                times.Accept(gang with { Places = [place] });
                people.Grow(gang.Job.Standing, role.Each.MilliDevices);
                quota.Start(gang.Job.Standing, gang.Job.Preemptible, gang.Accelerator, role.Each.MilliDevices);
                gang.Places.Add(place);
            }
        }
    }

    private bool MayGrow(StartedGang gang, RoleDemand role) => people.MayGrow(gang.Job.Standing, gang.Places.Sum(place => place.Role.Each.MilliDevices), role.Each.MilliDevices)
        && quota.MayGrow(gang.Job.Standing, gang.Job.Preemptible, gang.Accelerator, role.Each.MilliDevices);

    private void Accept(StartedGang gang, List<StartedGang> into)
    {
        times.Accept(gang);
        into.Add(gang);
        begun.Add(gang.Job.Standing.Id);

        // What was promised to it and is not where it went is free again.
        if (!promised.Contains(gang.Job.Standing.Id)) return;
        blocked.ForgetPlaces();
        kept.Enqueue(gang.Job.Standing.Id);
    }
}
