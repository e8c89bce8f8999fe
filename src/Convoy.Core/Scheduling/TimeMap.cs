using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>
/// When machines will be free, by the expected ends of what runs, and what of that is promised. A blocked job is promised the
/// earliest places it can have; a later job may start only where, at the time of every promise it outlives, enough is left on
/// every node (EASY backfilling, Lifka 1995, with several reservations, node by node). Counts devices: which of them is free is
/// known only when the time has come.
/// </summary>
/// <param name="holders">Whoever holds machines as planning stands, asked once: when the first promise is made.</param>
internal sealed class TimeMap(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now, Func<IEnumerable<RunningJob>> holders)
{
    private readonly List<(DateTimeOffset End, RunningJob Job)> ends = [];
    private readonly Dictionary<(string Cluster, string Node), List<(DateTimeOffset End, ResourceVector Taken)>> held = [];
    private readonly Dictionary<(string Cluster, string Node), List<(Reservation For, ResourceVector Taken)>> promised = [];
    private readonly List<Reservation> reservations = [];
    private FreeSpace? space;

    public IReadOnlyList<Reservation> Reservations => reservations;

    /// <summary>When a job that starts now is expected to end.</summary>
    public DateTimeOffset EndIfStarted(PendingJob job) => now + (job.MaxDuration ?? policy.UsualDuration);

    /// <summary>Promises the job the earliest places it can have; null where it never fits, whoever ends.</summary>
    /// <param name="choices">Clusters and accelerators that it may have.</param>
    public Reservation? Reserve(PendingJob job, IEnumerable<(string Cluster, string? Accelerator)> choices)
    {
        var counts = space ??= Built();

        // Promised machines count as taken until whoever gets them has ended: a place between is not looked for.
        List<(DateTimeOffset End, RunningJob Job)> timeline = [.. ends, .. reservations.Select(each => (each.End, new StartedGang(each.Job, each.Places[0].Cluster, each.Accelerator, [.. each.Places]).AsRunning(each.From)))];
        timeline.Sort((x, y) => x.End != y.End ? x.End.CompareTo(y.End) : string.CompareOrdinal(x.Job.Standing.Id.Value, y.Job.Standing.Id.Value));
        foreach (var each in reservations) counts.Take(each.Places);
        Reservation? best = null;
        foreach (var (cluster, accelerator) in choices)
        {
            if (Earliest(counts, timeline, job, cluster, accelerator) is not { } found || (best is not null && best.From <= found.From)) continue;
            best = new Reservation(job, accelerator, found.From, found.From + (EndIfStarted(job) - now), found.Places);
        }

        foreach (var each in reservations) counts.Give(each.Places);
        return best is null ? null : Promise(best);
    }

    /// <summary>What was withdrawn stands again.</summary>
    public Reservation Promise(Reservation promise)
    {
        reservations.Add(promise);
        foreach (var place in promise.Places) Of(promised, place.Cluster, place.Node).Add((promise, place.Role.Each));
        return promise;
    }

    /// <summary>What was promised to the job is promised no more.</summary>
    public Reservation? Withdraw(PendingJob job)
    {
        if (reservations.Find(each => each.Job.Standing.Id == job.Standing.Id) is not { } promise) return null;
        foreach (var place in promise.Places) Of(promised, place.Cluster, place.Node).RemoveAll(each => each.For == promise);
        reservations.Remove(promise);
        return promise;
    }

    /// <summary>A gang on its way to places, which delays no promise; null where there is none to delay.</summary>
    /// <param name="gone">Running jobs that it would evict.</param>
    public Trial? TrialOf(PendingJob job, IReadOnlyCollection<RunningJob> gone) => reservations.Count == 0 ? null : new Trial(this, EndIfStarted(job), gone);

    public Trial? TrialOf(RunningJob job) => reservations.Count == 0 ? null : new Trial(this, ExpectedEnd(job), []);

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
    public void Accept(PendingJob job, IReadOnlyList<Place> places)
    {
        if (space is null) return;
        space.Take(places);
        Hold(new RunningJob(job.Standing, places[0].Cluster, [.. places.Select(place => new HeldPlace(place.Node, place.Role.Each, []))]) { StartedAt = now }, EndIfStarted(job));
    }

    /// <summary>The job is evicted: it ends now.</summary>
    public void Release(RunningJob victim)
    {
        if (space is null) return;
        var (end, job) = ends.Find(each => each.Job.Standing.Id == victim.Standing.Id);
        ends.Remove((end, job));
        foreach (var place in job.Places) Of(held, job.Cluster, place.Node).Remove((end, place.Taken));
        space.Give(job);
    }

    /// <summary>The job ends some of its tasks now.</summary>
    /// <param name="part">The job with only the places that it gives up.</param>
    public void GiveUp(RunningJob part)
    {
        if (space is null) return;
        var index = ends.FindIndex(each => each.Job.Standing.Id == part.Standing.Id);
        var (end, job) = ends[index];
        ends[index] = (end, Elasticity.Without(job, part));
        foreach (var place in part.Places) Of(held, part.Cluster, place.Node).Remove((end, place.Taken));
        space.Give(part);
    }

