using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Who gets which machines. Pure and deterministic: the same snapshot gives the same plan, whatever the order of its lists.
/// Jobs are considered by level, priority and submit sequence; a gang gets all its places or none. The first blocked job of
/// each accelerator type holds a reservation: a later job may start only if, on the cluster as it will be once those
/// ahead have ended, no fewer of the blocked job's tasks would fit.
/// </summary>
public static class Scheduler
{
    public static Plan Plan(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now)
    {
        var order = new StandingOrder(policy);
        var free = FreeSpace.Of(snapshot, snapshot.Running);
        var people = new PeopleUsage(snapshot, policy);
        var reservations = new List<Reservation>();
        var started = new List<StartedGang>();
        var waiting = new List<WaitingJob>();

        foreach (var job in snapshot.Pending.OrderBy(job => job.Standing, order))
        {
            var reason = TryStart(job);
            if (reason is null) continue;
            waiting.Add(new WaitingJob(job.Standing.Id, reason));
            if (reason.Token is WaitingToken.InsufficientResources or WaitingToken.Fragmented
                && !reservations.Exists(r => r.Accelerator == ReservedType(job)))
            {
                reservations.Add(Reservation.For(job, ReservedType(job), snapshot, order));
            }
        }

        // Surplus is given last: nobody waits for it.
        foreach (var gang in started) Grow(gang);
        return new Plan(snapshot.Revision, [.. started.Select(gang => gang.Planned())], [], waiting);

        static string ReservedType(PendingJob job) => !job.UsesDevices ? "" : string.Join('|', job.AcceptableAccelerators ?? ["any"]);

        WaitingReason? TryStart(PendingJob job)
        {
            if (job.NotBefore is { } until && now < until) return new WaitingReason(WaitingToken.Held, WaitingUnit.Jobs, 0, 0, 0, waiting.Count, null, until);
            if (people.OverCap(job, waiting.Count) is { } overCap) return overCap;
            JobId? reservedBy = null;
            foreach (var (cluster, accelerator) in Choices(snapshot, job))
            {
                if (free.TryTake(job, cluster, accelerator) is not { } places) continue;
                if (reservations.Find(r => r.IsDelayedBy(places)) is { } delayed)
                {
                    free.Give(places);
                    reservedBy ??= delayed.Job.Standing.Id;
                    continue;
                }

                foreach (var reservation in reservations) reservation.Accept(places);
                people.Start(job);
                started.Add(new StartedGang(job, cluster, accelerator, places));
                return null;
            }

            return Shortage.Explain(snapshot, free, job, waiting.Count, reservedBy);
        }

        void Grow(StartedGang gang)
        {
            foreach (var role in gang.Job.Roles)
            {
                for (var count = role.Min; count < role.Max && people.MayGrow(gang.Job, gang.Places.Sum(place => place.Role.Each.Devices), role.Each.Devices); count++)
                {
                    if (free.TryTakeOne(role, gang.Cluster, gang.Accelerator) is not { } place) break;
                    if (reservations.Exists(r => r.IsDelayedBy([place])))
                    {
                        free.Give([place]);
                        break;
                    }

                    foreach (var reservation in reservations) reservation.Accept([place]);
                    people.Grow(gang.Job, role.Each.Devices);
                    gang.Places.Add(place);
                }
            }
        }
    }

    /// <summary>Clusters and accelerator types a gang may use, best first. A gang uses one type and never spans clusters.</summary>
    internal static IEnumerable<(string Cluster, string? Accelerator)> Choices(ClusterSnapshot snapshot, PendingJob job)
    {
        var nodes = snapshot.Nodes.Where(node => FreeSpace.Allows(job, node)).ToArray();
        var clusters = nodes.Select(node => node.Cluster).Distinct().Order(StringComparer.Ordinal).ToArray();
        if (!job.UsesDevices) return clusters.Select(cluster => (cluster, (string?)null));
        IEnumerable<string> types = job.AcceptableAccelerators ?? nodes.Select(node => node.Accelerator).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToArray();
        return types.SelectMany(type => clusters.Where(cluster => nodes.Any(node => node.Cluster == cluster && node.Accelerator == type)), (type, cluster) => (cluster, (string?)type));
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
