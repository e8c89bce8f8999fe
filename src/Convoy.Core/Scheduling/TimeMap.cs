using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>
/// When machines will be free, by the expected ends of what runs, and what of that is promised. A blocked job is promised the
/// earliest places it can have; a later job may start only where, at the time of every promise it outlives, enough is left on
/// every node (EASY backfilling, Lifka 1995, with several reservations, node by node). Counts devices: which of them is free is
/// known only when the time has come.
/// </summary>
internal sealed class TimeMap
{
    private readonly FreeSpace space;
    private readonly DateTimeOffset now;
    private readonly TimeSpan usualDuration;
    private readonly List<(DateTimeOffset End, RunningJob Job)> ends = [];
    private readonly Dictionary<(string Cluster, string Node), List<(DateTimeOffset End, ResourceVector Taken)>> holders = [];
    private readonly Dictionary<(string Cluster, string Node), List<(Reservation For, ResourceVector Taken)>> promised = [];
    private readonly List<Reservation> reservations = [];

    public TimeMap(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now)
    {
        this.now = now;
        usualDuration = policy.UsualDuration;
        space = FreeSpace.OfCounts(snapshot, snapshot.Running);
        foreach (var job in snapshot.Running)
        {
            Hold(job.IsResizing ? Elasticity.Without(job, job.WhatLeaves()) : job, ExpectedEnd(job));
            if (job.IsResizing) Hold(job.WhatLeaves(), now);
        }
    }

    public IReadOnlyList<Reservation> Reservations => reservations;

    /// <summary>When a job that starts now is expected to end.</summary>
    public DateTimeOffset EndIfStarted(PendingJob job) => now + (job.MaxDuration ?? usualDuration);

    /// <summary>Promises the job the earliest places it can have; null where it never fits, whoever ends.</summary>
    public Reservation? Reserve(PendingJob job)
    {
        ends.Sort((x, y) => x.End != y.End ? x.End.CompareTo(y.End) : string.CompareOrdinal(x.Job.Standing.Id.Value, y.Job.Standing.Id.Value));
        foreach (var each in reservations) space.Take(each.Places);
        Reservation? best = null;
        foreach (var (cluster, accelerator) in space.Choices(job))
        {
            if (Earliest(job, cluster, accelerator) is not { } found || (best is not null && best.From <= found.From)) continue;
            best = new Reservation(job, accelerator, found.From, found.Places);
        }

        foreach (var each in reservations) space.Give(each.Places);
        if (best is null) return null;
        reservations.Add(best);
        foreach (var place in best.Places) Of(promised, place.Cluster, place.Node).Add((best, place.Role.Each));
        return best;
    }

    /// <summary>The first reservation that suffers if these places are taken until then; null where none does.</summary>
    public Reservation? DelayedBy(IEnumerable<Place> places, DateTimeOffset until)
    {
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
        space.Take(places);
        Hold(new RunningJob(job.Standing, places[0].Cluster, [.. places.Select(place => new HeldPlace(place.Node, place.Role.Each, []))]) { StartedAt = now }, EndIfStarted(job));
    }

    /// <summary>The job is evicted: it ends now.</summary>
    public void Release(RunningJob victim)
    {
        var (end, job) = ends.Find(each => each.Job.Standing.Id == victim.Standing.Id);
        ends.Remove((end, job));
        foreach (var held in job.Places) Of(holders, job.Cluster, held.Node).Remove((end, held.Taken));
        space.Give(job);
    }

    /// <summary>The job ends some of its tasks now.</summary>
    /// <param name="part">The job with only the places that it gives up.</param>
    public void GiveUp(RunningJob part)
    {
        var index = ends.FindIndex(each => each.Job.Standing.Id == part.Standing.Id);
        var (end, job) = ends[index];
        ends[index] = (end, Elasticity.Without(job, part));
        foreach (var held in part.Places) Of(holders, part.Cluster, held.Node).Remove((end, held.Taken));
        space.Give(part);
    }

    /// <summary>The job gets one more place.</summary>
    public void Grow(RunningJob job, Place place)
    {
        space.Take([place]);
        Hold(job with { Places = [new HeldPlace(place.Node, place.Role.Each, [])] }, ExpectedEnd(job));
    }

    public DateTimeOffset ExpectedEnd(RunningJob job)
    {
        if (job.IsStopping) return now;

        // Who outstays what was declared or usual is given twice the time, and so on.
        var duration = job.MaxDuration is { } most && most > TimeSpan.Zero ? most : usualDuration;
        while (job.StartedAt + duration <= now) duration *= 2;
        return job.StartedAt + duration;
    }

    private void Hold(RunningJob job, DateTimeOffset end)
    {
        ends.Add((end, job));
        foreach (var held in job.Places) Of(holders, job.Cluster, held.Node).Add((end, held.Taken));
    }

    /// <summary>What ends later only adds room: the first moment is found by halving.</summary>
    private (DateTimeOffset From, List<Place> Places)? Earliest(PendingJob job, string cluster, string? accelerator)
    {
        var (given, tooFew, enough) = (0, -1, ends.Count + 1);
        List<Place>? places = null;
        while (enough - tooFew > 1)
        {
            var middle = Math.Min(ends.Count, (tooFew + enough + 1) / 2);
            if (middle == enough) middle--;
            GiveUpTo(middle);
            if (space.TryTake(job, cluster, accelerator, Moment.Soon) is { } found)
            {
                space.Give(found);
                (places, enough) = (found, middle);
            }
            else
            {
                tooFew = middle;
            }
        }

        GiveUpTo(0);
        return places is null ? null : (enough == 0 ? now : ends[enough - 1].End, places);

        void GiveUpTo(int count)
        {
            for (; given < count; given++) space.Give(ends[given].Job);
            for (; given > count; given--) space.Take(ends[given - 1].Job);
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
        private readonly Dictionary<(string Cluster, string Node), ResourceVector> taken = [];

        public bool Allows(NodeSpace node, ResourceVector each) => Delayed(node.Node.Cluster, node.Node.Name, each) is null;

        public void Clear() => taken.Clear();

        public void Add(Place place) => taken[(place.Cluster, place.Node)] = taken.GetValueOrDefault((place.Cluster, place.Node)) + place.Role.Each;

        public Reservation? Delayed(string cluster, string node, ResourceVector each)
        {
            if (!map.promised.TryGetValue((cluster, node), out var promises)) return null;
            var free = map.space.FreeOn(cluster, node) - taken.GetValueOrDefault((cluster, node)) - each;
            foreach (var (reservation, _) in promises)
            {
                if (reservation.From >= until) continue;
                var then = free;
                foreach (var (end, held) in Of(map.holders, cluster, node)) then += end <= reservation.From ? held : default;
                foreach (var (other, promise) in promises) then -= other.From <= reservation.From ? promise : default;
                foreach (var victim in gone.Where(victim => victim.Cluster == cluster && map.ExpectedEnd(victim) > reservation.From))
                {
                    foreach (var held in victim.Places.Where(held => held.Node == node)) then += held.Taken;
                }

                if (then.CpuMillicores < 0 || then.MemoryBytes < 0 || then.Devices < 0) return reservation;
            }

            return null;
        }
    }
}

/// <summary>Places promised to a blocked job.</summary>
/// <param name="From">When those who hold them are expected to have gone.</param>
internal sealed record Reservation(PendingJob Job, string? Accelerator, DateTimeOffset From, IReadOnlyList<Place> Places);
