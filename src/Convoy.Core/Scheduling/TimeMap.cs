using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>
/// When machines will be free, by the expected ends of what runs, and what of that is promised. A blocked job is promised the
/// earliest places it can have; a later job may start only where, at the time of every promise it outlives, enough is left on
/// every node (EASY backfilling, Lifka 1995, with several reservations, node by node). Counts devices: which of them is free is
/// known only when the time has come.
/// </summary>
internal sealed class TimeMap(Holdings holdings, SchedulingPolicy policy, DateTimeOffset now)
{
    private readonly FreeSpace counts = holdings.Counts;
    private readonly HashSet<JobId> gone = [];
    private readonly Dictionary<JobId, RunningJob> smaller = [];

    /// <summary>Who begins in this plan and who is promised machines, by when they end. What was promised is taken from the counts, until whoever gets it has ended: a place between is not looked for.</summary>
    private readonly List<(DateTimeOffset End, RunningJob Job)> coming = [];
    private readonly Dictionary<(string Cluster, string Node), List<(DateTimeOffset End, ResourceVector Taken)>> begunOn = [];
    private readonly Dictionary<(string Cluster, string Node), List<(Reservation For, ResourceVector Taken)>> promised = [];
    private readonly List<Reservation> reservations = [];
    private readonly Dictionary<JobId, Reservation> promiseOf = [];
    private readonly Dictionary<JobId, Reservation> due = [];
    private Timeline? ends;

    public IReadOnlyList<Reservation> Reservations => reservations;

    public Reservation? PromiseOf(PendingJob job) => promiseOf.GetValueOrDefault(job.Standing.Id);

    /// <summary>When a job that starts now is expected to end.</summary>
    public DateTimeOffset EndIfStarted(PendingJob job) => now + (job.MaxDuration ?? policy.UsualDuration);

    public DateTimeOffset ExpectedEnd(RunningJob job)
    {
        if (job.IsStopping) return now;
        if (job.IsMoving) return now + ExpectedEnds.DurationOf(job, policy.UsualDuration);

        // Who outstays what was declared or usual is given twice the time, and so on.
        var duration = ExpectedEnds.DurationOf(job, policy.UsualDuration);
        while (job.StartedAt + duration <= now) duration *= 2;
        return job.StartedAt + duration;
    }

    /// <summary>
    /// Whose promise has come due waits for no more than others' going: until its turn comes nobody, of whatever level, is promised what
    /// it is about to get. Who can start on that outranks it.
    /// </summary>
    public void Expect(IEnumerable<PendingJob> jobs)
    {
        foreach (var job in jobs)
        {
            if (PlacesOf(job, job.Promised!.Gang) is { } places) due[job.Standing.Id] = new Reservation(job, job.Promised.Gang.Accelerator, now, EndIfStarted(job), places);
        }
    }

    /// <summary>The job has had its last turn in this plan.</summary>
    public void Forget(PendingJob job) => due.Remove(job.Standing.Id);

    /// <summary>Promises the job the earliest places it can have; null where it never fits, whoever ends.</summary>
    /// <param name="choices">Clusters and accelerators that it may have.</param>
    /// <param name="makeWay">Running jobs that it may evict, and from when: for this job they end then at the latest.</param>
    /// <param name="from">Not earlier: what is free before that is for those who come before it in the line.</param>
    public Reservation? Reserve(PendingJob job, IEnumerable<(string Cluster, string? Accelerator)> choices, IReadOnlyDictionary<JobId, DateTimeOffset> makeWay, DateTimeOffset? from = null) =>
        Find(job, choices, makeWay, from > now ? from.Value : now, null) is { } found ? Promise(found) : null;

