using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>Whether every waiting job's reason is true: what waits for no reason would wait for ever.</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> TrueReasons(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan)
    {
        var pending = snapshot.Pending.DistinctBy(job => job.Standing.Id).ToDictionary(job => job.Standing.Id);
        var kept = plan with { Gangs = [.. plan.Gangs, .. plan.Claims] };
        var room = new PlannedRoom(snapshot, policy, kept, [.. Started(snapshot, kept)]);
        foreach (var (id, reason) in plan.Waiting)
        {
            if (!pending.TryGetValue(id, out var job)) continue;
            var allowed = snapshot.Nodes.Where(node => Allows(job, node));
            var isFalse = reason.Token switch
            {
                WaitingToken.Held => job.NotBefore is null,
                WaitingToken.Reserved => plan.Reservations.All(promise => promise.Gang.Job != reason.BlockedBy),
                WaitingToken.ExceedsLevelCap => !room.ExceedsCap(job),
                WaitingToken.ClusterUnreachable => allowed.Any(),
                WaitingToken.NoSuchAccelerator => job.Roles is [var role] && allowed.Any(node => Accepts(role, node)),
                WaitingToken.WaitingForPreemption => plan.Claims.All(claim => claim.Job != id),
                WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied or WaitingToken.Infeasible => false,
                _ => true,
            };
            if (isFalse) yield return new(10, id, $"waits as {reason.Token}, which is not true");
            if (reason.Token is not (WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.TopologyUnsatisfied or WaitingToken.Infeasible)) continue;
            if (job.Topology is { IsRequired: true } || job.Roles is not [var only] || room.Of(job, only) is not { } cluster) continue;
            yield return new(cluster.IsLeft ? 10 : 9, id, $"waits as {reason.Token} though cluster {cluster.Name} has room{(cluster.IsLeft ? "" : ", but for gangs behind it")}");
        }
    }

    private static bool Allows(PendingJob job, Node node) => job.Clusters.Contains("any") || job.Clusters.Contains(node.Cluster);

    private static bool Accepts(RoleDemand role, Node node) =>
        role.Each.Devices == 0 || (node.Accelerator is not null && (role.Accelerators.Count == 0 || role.Accelerators.Contains(node.Accelerator)));

    /// <summary>What running jobs and planned gangs leave.</summary>
    private sealed class PlannedRoom(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, (PlannedGang Gang, PendingJob Job)[] started)
    {
        private readonly Dictionary<(string Cluster, string Node), (ResourceVector Left, HashSet<int> Devices)> beforePlan = BeforePlan(snapshot);

        public bool ExceedsCap(PendingJob job)
        {
            if (policy.Levels.FirstOrDefault(l => l.Name == job.Standing.Level) is not { } level) return false;
            var needed = job.Roles.Sum(role => role.Min * role.Each.Devices);
            var jobs = snapshot.Running.Count(running => running.Standing.Owner == job.Standing.Owner);
            var devices = snapshot.Running.Where(running => running.Standing.Owner == job.Standing.Owner).Sum(running => running.Places.Sum(place => place.Taken.Devices));
            foreach (var (gang, other) in started.Where(start => start.Job.Standing.Owner == job.Standing.Owner))
            {
                jobs++;
                devices += gang.Tasks.Sum(task => other.Roles.FirstOrDefault(role => role.Role == task.Role)?.Each.Devices ?? 0);
            }

            return jobs + 1 > level.MaxRunning || needed > level.MaxGpusPerJob || (needed > 0 && devices + needed > level.MaxGpus);
        }

        /// <summary>A cluster where the job of this one role would fit, were it not for gangs behind it; and whether it would fit with them too.</summary>
        public (string Name, bool IsLeft)? Of(PendingJob job, RoleDemand role)
        {
            var groups = snapshot.Nodes.Where(node => node.Health == NodeHealth.Ready && Allows(job, node) && Accepts(role, node))
                .GroupBy(node => (node.Cluster, Type: role.Each.Devices > 0 ? node.Accelerator : null)).ToArray();
            var ahead = started.Where(start => IsAhead(start.Job, job)).Select(start => start.Gang).ToArray();
            var found = groups.FirstOrDefault(group => Fits(group, ahead));
            return found is null ? null : (found.Key.Cluster, groups.Any(group => Fits(group, plan.Gangs)));

            bool Fits(IEnumerable<Node> nodes, IReadOnlyList<PlannedGang> gangs) => nodes.Sum(node => (long)role.Each.TimesIn(Left(node, gangs), role.Min)) >= role.Min;
        }

        private ResourceVector Left(Node node, IReadOnlyList<PlannedGang> gangs)
        {
            var (left, taken) = beforePlan[(node.Cluster, node.Name)];
            var planned = started.Where(start => start.Gang.Cluster == node.Cluster && gangs.Contains(start.Gang))
                .SelectMany(start => start.Gang.Tasks.Where(task => task.Node == node.Name), (start, task) => (Each: start.Job.Roles.FirstOrDefault(role => role.Role == task.Role)?.Each ?? default, task.Devices)).ToArray();
            foreach (var (each, _) in planned) left -= each;
            if (!node.AssignsDevices) return left;
            var devices = planned.SelectMany(task => task.Devices).ToHashSet();
            return left with { Devices = node.Devices.Count(device => !taken.Contains(device) && !devices.Contains(device)) };
        }

        private bool IsAhead(PendingJob oneJob, PendingJob otherJob)
        {
            var (one, other) = (oneJob.Standing, otherJob.Standing);
            var byRank = RankOf(one).CompareTo(RankOf(other));
            if (byRank != 0) return byRank > 0;
            if (one.Priority != other.Priority) return one.Priority > other.Priority;
            var byBand = BandOf(policy, oneJob).CompareTo(BandOf(policy, otherJob));
            if (byBand != 0) return byBand < 0;

            // How fair queues merge the lines of different people is not checked.
            if (one.Owner != other.Owner || one.Queue != other.Queue) return true;
            return one.SubmitSequence != other.SubmitSequence ? one.SubmitSequence < other.SubmitSequence : string.CompareOrdinal(one.Id.Value, other.Id.Value) < 0;
        }

        private int RankOf(Standing standing) => policy.Levels.FirstOrDefault(level => level.Name == standing.Level)?.Rank ?? int.MinValue;

        private static Dictionary<(string, string), (ResourceVector, HashSet<int>)> BeforePlan(ClusterSnapshot snapshot)
        {
            var places = snapshot.Running.SelectMany(job => job.Places, (job, place) => (Key: (job.Cluster, place.Node), Place: place)).ToLookup(held => held.Key, held => held.Place);
            return snapshot.Nodes.ToDictionary(node => (node.Cluster, node.Name), node =>
            {
                var here = places[(node.Cluster, node.Name)].ToArray();
                return (here.Aggregate(node.Capacity, (left, place) => left - place.Taken), here.SelectMany(place => place.Devices).ToHashSet());
            });
        }
    }
}
