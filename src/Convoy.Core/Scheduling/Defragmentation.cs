using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>A gang's places, and running jobs that move out of their way.</summary>
internal sealed record Relocation(List<Place> Places, IReadOnlyList<(RunningJob Mover, List<Place> To)> Moves, string Cluster, string? Accelerator);

/// <summary>
/// Joins fragments: where enough is free for a gang, but not together, the fewest running jobs that may be moved go on elsewhere, on what
/// is free already. A mover begins anew from its last checkpoint, as one that is evicted does, but does not wait (docs/decisions/0010).
/// </summary>
internal sealed class Defragmentation(FreeSpace free, TimeMap times, RunningJobs running, Preemption rules, SchedulingPolicy policy, DateTimeOffset now)
{
    /// <summary>Gangs of one plan for which movers are sought: the first that are blocked so.</summary>
    private const int MostSearches = 2;

    /// <summary>Of more that may be moved only those are weighed that hold the nodes where the fewest have to go.</summary>
    private const int MostCandidates = 12;

    private const int MostMovers = 3;

    private readonly HashSet<PendingJob> inVain = new(new ShapeComparer());
    private readonly List<PlannedResize> moves = [];

    public IReadOnlyList<PlannedResize> Moves => moves;

    /// <summary>The fewest movers, and of as few the least harm, in any of these clusters and on any of these accelerators.</summary>
    public Relocation? Find(PendingJob job, IEnumerable<(string Cluster, string? Accelerator)> choices)
    {
        if (inVain.Count >= MostSearches || inVain.Contains(job)) return null;
        var sets = from choice in choices
                   from movers in Sets(Candidates(job, choice.Cluster, choice.Accelerator), MostMovers)
                   orderby movers.Count, new Harm(movers, rules, now)
                   select (choice.Cluster, choice.Accelerator, movers);
        foreach (var (cluster, accelerator, movers) in sets)
        {
            var checkpoint = free.Checkpoint();
            var found = Relocated(job, cluster, accelerator, movers);
            free.Rollback(checkpoint);
            if (found is not null) return found;
        }

        inVain.Add(job);
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

    /// <summary>The job as one that waits for just as much as it holds.</summary>
    private static PendingJob AsPending(RunningJob job) => new(job.Standing, job.Revision, [.. job.Roles.Select(role => Held(job, role)).Where(role => role.Min > 0)], ["any"], null)
    {
        MaxDuration = job.MaxDuration,
        Topology = job.Topology,
    };

    private static RoleDemand Held(RunningJob job, RoleDemand role) => job.Places.Count(place => place.Role == role.Role) is var held ? role with { Min = held, Max = held } : role;

    private static IEnumerable<IReadOnlyList<RunningJob>> Sets(RunningJob[] of, int most, int first = 0)
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
        if (free.TryTake(job, cluster, accelerator, Moment.Soon, times.TrialOf(job, movers)) is not { } places || !movers.All(IsInTheWay)) return null;
        free.Claim(places);
        var moved = new List<(RunningJob, List<Place>)>();
        foreach (var mover in movers.OrderByDescending(mover => mover.Devices))
        {
            if (free.TryTake(AsPending(mover), mover.Cluster, mover.Accelerator, Moment.Now, times.OffPromises()) is not { } to) return null;

            // Where devices are only counted, nobody could tell what it leaves of a node from what it gets there.
            if (to.Exists(place => mover.Places.Any(held => held.Node == place.Node && held.Devices.SequenceEqual(place.Devices)))) return null;
            moved.Add((mover, to));
        }

        return new Relocation(places, moved, cluster, accelerator);

        bool IsInTheWay(RunningJob mover) => mover.Places.Any(held => places.Exists(place => place.Node == held.Node && (place.Devices.Length == 0 || held.Devices.Count == 0 || place.Devices.Any(held.Devices.Contains))));
    }

    private RunningJob[] Candidates(PendingJob job, string cluster, string? accelerator)
    {
        var all = running.All.Where(other => other.Cluster == cluster && MayMove(other) && rules.RankOf(other.Standing) <= rules.RankOf(job.Standing) && free.IsInTheWay(other, accelerator)).ToArray();
        if (all.Length <= MostCandidates) return all;
        var task = job.Roles.MaxBy(role => role.Each.MilliDevices)!.Each;
        var byNode = from node in all.SelectMany(other => other.Places.Select(place => place.Node).Distinct(), (other, node) => (other, node)).GroupBy(each => each.node, each => each.other, StringComparer.Ordinal)
                     let going = Going(node.Key, node)
                     where going.Count > 0
                     orderby going.Count, new Harm(going, rules, now)
                     select going;
        return [.. byNode.SelectMany(going => going).Distinct().Take(MostCandidates)];

        // Those of the node who make room for one of the gang's largest tasks, the largest first; nobody where there is room, or will be none.
        List<RunningJob> Going(string node, IEnumerable<RunningJob> here)
        {
            var (left, going) = (free.FreeOn(cluster, node), new List<RunningJob>());
            foreach (var other in here.OrderByDescending(other => other.HeldOn(node).MilliDevices))
            {
                if (task.FitsIn(left)) break;
                left += other.HeldOn(node);
                going.Add(other);
            }

            return task.FitsIn(left) ? going : [];
        }
    }

    private bool MayMove(RunningJob job) => job.Roles.Count > 0 && !job.IsStopping && !job.IsResizing && rules.MayBeEvicted(job) && (job.Accelerator is not null || job.Devices == 0)
        && now - job.StartedAt >= policy.MinTimeBetweenSizes(job.Standing) && !(now - job.MovedAt < policy.MinTimeBetweenMoves) && now - (job.CheckpointedAt ?? job.StartedAt) <= policy.MostLostByMove;
}