    /// <summary>The earliest places that the job can have, where those are left to all others that are promised to them until these have ended.</summary>
    /// <param name="before">Null where any time will do.</param>
    private Reservation? Find(PendingJob job, IEnumerable<(string Cluster, string? Accelerator)> choices, IReadOnlyDictionary<JobId, DateTimeOffset> makeWay, DateTimeOffset from, DateTimeOffset? before)
    {
        due.Remove(job.Standing.Id);
        IEnumerable<(DateTimeOffset End, RunningJob Job)> staying = ends ??= Ends();
        var more = coming;
        if (due.Count > 0 || makeWay.Count > 0)
        {
            more = [.. coming, .. due.Values.Select(each => (each.End, each.Holder)), .. staying.Where(each => makeWay.ContainsKey(each.Job.Standing.Id)).Select(each => (Earlier(each.End, makeWay[each.Job.Standing.Id]), each.Job))];
            more.Sort(ExpectedEnds.EarliestFirst);
            if (makeWay.Count > 0) staying = staying.Where(each => !makeWay.ContainsKey(each.Job.Standing.Id));
        }

        var timeline = Timeline.Of(staying, more);
        var checkpoint = counts.Checkpoint();
        foreach (var each in due.Values) counts.Take(each.Places);
        Reservation? best = null;
        foreach (var (cluster, accelerator) in choices)
        {
            if (Earliest(timeline, job, cluster, accelerator, from, best?.From ?? before) is not { } found) continue;
            best = new Reservation(job, accelerator, found.From, found.From + (EndIfStarted(job) - now), found.Places) { MakeWay = makeWay };
        }

        counts.Rollback(checkpoint);
        return best;
    }

    /// <summary>Promises the job the same machines again, no earlier than before and as soon as they are free; null where they are not to be had any more.</summary>
    public Reservation? Keep(PendingJob job, IEnumerable<(string Cluster, string? Accelerator)> choices, IReadOnlyDictionary<JobId, DateTimeOffset> makeWay) =>
        Again(job, job.Promised!, choices, makeWay) is { } same ? Promise(same) : null;

    private Reservation? Again(PendingJob job, PlannedReservation before, IEnumerable<(string Cluster, string? Accelerator)> choices, IReadOnlyDictionary<JobId, DateTimeOffset> makeWay)
    {
        if (!choices.Contains((before.Gang.Cluster, before.Gang.Accelerator)) || PlacesOf(job, before.Gang) is not { } places) return null;
        var earliest = before.From > now ? before.From : now;
        var taken = places.GroupBy(place => (place.Cluster, place.Node)).ToDictionary(here => here.Key, here => here.Aggregate(default(ResourceVector), (sum, place) => sum + place.Role.Each));
        return taken.Keys.SelectMany(node => EndsOn(node, makeWay)).Where(end => end > earliest).Order().Prepend(earliest)
            .Select(from => new Reservation(job, before.Gang.Accelerator, from, from + (EndIfStarted(job) - now), places) { MakeWay = makeWay })
            .FirstOrDefault(again => taken.All(here => HasRoom(here.Key, here.Value, again)));
    }

    private IEnumerable<DateTimeOffset> EndsOn((string Cluster, string Node) node, IReadOnlyDictionary<JobId, DateTimeOffset> makeWay) =>
    [
        .. holdings.On(node.Cluster, node.Node).Where(job => Current(job) is not null).Select(job => EndOf(job, makeWay)),
        .. begunOn.GetValueOrDefault(node, []).Select(each => each.End),
        .. promised.GetValueOrDefault(node, []).Select(each => each.For.End),
    ];

    /// <summary>Null where the job asks for other places by now, or the machines are not to be used.</summary>
    private List<Place>? PlacesOf(PendingJob job, PlannedGang gang)
    {
        if (!job.Roles.All(role => gang.Tasks.Count(task => task.Role == role.Role) == role.Min)) return null;
        var places = gang.Tasks.Join(job.Roles, task => task.Role, role => role.Role, (task, role) => new Place(role, gang.Cluster, task.Node, []) { Index = counts.Layout.IndexOf(gang.Cluster, task.Node) }).ToList();
        return places.Count > 0 && places.Count == gang.Tasks.Count && places.TrueForAll(place => counts.IsUsable(place.Index, gang.Cluster, place.Role.UsesDevices ? gang.Accelerator : null) && counts.Layout.Allowed.Allows(place.Role, place.Index)) ? places : null;
    }

