using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>
/// What elastic jobs have above their minimum: given last and taken first, by any gang that may start. A task more or less starts
/// the job anew from its last checkpoint, so as few jobs as may be change their size, and none grows before it has run for a while.
/// </summary>
internal sealed class Elasticity(FreeSpace free, TimeMap times, PeopleUsage people, QuotaBook quota, RunningJobs running, VictimSearch search, SchedulingPolicy policy, DateTimeOffset now)
{
    private readonly Dictionary<JobId, (RunningJob Left, JobId[] For)> shrunk = [];
    private readonly List<PlannedResize> grown = [];

    public IReadOnlyList<PlannedResize> Resizes =>
        [.. shrunk.Values.Select(each => new PlannedResize(each.Left.Standing.Id, each.Left.Revision, Ranked(each.Left), each.For)), .. grown];

    /// <summary>A job that goes on smaller for one gang of a plan cannot die for another of the same plan.</summary>
    public bool IsResizing(RunningJob job) => job.IsResizing || shrunk.ContainsKey(job.Standing.Id);

    /// <summary>What is left of the job without that part of it.</summary>
    public static RunningJob Without(RunningJob job, RunningJob part)
    {
        var left = job.Places.ToList();
        foreach (var place in part.Places) left.Remove(place);
        return job with { Places = left };
    }

    /// <summary>Room for a gang: by surplus alone where that will do, else by the going of others while all surplus counts as free; then no more surplus than it takes.</summary>
    /// <param name="candidates">Running jobs that the gang may evict.</param>
    public Victims? MakeRoom(PendingJob job, string cluster, string? accelerator, IEnumerable<Tenant> candidates)
    {
        var surplus = SurplusOf(running.Elastic.Where(other => other.Cluster == cluster || quota.Holds(other, accelerator)));
        if (surplus.Length == 0) return search.Find(job, cluster, accelerator, candidates, []);

        // Who has to begin anew anyway gives more before another has to.
        if ((Among(surplus.Where(IsResizing), []) ?? Among(surplus, [])) is { } enough) return Trimmed([], enough.Jobs, enough);
        var least = candidates.Select(candidate => candidate.Job.Roles.Count == 0 ? candidate : Tenant.Of(Without(candidate.Job, SurplusOf(candidate.Job)), free.Layout));
        if (search.Find(job, cluster, accelerator, least, surplus) is not { } victims) return null;
        var ids = victims.Jobs.Select(victim => victim.Standing.Id).ToHashSet();
        var dying = candidates.Select(candidate => candidate.Job).Where(candidate => ids.Contains(candidate.Standing.Id)).ToArray();
        var others = surplus.Where(part => !ids.Contains(part.Standing.Id)).ToArray();
        return Trimmed(dying, Among(others, dying)?.Jobs ?? others, victims);

        Victims? Among(IEnumerable<RunningJob> parts, IReadOnlyCollection<RunningJob> given) => search.Find(job, cluster, accelerator, parts.Select(part => Tenant.Of(part, free.Layout)), given);

        Victims Trimmed(IReadOnlyList<RunningJob> dying, IReadOnlyList<RunningJob> parts, Victims found)
        {
            var given = Least(parts, left => Places(left) is not null);
            return found with { Jobs = dying, GivenUp = given, Places = Places(given)! };

            List<Place>? Places(IEnumerable<RunningJob> left) => search.PlacesWithout(job, found.Cluster, found.Accelerator, [.. dying, .. left]);
        }
    }

    /// <summary>The jobs give up these places for a gang.</summary>
    public void Shrink(IEnumerable<RunningJob> parts, PendingJob forWhom)
    {
        foreach (var part in parts)
        {
            free.Vacate(part);
            quota.Leave(part);
            var left = running.Shrink(part);
            times.GiveUp(part, left);
            var earlier = shrunk.TryGetValue(part.Standing.Id, out var shrinking) ? shrinking.For : [];
            shrunk[part.Standing.Id] = (left, [.. earlier, forWhom.Standing.Id]);
        }
    }

