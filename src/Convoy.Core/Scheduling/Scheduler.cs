using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Who gets which machines. Pure and deterministic: the same snapshot gives the same plan, whatever the order of its lists.
/// Jobs are considered by level, priority, the ordering of their queue and submit sequence; a gang gets all its places or none. Who finds no place takes what
/// others are leaving already, or evicts whom it may. The first blocked jobs of each accelerator type are promised the machines
/// that suffice first; a later job may start only where it delays no promise.
/// </summary>
public static class Scheduler
{
    public static Plan Plan(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now) => new SchedulingCycle(snapshot, policy, now).Run();
}

/// <summary>One plan in the making.</summary>
internal sealed class SchedulingCycle
{
    private readonly ClusterSnapshot snapshot;
    private readonly SchedulingPolicy policy;
    private readonly DateTimeOffset now;
    private readonly StandingOrder order;
    private readonly FreeSpace free;
    private readonly PeopleUsage people;
    private readonly Preemption rules;
    private readonly List<RunningJob> running;
    private readonly TimeMap times;
    private readonly Elasticity elasticity;
    private readonly List<StartedGang> started = [];
    private readonly List<PlannedGang> preemptors = [];
    private readonly List<PlannedGang> claims = [];
    private readonly List<PlannedEviction> evictions = [];
    private readonly List<WaitingJob> waiting = [];

    /// <summary>Why a shape found no place. Free space only shrinks in a cycle, so what holds for one job holds for its likes.</summary>
    private readonly Dictionary<PendingJob, WaitingReason> noPlace = new(new ShapeComparer());

    /// <summary>Shapes that searched for victims in vain, by who searched.</summary>
    private readonly Dictionary<(string Owner, string Level, string Queue, JobPriority Priority, int Band), HashSet<PendingJob>> noVictims = [];

    public SchedulingCycle(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now)
    {
        this.snapshot = snapshot;
        this.policy = policy;
        this.now = now;
        order = new StandingOrder(policy);
        free = FreeSpace.Of(snapshot, snapshot.Running);
        people = new PeopleUsage(snapshot, policy);
        rules = new Preemption(policy, order, now);
        running = [.. snapshot.Running.OrderBy(job => order.Of(job, now))];
        times = new TimeMap(snapshot, policy, now);
        elasticity = new Elasticity(free, times, people, new VictimSearch(free, times, rules, now), policy, now);
    }

    public Plan Run()
    {
        foreach (var job in snapshot.Pending.OrderBy(order.Of))
        {
            if (TryStart(job) is { } reason) waiting.Add(new WaitingJob(job.Standing.Id, reason with { JobsAhead = waiting.Count }));
        }

        // Surplus is given last: nobody waits for it.
        foreach (var gang in started) Grow(gang);
        elasticity.GrowRunning(running);
        return new Plan(snapshot.Revision, [.. started.Select(gang => gang.Planned()), .. preemptors], evictions, waiting)
        {
            Claims = claims,
            Resizes = elasticity.Resizes,
            Reservations = [.. times.Reservations.Select(promise => new PlannedReservation(new StartedGang(promise.Job, promise.Places[0].Cluster, promise.Accelerator, [.. promise.Places]).Planned(), promise.From))],
        };
    }

    private WaitingReason? TryStart(PendingJob job)
    {
        // 1. May it start at all?
        if (job.NotBefore is { } until && now < until) return new WaitingReason(WaitingToken.Held, WaitingUnit.Jobs, 0, 0, 0, 0, null, until);
        if (people.OverCap(job) is { } overCap) return overCap;

        // 2. On what is free now.
        if (!noPlace.TryGetValue(job, out var reason))
        {
            foreach (var (cluster, accelerator) in free.Choices(job))
            {
                if (free.TryTake(job, cluster, accelerator, Moment.Now, Trying(job)) is not { } places) continue;
                Accept(job, places);
                started.Add(new StartedGang(job, cluster, accelerator, places));
                return null;
            }

            reason = Shortage.Explain(snapshot, free, job, InTheWayOf(job));
            noPlace.Add(job, reason);
        }

        // 3. On what others are leaving; 4. on what lesser ones can be made to leave.
        if (reason.Token is WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied or WaitingToken.Reserved)
        {
            if (TryClaim(job)) return reason with { Token = WaitingToken.WaitingForPreemption, BlockedBy = null };
            if (TryEvict(job)) return null;
        }

        // 5. Blocked: the first of its kind are promised the next machines that suffice. Not by service: who comes next there is who has had
        // least, and machines kept for a large old job would stand idle before every short new one (docs/decisions/0006).
        if (order.IsByService(job.Standing)) return reason;
        if (reason.Token is not (WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied) || times.Reservations.Count(promise => IsAlike(promise.Job, job)) >= policy.ReservationsPerType) return reason;
        return reason with { EarliestStart = times.Reserve(job)?.From };
    }