    /// <summary>Whether so much is left on a node as a promise begins, and as each of the others begins that fall into its time.</summary>
    private bool HasRoom((string Cluster, string Node) on, ResourceVector taken, Reservation wanted)
    {
        IEnumerable<Reservation> later = promised.TryGetValue(on, out var others) ? others.Select(other => other.For).Where(other => other.From > wanted.From && other.From < wanted.End) : [];
        return later.Prepend(wanted).All(promise => !IsOverdrawn(LeftFor(promise, on) - taken));
    }

    /// <summary>What is left on a node as a promise begins: some have ended by then, and some have got what they are promised.</summary>
    private ResourceVector LeftFor(Reservation begins, (string Cluster, string Node) on)
    {
        var left = counts.FreeOn(on.Cluster, on.Node) + GivenBack(on.Cluster, on.Node, begins);
        if (!promised.TryGetValue(on, out var promises)) return left;
        foreach (var (promise, each) in promises) left += promise.From <= begins.From && (promise.End > begins.From || promise == begins) ? default : each;
        return left;
    }

    private static bool IsOverdrawn(ResourceVector left) => left.CpuMillicores < 0 || left.MemoryBytes < 0 || left.MilliDevices < 0 || left.Rdma < 0;

    /// <summary>What was withdrawn stands again, unless the job can have machines sooner by now.</summary>
    public Reservation Better(Reservation promise, PendingJob job, IEnumerable<(string Cluster, string? Accelerator)> choices, IReadOnlyDictionary<JobId, DateTimeOffset> makeWay) =>
        Promise(Find(job, choices, makeWay, now, promise.From) ?? promise);

    private Reservation Promise(Reservation promise)
    {
        due.Remove(promise.Job.Standing.Id);
        reservations.Add(promise);
        promiseOf.Add(promise.Job.Standing.Id, promise);
        counts.Take(promise.Places);
        Insert((promise.End, promise.Holder));
        foreach (var place in promise.Places) Of(promised, place.Cluster, place.Node).Add((promise, place.Role.Each));
        return promise;
    }

    /// <summary>What was promised to the job is promised no more.</summary>
    public Reservation? Withdraw(PendingJob job)
    {
        if (!promiseOf.Remove(job.Standing.Id, out var promise)) return null;
        foreach (var place in promise.Places) Of(promised, place.Cluster, place.Node).RemoveAll(each => ReferenceEquals(each.For, promise));
        reservations.RemoveAll(each => ReferenceEquals(each, promise));
        counts.Give(promise.Holder);
        coming.RemoveAt(coming.BinarySearch((promise.End, promise.Holder), ExpectedEnds.EarliestFirst));
        return promise;
    }

    /// <summary>A gang on its way to places, which delays no promise; null where there is none to delay.</summary>
    /// <param name="victims">Running jobs that it would evict.</param>
    public Trial? TrialOf(PendingJob job, IReadOnlyCollection<RunningJob> victims) => reservations.Count == 0 ? null : new Trial(this, EndIfStarted(job), victims);

    public Trial? TrialOf(RunningJob job) => reservations.Count == 0 ? null : new Trial(this, ExpectedEnd(job), []);

    /// <summary>A job that goes on elsewhere.</summary>
    public Trial TrialOfMove(RunningJob mover) => new(this, DateTimeOffset.MaxValue, []) { Mover = mover };

    /// <summary>The first reservation that suffers if these places are taken until then; null where none does.</summary>
    public Reservation? DelayedBy(IEnumerable<Place> places, DateTimeOffset until)
    {
        if (reservations.Count == 0) return null;
        var trial = new Trial(this, until, []);
        foreach (var place in places)
        {
            if (trial.Delayed(place.Cluster, place.Node, place.Role.Each) is { } delayed) return delayed;
            trial.Add(place);
        }

        return null;
    }

    /// <summary>A gang starts now on these places.</summary>
    public void Accept(StartedGang gang)
    {
        due.Remove(gang.Job.Standing.Id);
        counts.Take(gang.Places);
        Begin(gang.AsRunning(now), EndIfStarted(gang.Job));
    }

    /// <summary>The job gets one more place.</summary>
    public void Grow(RunningJob job, Place place)
    {
        counts.Take(place);
        Begin(job with { Places = [new HeldPlace(place.Node, place.Role.Each, place.Devices)] }, ExpectedEnd(job));
    }

