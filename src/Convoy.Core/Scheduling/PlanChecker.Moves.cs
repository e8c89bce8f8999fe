using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether running jobs are moved only as they may be (8), whole (1), and only out of the way of a gang that starts then (6, 7).</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> LegalMoves(CheckedWorld world)
    {
        var starts = world.Gangs.DistinctBy(gang => gang.Id).ToDictionary(gang => gang.Id);
        foreach (var resize in world.Plan.Resizes.Where(resize => resize.IsMove))
        {
            if (!world.Resizes.TryGetValue(resize.Job, out var move) || move.Planned != resize) continue;
            var blamed = resize.For.Count > 0 ? resize.For[0] : resize.Job;
            if (resize.For.Count == 0) yield return new(6, blamed, "moves for nobody");
            foreach (var id in resize.For)
            {
                if (!starts.TryGetValue(id, out var gang)) yield return new(6, id, $"moves {resize.Job} and does not start");
                else if (world.RankOf(move.Job.Standing) > world.RankOf(gang.Job.Standing)) yield return new(5, id, $"moves {resize.Job}, which is of a higher level");
            }

            if (NotMovable(world, move) is { } why) yield return new(8, blamed, $"moves {resize.Job}, {why}");
            if (!IsWhole(move)) yield return new(1, blamed, $"moves {resize.Job} in part, or changes its size");
        }
    }

    private static string? NotMovable(CheckedWorld world, CheckedResize move)
    {
        var job = move.Job;
        var (ran, least) = (world.Now - job.SizedAt, world.LevelOf(job.Standing)?.MinRunTime);
        return !world.Policy.MovesJobs || world.Policy.EvictionsPaused ? "where nobody is moved"
            : !world.MayBeEvicted(job) ? "which may not be evicted"
            : ran < least || ran < world.Policy.LeastTimeAtOneSize ? "which has not had its minimum run time"
            : world.Now - job.MovedAt < world.Policy.MinTimeBetweenMoves ? "which was moved not long ago"
            : world.Now - (job.CheckpointedAt ?? job.StartedAt) > world.Policy.MostLostByMove ? "which would lose too much"
            : null;
    }

    /// <summary>Whether all of it goes, and as much comes.</summary>
    private static bool IsWhole(CheckedResize move) => Array.TrueForAll(move.Keeps, keeps => !keeps)
        && move.Job.Places.CountBy(place => place.Role).ToDictionary().All(held => move.Added.Count(task => task.Role == held.Key) == held.Value)
        && move.Added.Length == move.Job.Places.Count;

    /// <summary>Somebody is moved for nothing where the gang would fit beside it, or fits elsewhere though nobody moves.</summary>
    private static IEnumerable<Violation> NeededMoves(CheckedWorld world)
    {
        var promised = NodesPromised(world);
        var elsewhere = new Room(world.ReadyNodes.Where(node => !promised.Contains(node)), node => node.Use(_ => true, IsPlanned));
        foreach (var move in world.Resizes.Values.Where(resize => resize.IsMove))
        {
            var gangs = world.Gangs.Where(gang => move.Planned.For.Contains(gang.Id)).ToArray();
            if (!Array.Exists(gangs, IsInTheWay)) yield return new(7, move.Planned.For[0], $"moves {move.Planned.Job}, which is not in its way");
            else if (Array.Exists(gangs, Fits)) yield return new(7, move.Planned.For[0], $"moves {move.Planned.Job}, and would fit if nobody moved");

            bool IsInTheWay(CheckedGang gang) => world.NodesOf(move.Job).Any(node => NeedsPlaceOf(world, gang, node, holder => holder.Job == move.Job, promised, gangs));
        }

        // Where places are a matter of counts alone, on the type that was planned.
        bool Fits(CheckedGang gang)
        {
            if (gang.Job.Roles is not [var role] || gang.Job.Topology is { IsRequired: true }) return false;
            var own = world.Moves.Where(move => world.Resizes[move.Id].Planned.For.Contains(gang.Id)).Prepend(gang).ToArray();
            var slots = elsewhere.Slots(gang.Planned.Cluster, role.Each.MilliDevices > 0 ? gang.Planned.Accelerator : null, role, own.SelectMany(world.NodesOf).Distinct(), node => node.Use(_ => true, other => IsPlanned(other) && !own.Contains(other)));
            return slots >= role.Min;
        }
    }
}