    /// <summary>The job gets one more place.</summary>
    public void Grow(RunningJob job, Place place)
    {
        if (space is null) return;
        space.Take([place]);
        Hold(job with { Places = [new HeldPlace(place.Node, place.Role.Each, [])] }, ExpectedEnd(job));
    }

    public DateTimeOffset ExpectedEnd(RunningJob job)
    {
        if (job.IsStopping) return now;

        // Who outstays what was declared or usual is given twice the time, and so on.
        var duration = job.MaxDuration is { } most && most > TimeSpan.Zero ? most : policy.UsualDuration;
        while (job.StartedAt + duration <= now) duration *= 2;
        return job.StartedAt + duration;
    }

    private void Hold(RunningJob job, DateTimeOffset end)
    {
        ends.Add((end, job));
        foreach (var place in job.Places) Of(held, job.Cluster, place.Node).Add((end, place.Taken));
    }

    private FreeSpace Built()
    {
        var all = holders().ToArray();
        foreach (var job in all)
        {
            Hold(job.IsResizing ? Elasticity.Without(job, job.WhatLeaves()) : job, ExpectedEnd(job));
            if (job.IsResizing) Hold(job.WhatLeaves(), now);
        }

        return FreeSpace.OfCounts(snapshot, all);
    }

    /// <summary>What ends later only adds room: the first moment is found by halving.</summary>
    private (DateTimeOffset From, List<Place> Places)? Earliest(FreeSpace counts, List<(DateTimeOffset End, RunningJob Job)> timeline, PendingJob job, string cluster, string? accelerator)
    {
        var (given, tooFew, enough) = (0, -1, timeline.Count + 1);
        List<Place>? places = null;
        while (enough - tooFew > 1)
        {
            var middle = Math.Min(timeline.Count, (tooFew + enough + 1) / 2);
            if (middle == enough) middle--;
            GiveUpTo(middle);
            if (counts.TryTake(job, cluster, accelerator, Moment.Soon) is { } found)
            {
                counts.Give(found);
                (places, enough) = (found, middle);
            }
            else
            {
                tooFew = middle;
            }
        }

        GiveUpTo(0);
        return places is null ? null : (enough == 0 ? now : timeline[enough - 1].End, places);

        void GiveUpTo(int count)
        {
            for (; given < count; given++) counts.Give(timeline[given].Job);
            for (; given > count; given--) counts.Take(timeline[given - 1].Job);
        }
    }

    private static List<T> Of<T>(Dictionary<(string, string), List<T>> lists, string cluster, string node)
    {
        if (!lists.TryGetValue((cluster, node), out var list)) lists.Add((cluster, node), list = []);
        return list;
    }

    /// <summary>A gang on its way to places that it would hold until <paramref name="until"/>.</summary>
    /// <param name="gone">Running jobs that it would evict.</param>
    internal sealed class Trial(TimeMap map, DateTimeOffset until, IReadOnlyCollection<RunningJob> gone)
    {
        private readonly Dictionary<(string Cluster, string Node), ResourceVector> chosen = [];

        public bool Allows(NodeSpace node, ResourceVector each) => Delayed(node.Node.Cluster, node.Node.Name, each) is null;

        public void Clear() => chosen.Clear();

        public void Add(Place place) => chosen[(place.Cluster, place.Node)] = chosen.GetValueOrDefault((place.Cluster, place.Node)) + place.Role.Each;

        public Reservation? Delayed(string cluster, string node, ResourceVector each)
        {
            if (!map.promised.TryGetValue((cluster, node), out var promises)) return null;
            var free = map.space!.FreeOn(cluster, node) - chosen.GetValueOrDefault((cluster, node)) - each;
            foreach (var (reservation, _) in promises)
            {
                if (reservation.From >= until) continue;
                var then = free;
                foreach (var (end, taken) in Of(map.held, cluster, node)) then += end <= reservation.From ? taken : default;
                foreach (var (other, promise) in promises) then -= other.From <= reservation.From && (other.End > reservation.From || other == reservation) ? promise : default;
                foreach (var victim in gone.Where(victim => victim.Cluster == cluster && map.ExpectedEnd(victim) > reservation.From))
                {
                    foreach (var place in victim.Places.Where(place => place.Node == node)) then += place.Taken;
                }

                if (then.CpuMillicores < 0 || then.MemoryBytes < 0 || then.Devices < 0) return reservation;
            }

            return null;
        }
    }
}

/// <summary>Places promised to a blocked job.</summary>
/// <param name="From">When those who hold them are expected to have gone.</param>
/// <param name="End">When the job is expected to have ended then.</param>
internal sealed record Reservation(PendingJob Job, string? Accelerator, DateTimeOffset From, DateTimeOffset End, IReadOnlyList<Place> Places);