    /// <summary>The job is evicted: it ends now.</summary>
    public void Release(RunningJob victim)
    {
        counts.Give(victim);
        gone.Add(victim.Standing.Id);
    }

    /// <summary>The job begins anew now on these places.</summary>
    public void Move(RunningJob job, List<Place> to)
    {
        Release(job);
        counts.Take(to);
        Begin(job with { Places = [.. to.Select(place => new HeldPlace(place.Node, place.Role.Each, place.Devices))] }, now + ExpectedEnds.DurationOf(job, policy.UsualDuration));
    }

    /// <summary>The job ends some of its tasks now.</summary>
    /// <param name="part">What it gives up.</param>
    /// <param name="left">What is left of it.</param>
    public void GiveUp(RunningJob part, RunningJob left)
    {
        counts.Give(part);
        smaller[part.Standing.Id] = left;
    }

    private void Begin(RunningJob job, DateTimeOffset end)
    {
        Insert((end, job));
        foreach (var place in job.Places) Of(begunOn, job.Cluster, place.Node).Add((end, place.Taken));
    }

    /// <summary>Ends of what ran before the plan. Those expected to have ended already are expected anew.</summary>
    private Timeline Ends()
    {
        var overdue = holdings.ByEnd.TakeWhile(each => each.End <= now).Select(each => (ExpectedEnd(each.Job), each.Job)).ToList();
        var later = holdings.ByEnd.Skip(overdue.Count);
        if (holdings.Leaving.Count > 0)
        {
            // Who is on its way out is gone before all others, wherever it was expected; who moves begins anew.
            overdue.RemoveAll(each => IsExpectedAnew(each.Job));
            overdue.AddRange(holdings.Leaving.Where(IsExpectedAnew).Select(job => (ExpectedEnd(job), job)));
            overdue.AddRange(holdings.Leaving.Where(job => job.IsResizing).Select(job => (now, job.WhatLeaves())));
            later = later.Where(each => !IsExpectedAnew(each.Job));
        }

        overdue.Sort(ExpectedEnds.EarliestFirst);
        return Timeline.Of(later, overdue);

        static bool IsExpectedAnew(RunningJob job) => job.IsStopping || job.IsMoving;
    }

    private void Insert((DateTimeOffset End, RunningJob Job) end)
    {
        var at = coming.BinarySearch(end, ExpectedEnds.EarliestFirst);
        coming.Insert(at >= 0 ? at : ~at, end);
    }

    /// <summary>What ends later only adds room: the first moment is found by doubling, or by a look at the last that would do, then by halving.</summary>
    private (DateTimeOffset From, List<Place> Places)? Earliest(Timeline timeline, PendingJob job, string cluster, string? accelerator, DateTimeOffset from, DateTimeOffset? before)
    {
        if (before <= from) return null;
        var start = counts.Checkpoint();
        var (given, first) = (0, from > now ? timeline.EndedBy(from) : 0);
        var (tooFew, enough) = (first - 1, int.MaxValue);
        List<Place>? places = null;
        for (var count = before is { } limit ? Math.Max(first, timeline.EndedBefore(limit)) : first; ; count = timeline.Reach(Math.Max(first + 1, count * 2)))
        {
            if (Fits(count))
            {
                enough = count;
                break;
            }

            tooFew = count;
            if (before is not null || timeline.Reach(count + 1) == count) break;
        }

        while (places is not null && enough - tooFew > 1)
        {
            var middle = (tooFew + enough) / 2;
            if (Fits(middle)) enough = middle;
            else tooFew = middle;
        }

        counts.Rollback(start);
        return places is null ? null : (enough == first ? from : timeline[enough - 1].End, places);

        bool Fits(int count)
        {
            for (; given < count; given++) Change(timeline[given], isGiven: true);
            for (; given > count; given--) Change(timeline[given - 1], isGiven: false);
            var trial = counts.Checkpoint();
            var found = counts.TryTake(job, cluster, accelerator, Moment.Soon);
            counts.Rollback(trial);
            places = found ?? places;
            return found is not null;
        }

        void Change((DateTimeOffset End, RunningJob Job) each, bool isGiven)
        {
            if (each.Job.Cluster != cluster || Current(each.Job) is not { } current) return;
            if (isGiven) counts.Give(current);
            else counts.Take(current);
        }
    }