    private static bool IsAlike(PendingJob one, PendingJob other) => one.UsesDevices == other.UsesDevices
        && (one.AcceptableAccelerators is not { } types || other.AcceptableAccelerators is not { } others || types.SequenceEqual(others));

    /// <summary>Who is promised the place that the job could have otherwise; null where there is none.</summary>
    private JobId? InTheWayOf(PendingJob job)
    {
        foreach (var (cluster, accelerator) in free.Choices(job))
        {
            if (free.TryTake(job, cluster, accelerator) is not { } places) continue;
            free.Give(places);
            if (times.DelayedBy(places, times.EndIfStarted(job)) is { } delayed) return delayed.Job.Standing.Id;
        }

        return null;
    }

    private TimeMap.Trial Trying(PendingJob job) => new(times, times.EndIfStarted(job), []);

    private bool TryClaim(PendingJob job)
    {
        if (preemptors.Count == 0 && !running.Exists(other => other.IsStopping || other.IsResizing)) return false;
        foreach (var (cluster, accelerator) in free.Choices(job))
        {
            if (free.TryTake(job, cluster, accelerator, Moment.Soon, Trying(job)) is not { } places) continue;
            free.Claim(places);
            times.Accept(job, places);
            claims.Add(new StartedGang(job, cluster, accelerator, places).Planned());
            return true;
        }

        return false;
    }

    private bool TryEvict(PendingJob job)
    {
        var searcher = (job.Standing.Owner, job.Standing.Level, job.Standing.Queue, job.Standing.Priority, order.Of(job).Band);
        if (noVictims.TryGetValue(searcher, out var vain) && vain.Contains(job)) return false;
        var candidates = running.Where(other => !elasticity.IsResizing(other) && rules.MayEvict(job, other)).ToArray();
        if (elasticity.MakeRoom(job, running, candidates) is not { } victims)
        {
            if (vain is null) noVictims.Add(searcher, vain = new HashSet<PendingJob>(new ShapeComparer()));
            vain.Add(job);
            return false;
        }

        foreach (var victim in victims.Jobs)
        {
            free.Vacate(victim);
            times.Release(victim);
            running.Remove(victim);
            evictions.Add(new PlannedEviction(victim.Standing.Id, victim.Revision, job.Standing.Id, victims.IsProvenBest) { Cause = rules.RightTo(job, victim)!.Value });
        }

        elasticity.Shrink(victims.GivenUp, job, running);
        free.Take(victims.Places);
        free.Claim(victims.Places);
        Accept(job, victims.Places);
        preemptors.Add(new StartedGang(job, victims.Cluster, victims.Accelerator, victims.Places).Planned());

        // What the victims leave beyond what was wanted may serve others.
        noVictims.Clear();
        return true;
    }

    private void Grow(StartedGang gang)
    {
        foreach (var role in gang.Job.Roles)
        {
            for (var count = role.Min; count < role.Max && people.MayGrow(gang.Job.Standing, gang.Places.Sum(place => place.Role.Each.Devices), role.Each.Devices); count++)
            {
                if (free.TryTakeOne(role, gang.Cluster, gang.Accelerator, Moment.Now, Trying(gang.Job)) is not { } place) break;
                times.Accept(gang.Job, [place]);
                people.Grow(gang.Job.Standing, role.Each.Devices);
                gang.Places.Add(place);
            }
        }
    }

    private void Accept(PendingJob job, List<Place> places)
    {
        times.Accept(job, places);
        people.Start(job);
    }
}

/// <summary>A gang on its way into the plan.</summary>
internal sealed record StartedGang(PendingJob Job, string Cluster, string? Accelerator, List<Place> Places)
{
    /// <summary>Neighbouring ranks talk most, so a node's tasks get neighbouring ranks.</summary>
    public PlannedGang Planned()
    {
        var tasks = new List<TaskPlacement>(Places.Count);
        foreach (var role in Job.Roles)
        {
            var places = Places.Where(place => place.Role == role).OrderBy(place => place.Node, StringComparer.Ordinal).ThenBy(place => place.Devices.FirstOrDefault());
            var firstRank = tasks.Count;
            tasks.AddRange(places.Select((place, index) => new TaskPlacement(role.Role, index, firstRank + index, place.Node, place.Devices)));
        }

        return new PlannedGang(Job.Standing.Id, Job.Revision, Cluster, Accelerator, tasks);
    }
}