    /// <summary>Running jobs with room for more get what nobody waits for and nobody is promised.</summary>
    public void GrowRunning()
    {
        foreach (var job in running.Elastic.Where(job => !job.IsStopping && !IsResizing(job) && now - job.SizedAt >= policy.MinTimeBetweenSizes(job.Standing)))
        {
            var bigger = job;
            foreach (var role in job.Roles)
            {
                var count = bigger.Places.Count(place => place.Role == role.Role);
                while (count++ < role.Max && TryGrow(bigger, role) is { } more) bigger = more;
            }

            if (bigger != job) grown.Add(new PlannedResize(job.Standing.Id, job.Revision, Ranked(bigger), []));
        }
    }

    private RunningJob? TryGrow(RunningJob job, RoleDemand role)
    {
        if (!people.MayGrow(job.Standing, job.Places.Sum(place => place.Taken.MilliDevices), role.Each.MilliDevices) || !quota.MayGrow(job.Standing, job.Preemptible, job.Accelerator, role.Each.MilliDevices)) return null;
        if (free.TryTakeOne(role, job.Cluster, job.Accelerator, Moment.Now, times.TrialOf(job)) is not { } place) return null;
        times.Grow(job, place);
        quota.Start(job.Standing, job.Preemptible, job.Accelerator, role.Each.MilliDevices);
        people.Grow(job.Standing, role.Each.MilliDevices);
        return job with { Places = [.. job.Places, new HeldPlace(place.Node, role.Each, place.Devices) { Role = role.Role }] };
    }

    /// <summary>Who stays keeps the order of the ranks; who comes is last in the role.</summary>
    private static TaskPlacement[] Ranked(RunningJob job)
    {
        var tasks = job.Roles.SelectMany(role => job.Places.Where(place => place.Role == role.Role).Select((place, index) => (Place: place, Index: index)));
        return [.. tasks.Select((task, rank) => new TaskPlacement(task.Place.Role, task.Index, rank, task.Place.Node, task.Place.Devices))];
    }

    /// <summary>
    /// Running jobs with only what they have above their minimum: of every role the highest ranks, so that its first task, which
    /// leads the others, stays where it is.
    /// </summary>
    private static RunningJob[] SurplusOf(IEnumerable<RunningJob> running) =>
        [.. running.Where(job => !job.IsStopping && !job.IsResizing && job.Roles.Any(role => role.Max > role.Min)).Select(SurplusOf).Where(part => part.Places.Count > 0)];

    private static RunningJob SurplusOf(RunningJob job) =>
        job with { Places = [.. job.Roles.SelectMany(role => job.Places.Where(place => place.Role == role.Role).Skip(role.Min))] };

    /// <summary>The fewest places that these jobs must give up for a gang: one that it fits in without stays, the lowest ranks first.</summary>
    /// <param name="parts">The surplus of some jobs; with all of it the gang fits.</param>
    /// <param name="fits">Whether the gang fits if just these are given up.</param>
    private static List<RunningJob> Least(IReadOnlyList<RunningJob> parts, Func<IReadOnlyCollection<RunningJob>, bool> fits)
    {
        var given = parts.ToList();
        for (var i = given.Count - 1; i >= 0; i--)
        {
            // Halving finds how many of the lowest ranks stay; of those left each is tried by itself.
            var whole = given[i];
            var (stay, tooMany) = (0, whole.Places.Count + 1);
            while (tooMany - stay > 1)
            {
                var half = (stay + tooMany) / 2;
                if (FitsWith(whole with { Places = [.. whole.Places.Skip(half)] })) stay = half;
                else tooMany = half;
            }

            given[i] = whole with { Places = [.. whole.Places.Skip(stay)] };
            foreach (var place in given[i].Places.Skip(1))
            {
                var before = given[i];
                if (!FitsWith(Without(before, before with { Places = [place] }))) given[i] = before;
            }

            bool FitsWith(RunningJob part)
            {
                given[i] = part;
                return fits(given);
            }
        }

        return [.. given.Where(part => part.Places.Count > 0)];
    }
}