    /// <summary>The job as planning stands; null where it is evicted. What leaves a job that changes its size stands by itself.</summary>
    private RunningJob? Current(RunningJob job) => gone.Contains(job.Standing.Id) ? null
        : smaller.TryGetValue(job.Standing.Id, out var left) ? left
        : job.IsResizing && !job.Places.All(place => place.IsLeaving) ? Elasticity.Without(job, job.WhatLeaves()) : job;

    private static List<T> Of<T>(Dictionary<(string, string), List<T>> lists, string cluster, string node)
    {
        if (!lists.TryGetValue((cluster, node), out var list)) lists.Add((cluster, node), list = []);
        return list;
    }

    /// <summary>When the job is expected to be gone for one for whom some make way.</summary>
    private DateTimeOffset EndOf(RunningJob job, IReadOnlyDictionary<JobId, DateTimeOffset> makeWay) =>
        makeWay.TryGetValue(job.Standing.Id, out var from) ? Earlier(ExpectedEnd(job), from) : ExpectedEnd(job);

    /// <summary>The earlier end, which has not been yet.</summary>
    private DateTimeOffset Earlier(DateTimeOffset end, DateTimeOffset from) => from >= end ? end : from > now ? from : now;

    /// <summary>What of the node is given back until the promise begins.</summary>
    private ResourceVector GivenBack(string cluster, string node, Reservation promise)
    {
        var until = promise.From;
        var given = default(ResourceVector);
        foreach (var job in holdings.On(cluster, node))
        {
            if (Current(job) is not { } current) continue;
            var ends = EndOf(job, promise.MakeWay) <= until;
            foreach (var place in current.Places)
            {
                if (place.Node == node && ends) given += place.Taken;
            }

            if (!job.IsResizing || now > until) continue;
            foreach (var place in job.Places)
            {
                if (place.Node == node && place.IsLeaving) given += place.Taken;
            }
        }

        if (begunOn.TryGetValue((cluster, node), out var here))
        {
            foreach (var (end, taken) in here) given += end <= until ? taken : default;
        }

        return given;
    }

    /// <summary>A gang on its way to places that it would hold until <paramref name="until"/>.</summary>
    /// <param name="victims">Running jobs that it would evict.</param>
    internal sealed class Trial(TimeMap map, DateTimeOffset until, IReadOnlyCollection<RunningJob> victims)
    {
        private readonly Dictionary<(string Cluster, string Node), ResourceVector> chosen = [];

        /// <summary>Goes to no node of which anything is promised, nor to one that it is on where nobody could tell its places apart.</summary>
        public RunningJob? Mover { get; init; }

        public bool Allows(NodeSpace node, ResourceVector each) => Mover is null ? Delayed(node.Node.Cluster, node.Node.Name, each) is null
            : !(map.promised.TryGetValue((node.Node.Cluster, node.Node.Name), out var promises) && promises.Count > 0)
                && !Mover.Places.Any(held => held.Node == node.Node.Name && held.Devices.Count == 0);

        public void Clear() => chosen.Clear();

        public void Add(Place place) => chosen[(place.Cluster, place.Node)] = chosen.GetValueOrDefault((place.Cluster, place.Node)) + place.Role.Each;

        public Reservation? Delayed(string cluster, string node, ResourceVector each)
        {
            if (!map.promised.TryGetValue((cluster, node), out var promises)) return null;
            var taken = chosen.GetValueOrDefault((cluster, node)) + each;
            foreach (var (reservation, _) in promises)
            {
                if (reservation.From >= until) continue;
                var then = map.LeftFor(reservation, (cluster, node)) - taken;
                foreach (var victim in victims)
                {
                    if (victim.Cluster != cluster || map.EndOf(victim, reservation.MakeWay) <= reservation.From) continue;
                    foreach (var place in victim.Places) then += place.Node == node ? place.Taken : default;
                }

                if (IsOverdrawn(then)) return reservation;
            }

            return null;
        }
    }
}
