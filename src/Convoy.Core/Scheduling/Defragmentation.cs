namespace Convoy.Core.Scheduling;

/// <summary>A gang's places, and running jobs that move out of their way.</summary>
internal sealed record Relocation(List<Place> Places, IReadOnlyList<(RunningJob Mover, List<Place> To)> Moves, string Cluster, string? Accelerator);

/// <summary>
/// Joins fragments: where enough is free for a gang, but not together, the fewest running jobs that may be moved go on elsewhere, on what
/// is free already. A mover begins anew from its last checkpoint, as one that is evicted does, but does not wait (docs/decisions/0010).
/// </summary>
internal sealed class Defragmentation(FreeSpace free, TimeMap times, RunningJobs running, Elasticity elasticity, Preemption rules)
{
    /// <summary>Searches of one plan that find nothing: after those nobody is moved in it any more.</summary>
    private const int MostInVain = 2;

    /// <summary>Of more that may be moved only those are weighed that make room on one node, where the least harm is done.</summary>
    private const int MostCandidates = 12;

    /// <summary>Nodes, those of the least harm first, whose jobs are asked whether they have another place.</summary>
    private const int MostAsked = 100;

    private const int MostMovers = 3;

    private readonly Dictionary<(int Rank, string Cluster, string? Accelerator), HashSet<PendingJob>> inVain = [];
    private readonly List<PlannedResize> moves = [];
    private int searchesInVain;

    public IReadOnlyList<PlannedResize> Moves => moves;

    /// <summary>The fewest movers, and of as few the least harm, in any of these clusters and on any of these accelerators.</summary>
    public Relocation? Find(PendingJob job, IEnumerable<(string Cluster, string? Accelerator)> choices)
    {
        if (searchesInVain == MostInVain) return null;
        var untried = choices.Where(choice => !InVain(job, choice).Contains(job)).ToArray();
        if (untried.Length == 0) return null;
        var sets = from choice in untried
                   from movers in Sets(Candidates(job, choice.Cluster, choice.Accelerator), MostMovers)
                   orderby movers.Length, Harm.Of(movers)
                   select (choice.Cluster, choice.Accelerator, movers);
        foreach (var (cluster, accelerator, movers) in sets)
        {
            var checkpoint = free.Checkpoint();
            var found = Relocated(job, cluster, accelerator, [.. movers.Select(mover => mover.Job)]);
            free.Rollback(checkpoint);
            if (found is not null) return found;
        }

        searchesInVain++;
        foreach (var choice in untried) InVain(job, choice).Add(job);
        return null;
    }

    /// <summary>The movers leave their places, and hold the others.</summary>
    public void Move(Relocation found, PendingJob forWhom)
    {
        foreach (var (mover, to) in found.Moves)
        {
            free.Vacate(mover);
            free.Take(to);
            times.Move(mover, to);
            running.Remove(mover);
            var tasks = new StartedGang(AsPending(mover), mover.Cluster, mover.Accelerator, to).Planned().Tasks;
            moves.Add(new PlannedResize(mover.Standing.Id, mover.Revision, tasks, [forWhom.Standing.Id]) { IsMove = true });
        }
    }

    private HashSet<PendingJob> InVain(PendingJob job, (string Cluster, string? Accelerator) choice)
    {
        var searcher = (rules.RankOf(job.Standing), choice.Cluster, choice.Accelerator);
        if (!inVain.TryGetValue(searcher, out var shapes)) inVain.Add(searcher, shapes = new HashSet<PendingJob>(new ShapeComparer()));
        return shapes;
    }

    /// <summary>The job as one that waits for just as much as it holds.</summary>
    private static PendingJob AsPending(RunningJob job) => new(job.Standing, job.Revision, [.. job.Roles.Select(role => Held(job, role)).Where(role => role.Min > 0)], ["any"], null)
    {
        MaxDuration = job.MaxDuration,
        Topology = job.Topology,
    };

    private static RoleDemand Held(RunningJob job, RoleDemand role) => job.Places.Count(place => place.Role == role.Role) is var held ? role with { Min = held, Max = held } : role;

    private static IEnumerable<Victim[]> Sets(Victim[] of, int most, int first = 0)
    {
        for (var i = first; i < of.Length && most > 0; i++)
        {
            yield return [of[i]];
            foreach (var more in Sets(of, most - 1, i + 1)) yield return [of[i], .. more];
        }
    }

    /// <summary>Null where the gang or one of the movers finds no place, or one of the movers is in nobody's way.</summary>
    private Relocation? Relocated(PendingJob job, string cluster, string? accelerator, IReadOnlyList<RunningJob> movers)
    {
        foreach (var mover in movers) free.Vacate(mover);
        var checkpoint = free.Checkpoint();
        if (ForGang() is not { } places) return null;
        if (ForMovers() is { } moves) return new Relocation(places, moves, cluster, accelerator);

        // It may have taken the only place that a mover could have, and have others itself.
        free.Rollback(checkpoint);
        return ForMovers() is { } first && ForGang() is { } left ? new Relocation(left, first, cluster, accelerator) : null;

        List<Place>? ForGang()
        {
            if (free.TryTake(job, cluster, accelerator, Moment.Soon, times.TrialOf(job, movers)) is not { } places || !movers.All(mover => IsInTheWay(mover, places))) return null;
            free.Claim(places);
            return places;
        }

        List<(RunningJob, List<Place>)>? ForMovers()
        {
            var moves = movers.OrderByDescending(mover => mover.Devices).Select(mover => (mover, PlacesFor(mover)!)).ToList();
            return moves.TrueForAll(move => move.Item2 is not null) ? moves : null;
        }
    }

    private static bool IsInTheWay(RunningJob mover, List<Place> places) =>
        mover.Places.Any(held => places.Exists(place => place.Node == held.Node && (place.Devices.Length == 0 || held.Devices.Count == 0 || place.Devices.Any(held.Devices.Contains))));

    /// <summary>Where the job would go on, on what is free now; taken, if there is anything.</summary>
    private List<Place>? PlacesFor(RunningJob mover) => free.TryTake(AsPending(mover), mover.Cluster, mover.Accelerator, Moment.Now, times.TrialOfMove(mover));

    private Victim[] Candidates(PendingJob job, string cluster, string? accelerator)
    {
        var movable = new VictimsByNode();
        movable.Gather(free, rules, job, cluster, accelerator, running.All.SelectMany(level => level.Tenants).Where(tenant => !elasticity.IsResizing(tenant.Job) && rules.MayMove(tenant.Job, job)), _ => false);
        if (movable.All.Count <= MostCandidates) return [.. movable.All.Order()];
        var byNode = movable.Groups(job.Roles.MaxBy(role => role.Each.MilliDevices)!.Each).Roomy;
        return [.. byNode.First(Math.Min(byNode.Count, MostAsked)).Where(candidate => HasPlace(candidate.Job)).Take(MostCandidates)];
    }

    private bool HasPlace(RunningJob mover)
    {
        var checkpoint = free.Checkpoint();
        var hasPlace = PlacesFor(mover) is not null;
        free.Rollback(checkpoint);
        return hasPlace;
    }
}
