using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether elastic jobs change their size only as they may, and before anybody dies (7).</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> Resizes(CheckedWorld world) =>
    [
        .. LegalResizes(world),
        .. LegalMoves(world),
        .. NeededMoves(world),
        .. GrowthOnOneAccelerator(world),
        .. NeededShrinks(world),
        .. SurplusBeforeVictims(world),
    ];

    private static IEnumerable<Violation> LegalResizes(CheckedWorld world)
    {
        var starts = world.Gangs.Select(gang => gang.Id).ToHashSet();
        foreach (var twice in world.Plan.Resizes.CountBy(resize => resize.Job).Where(count => count.Value > 1)) yield return new(7, twice.Key, "is resized twice");
        foreach (var resize in world.Plan.Resizes)
        {
            var blamed = resize.For.Count > 0 ? resize.For[0] : resize.Job;
            if (!world.Resizes.TryGetValue(resize.Job, out var known) || known.Planned != resize)
            {
                yield return new(7, blamed, $"resizes {resize.Job}, which does not run, or twice");
                continue;
            }

            var job = known.Job;
            if (job.Revision != resize.JobRevision) yield return new(13, blamed, $"resizes {resize.Job} at revision {resize.JobRevision}, which is at {job.Revision}");
            if (job.IsResizing || !world.GoesOn(job)) yield return new(7, blamed, $"resizes {resize.Job}, which is on its way out");
            foreach (var role in job.Roles)
            {
                var count = resize.Tasks.Count(task => task.Role == role.Role);
                if (count < role.Min || count > role.Max) yield return new(7, blamed, $"leaves {resize.Job} {count} tasks of role {role.Role}, not {role.Min} to {role.Max}");
            }

            if (!InOrder(resize.Tasks, job.Roles)) yield return new(1, blamed, $"does not count the ranks of {resize.Job} from 0, role after role");
            if (resize.IsMove) continue;
            var (grows, shrinks) = (known.Added.Length > 0, known.Dropped.Any());
            if (grows == shrinks) yield return new(7, blamed, $"moves {resize.Job}, or changes nothing");
            if (shrinks != resize.For.Count > 0) yield return new(6, blamed, $"resizes {resize.Job} for {(resize.For.Count == 0 ? "nobody" : "somebody who gets nothing")}");
            foreach (var id in resize.For.Where(id => !starts.Contains(id))) yield return new(6, id, $"shrinks {resize.Job} and does not start");
            var least = world.LevelOf(job.Standing)?.MinRunTime ?? TimeSpan.Zero;
            if (grows && (world.Now < job.SizedAt + least || world.Now < job.SizedAt + world.Policy.LeastTimeAtOneSize)) yield return new(8, blamed, "grows before its minimum run time");
        }
    }

    private static IEnumerable<Violation> GrowthOnOneAccelerator(CheckedWorld world) =>
        from growth in world.Growths.Concat(world.Moves)
        from task in growth.Tasks
        where task.Each.MilliDevices > 0 && world.NodeAt(growth.Planned.Cluster, task.Placement.Node)?.Node.Accelerator != growth.Planned.Accelerator
        select new Violation(1, growth.Blamed, $"mixes accelerators on {task.Placement.Node}");

    /// <summary>A place is given up for nothing where the plan's gangs would fit beside who holds it.</summary>
    private static IEnumerable<Violation> NeededShrinks(CheckedWorld world)
    {
        var promised = NodesPromised(world);
        foreach (var resize in world.Resizes.Values.Where(resize => resize.Planned is { IsMove: false, For.Count: > 0 }))
        {
            var gangs = world.Gangs.Where(gang => resize.Planned.For.Contains(gang.Id)).Select(gang => (Gang: gang, Limits: new Limits(world, gang))).ToArray();
            CheckedGang[] together = [.. gangs.Select(each => each.Gang)];
            foreach (var place in resize.Dropped)
            {
                if (world.NodeAt(resize.Job.Cluster, place.Node) is not { } node) continue;
                var isNeeded = Array.Exists(gangs, each => each.Limits.Forbid(resize.Job, place.Taken.MilliDevices) || NeedsPlaceOf(world, each.Gang, node, holder => ReferenceEquals(holder.Place, place), promised, together));
                if (!isNeeded) yield return new(7, resize.Planned.For[0], $"takes a place on {place.Node} from {resize.Planned.Job} that is not in its way");
            }
        }
    }

    /// <summary>Nobody dies for a gang that would fit on what elastic jobs of its pool hold above their minimum.</summary>
    private static IEnumerable<Violation> SurplusBeforeVictims(CheckedWorld world)
    {
        // Where machines are promised, and in domains, room is not only a matter of counts.
        if (Promises(world).Any()) yield break;
        var elastic = world.Running.Values.Where(job => world.GoesOn(job) && !job.IsResizing && !world.Resizes.ContainsKey(job.Standing.Id) && SurplusOf(job).Any()).ToLookup(job => PoolOf(world, world.AcceleratorOf(job), job.Standing.Queue));
        var rooms = new Dictionary<(string? Type, string? Pool), (Room Room, HashSet<object> Surplus, long Milli)>();
        foreach (var gang in world.Gangs.Where(gang => gang.Job.Roles.Count == 1 && gang.Job.Topology is not { IsRequired: true } && !MayHaveYielded(world, gang.Job) && world.EvictionsFor(gang.Id).Any()))
        {
            var (role, type) = (gang.Job.Roles[0], gang.MilliDevices > 0 ? gang.Planned.Accelerator : null);
            var pool = PoolOf(world, type, gang.Job.Standing.Queue);
            if (!rooms.TryGetValue(pool, out var spare))
            {
                HashSet<object> surplus = new(elastic[pool].Concat(type is null ? [] : elastic[(null, null)]).SelectMany(SurplusOf), ReferenceEqualityComparer.Instance);
                rooms[pool] = spare = (new Room(world.ReadyNodes, node => node.Use(holder => !surplus.Contains(holder.Place), IsPlanned)), surplus, surplus.Cast<HeldPlace>().Sum(place => place.Taken.MilliDevices));
            }

            var limits = new Limits(world, gang, spare.Milli);
            if (world.VictimsOf(gang.Id).Any(victim => limits.Forbid(victim, world.MilliDevicesKept(victim)))) continue;
            var slots = spare.Room.Slots(gang.Planned.Cluster, type, role, world.NodesOf(gang), node => node.Use(holder => !spare.Surplus.Contains(holder.Place), other => IsPlanned(other) && other != gang));
            if (slots >= role.Min) yield return new(7, gang.Id, "evicts though what elastic jobs can spare is enough");
        }
    }

    private static (string? Type, string? Pool) PoolOf(CheckedWorld world, string? type, string queue) => type is null ? default : (type, world.QuotaOf(type).PoolOf(queue));

    private static IEnumerable<HeldPlace> SurplusOf(RunningJob job) => job.Roles.SelectMany(role => job.Places.Where(place => place.Role == role.Role).Skip(role.Min));
}
