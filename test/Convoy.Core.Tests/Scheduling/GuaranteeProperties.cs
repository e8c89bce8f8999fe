using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Core.Tests.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Guarantees of single plans, counted anew by other means than <see cref="PlanChecker"/>'s. Of histories: <see cref="HistoryProperties"/>.</summary>
public sealed class GuaranteeProperties
{
    private const int Iterations = 2_000;

    [Fact]
    public void Guarantee_1_A_job_gets_nothing_or_at_least_its_minimum_of_one_type_in_one_cluster() => Worlds.WithQueues.Sample(world =>
    {
        var (snapshot, plan) = Planned(world);
        foreach (var gang in plan.Gangs)
        {
            var role = snapshot.Pending.Single(job => job.Standing.Id == gang.Job).Roles.Single();
            gang.Tasks.Count.ShouldBeInRange(role.Min, role.Max);
            var nodes = gang.Tasks.Select(task => snapshot.Nodes.Single(node => node.Name == task.Node)).ToArray();
            nodes.ShouldAllBe(node => node.Cluster == gang.Cluster);
            if (!role.UsesDevices) continue;
            nodes.ShouldAllBe(node => node.Accelerator == gang.Accelerator);
            if (role.Accelerators.Count > 0) role.Accelerators.ShouldContain(gang.Accelerator);
        }
    }, iter: Iterations);

    [Fact]
    public void Guarantee_2_Nothing_is_oversubscribed_now_or_when_those_have_left_who_are_told_to() => Worlds.WithQueues.Sample(world =>
    {
        var (snapshot, plan) = Planned(world);
        var (resizes, evicted) = (plan.Resizes.ToDictionary(resize => resize.Job), plan.Evictions.Select(eviction => eviction.Victim).ToHashSet());
        var starting = plan.Gangs.ToLookup(gang => plan.MustWait(gang.Job));
        var staying = snapshot.Running.Where(job => !job.IsStopping && !evicted.Contains(job.Standing.Id));
        var moved = snapshot.Running.Where(job => resizes.GetValueOrDefault(job.Standing.Id) is { IsMove: true });
        ShouldFit(snapshot, [.. snapshot.Running.SelectMany(job => Held(job, resizes.GetValueOrDefault(job.Standing.Id) is { For.Count: 0 } growth ? growth : null)), .. moved.SelectMany(job => Held(job, resizes[job.Standing.Id])), .. starting[false].SelectMany(gang => Taken(snapshot, gang))]);
        ShouldFit(snapshot, [.. staying.SelectMany(job => Held(job, resizes.GetValueOrDefault(job.Standing.Id))), .. plan.Gangs.Concat(plan.Claims).SelectMany(gang => Taken(snapshot, gang))]);
    }, iter: Iterations);

    [Fact]
    public void Guarantee_3_No_persons_cap_is_exceeded_by_what_starts() => Worlds.WithQueues.Sample(world =>
    {
        var (snapshot, plan) = Planned(world);
        foreach (var gang in plan.Gangs)
        {
            var standing = snapshot.Pending.Single(job => job.Standing.Id == gang.Job).Standing;
            var level = world.Policy.LevelOf(standing);
            var evicted = plan.Evictions.Select(eviction => eviction.Victim).ToHashSet();
            var shrunk = plan.Resizes.Where(resize => resize.For.Count > 0).ToDictionary(resize => resize.Job);

            // Who starts once others have left is beside those that stay then.
            bool Counts(RunningJob job) => job.Standing.Owner == standing.Owner && (!plan.MustWait(gang.Job) || (!job.IsStopping && !evicted.Contains(job.Standing.Id)));
            var running = snapshot.Running.Where(Counts).ToArray();
            var others = plan.Gangs.Where(other => other != gang && (plan.MustWait(gang.Job) || !plan.MustWait(other.Job)) && OwnerOf(snapshot, other) == standing.Owner).ToArray();
            if (level.MaxRunning is { } mostJobs) (running.Length + others.Length + 1).ShouldBeLessThanOrEqualTo(mostJobs);
            var milli = MilliOf(snapshot, gang);
            if (milli == 0) continue;
            if (level.MaxGpusPerJob is { } mostEach) milli.ShouldBeLessThanOrEqualTo(1000L * mostEach);
            var held = running.Sum(job => plan.MustWait(gang.Job) && shrunk.TryGetValue(job.Standing.Id, out var resize) ? resize.Tasks.Sum(_ => job.Roles[0].Each.MilliDevices) : job.Places.Sum(place => place.Taken.MilliDevices));
            if (level.MaxGpus is { } most) (milli + held + others.Sum(other => MilliOf(snapshot, other))).ShouldBeLessThanOrEqualTo(1000L * most);
        }
    }, iter: Iterations);

    [Fact]
    public void Guarantee_3_No_queues_limit_is_exceeded_by_what_starts() => Worlds.WithQueues.Sample(world =>
    {
        var (snapshot, plan) = Planned(world);
        foreach (var type in QuotaWorlds.Types)
        {
            var capacity = 1000L * snapshot.Nodes.Where(node => node.Accelerator == type).Sum(node => node.Devices.Count);
            var queues = world.Policy.Queues.Select(queue => queue with { Quotas = queue.Quotas.ToDictionary(each => each.Key, each => new Core.Queues.Quota(each.Value.Nominal * 1000, each.Value.BorrowLimit * 1000, each.Value.LendLimit * 1000)) }).ToArray();
            var now = new List<(string, long)>(snapshot.Running.Where(job => job.Accelerator == type).Select(job => (job.Standing.Queue, job.Places.Sum(place => place.Taken.MilliDevices))));
            foreach (var gang in plan.Gangs.Where(gang => gang.Accelerator == type && !plan.MustWait(gang.Job)))
            {
                var queue = snapshot.Pending.Single(job => job.Standing.Id == gang.Job).Standing.Queue;
                new NaiveQuota(queues, type, capacity, [.. now]).MayAdd(queue, MilliOf(snapshot, gang)).ShouldBeTrue();
                now.Add((queue, MilliOf(snapshot, gang)));
            }
        }
    }, iter: Iterations);

    [Fact]
    public void Guarantee_5_A_job_evicts_lower_levels_past_their_minimum_run_time_and_its_owners_lower_priorities_and_nobody_else() => Worlds.Random.Sample(world =>
    {
        var (snapshot, plan) = Planned(world);
        foreach (var eviction in plan.Evictions)
        {
            var job = snapshot.Pending.Single(pending => pending.Standing.Id == eviction.For).Standing;
            var victim = snapshot.Running.Single(running => running.Standing.Id == eviction.Victim);
            victim.Preemptible.ShouldBeTrue();
            var (own, other) = (world.Policy.LevelOf(job), world.Policy.LevelOf(victim.Standing));
            if (eviction.Cause == EvictionCause.Level) (own.Rank > other.Rank && Worlds.Now - victim.StartedAt >= other.MinRunTime).ShouldBeTrue();
            else (eviction.Cause == EvictionCause.Priority && own.Rank == other.Rank && job.Owner == victim.Standing.Owner && job.Priority > victim.Standing.Priority).ShouldBeTrue();
        }
    }, iter: Iterations);

    [Fact]
    public void Guarantee_6_Whoever_evicts_starts_in_the_same_plan_and_on_what_its_victims_leave() => Worlds.WithQueues.Sample(world =>
    {
        var (snapshot, plan) = Planned(world);
        foreach (var victims in plan.Evictions.GroupBy(eviction => eviction.For))
        {
            var gang = plan.Gangs.Single(planned => planned.Job == victims.Key);
            foreach (var victim in victims.Select(eviction => snapshot.Running.Single(job => job.Standing.Id == eviction.Victim)))
            {
                // Machines are of one cluster; quota is one for all.
                (victim.Cluster == gang.Cluster || victim.Accelerator == gang.Accelerator).ShouldBeTrue();
                victim.IsStopping.ShouldBeFalse();
            }
        }
    }, iter: Iterations);

    [Fact]
    public void Guarantee_9_What_is_promised_is_expected_to_be_free_by_then() => Gen.OneOf(Worlds.Random, Worlds.WithQueues).Sample(world =>
    {
        var (snapshot, plan) = Planned(world);
        var gone = plan.Evictions.Select(eviction => eviction.Victim).ToHashSet();
        var shrunk = plan.Resizes.Where(resize => resize.For.Count > 0).ToDictionary(resize => resize.Job);
        DateTimeOffset EndOf(RunningJob job)
        {
            if (job.IsStopping || gone.Contains(job.Standing.Id)) return Worlds.Now;
            var duration = job.MaxDuration ?? world.Policy.UsualDuration;
            while (job.StartedAt + duration <= Worlds.Now) duration *= 2;
            return job.StartedAt + duration;
        }

        foreach (var promise in plan.Reservations)
        {
            var role = snapshot.Pending.Single(job => job.Standing.Id == promise.Gang.Job).Roles[0];
            foreach (var tasks in promise.Gang.Tasks.GroupBy(task => task.Node))
            {
                var node = snapshot.Nodes.Single(each => each.Name == tasks.Key);
                var held = snapshot.Running.Where(job => job.Cluster == node.Cluster && EndOf(job) > promise.From).SelectMany(job => Held(job, shrunk.GetValueOrDefault(job.Standing.Id))).Where(place => place.Node == node.Name);
                var left = held.Aggregate(node.Capacity, (sum, place) => sum - place.Taken);
                tasks.Aggregate(left, (sum, task) => sum - Each(snapshot, promise.Gang, task)).MilliDevices.ShouldBeGreaterThanOrEqualTo(role.UsesDevices ? 0 : long.MinValue, $"{promise.Gang.Job} is promised {node.Name} from {promise.From - Worlds.Now}");
            }
        }
    }, iter: Iterations);

    [Fact]
    public void Guarantee_10_Nothing_idles_that_a_waiting_job_could_use_where_nobody_is_promised_anything() => Worlds.Random.Sample(world =>
    {
        var policy = world.Policy with { ReservationsPerType = 0, AgeBound = TimeSpan.MaxValue };
        var plan = Scheduler.Plan(world.Snapshot, policy, Worlds.Now);
        if (plan.Evictions.Count + plan.Resizes.Count + plan.Claims.Count > 0) return;
        var after = Worlds.Applied(world.Snapshot, plan);
        foreach (var waiting in plan.Waiting.Where(waiting => waiting.Reason.Token is WaitingToken.InsufficientResources or WaitingToken.Fragmented or WaitingToken.Infeasible))
        {
            var job = world.Snapshot.Pending.Single(pending => pending.Standing.Id == waiting.Job);
            if (job.Roles is [{ Min: <= 3 }]) BruteForce.Fits(after, job).ShouldBeFalse();
        }
    }, iter: Iterations);

    [Fact]
    public void Guarantee_11_The_order_in_which_things_are_listed_changes_nothing_within_quotas() => Gen.Select(Worlds.WithQueues, Gen.Int).Sample((world, seed) =>
    {
        var random = new Random(seed);
        var shuffled = world.Snapshot with
        {
            Nodes = SchedulerProperties.Shuffled(world.Snapshot.Nodes, random),
            Pending = SchedulerProperties.Shuffled(world.Snapshot.Pending, random),
            Running = SchedulerProperties.Shuffled(world.Snapshot.Running, random),
        };
        SchedulerProperties.Bytes(Scheduler.Plan(shuffled, world.Policy with { Queues = SchedulerProperties.Shuffled(world.Policy.Queues, random) }, Worlds.Now)).ShouldBe(SchedulerProperties.Bytes(Planned(world).Plan));
    }, iter: Iterations);

    [Fact]
    public void Guarantee_12_Nothing_new_lands_on_what_is_not_well() => Gen.OneOf(Worlds.Random, Worlds.WithQueues).Sample(world =>
    {
        var (snapshot, plan) = Planned(world);
        foreach (var task in plan.Gangs.Concat(plan.Claims).SelectMany(gang => gang.Tasks)) snapshot.Nodes.Single(node => node.Name == task.Node).Health.ShouldBe(NodeHealth.Ready);
    }, iter: Iterations);

    [Fact]
    public void Guarantee_12_Nothing_new_lands_and_nothing_is_promised_where_labels_and_taints_keep_it_away()
    {
        var kept = 0;
        Gen.OneOf(Worlds.Random, Worlds.WithQueues).Sample(world =>
        {
            var (snapshot, plan) = Planned(world);
            var roles = snapshot.Pending.ToDictionary(job => job.Standing.Id, job => job.Roles);
            foreach (var gang in plan.Gangs.Concat(plan.Claims).Concat(plan.Reservations.Select(promise => promise.Gang)))
            {
                foreach (var task in gang.Tasks) MayLand(roles[gang.Job], task);
            }

            foreach (var resize in plan.Resizes)
            {
                var job = snapshot.Running.Single(running => running.Standing.Id == resize.Job);
                foreach (var task in resize.Tasks.Where(task => !job.Places.Any(place => place.Node == task.Node && place.Role == task.Role))) MayLand(job.Roles, task);
            }

            if (roles.Values.Any(each => each.Any(role => snapshot.Nodes.Any(node => !role.Requirement.Allows(node, role.UsesDevices))))) Interlocked.Increment(ref kept);

            void MayLand(IReadOnlyList<RoleDemand> asked, TaskPlacement task)
            {
                var role = asked.Single(each => each.Role == task.Role);
                role.Requirement.Allows(snapshot.Nodes.Single(node => node.Name == task.Node), role.UsesDevices).ShouldBeTrue($"{task.Node}: {role.Requirement}");
            }
        }, iter: Iterations);
        if (Sampling.DrawsAll) kept.ShouldBeGreaterThan(Iterations / 10);
    }

    [Fact]
    public void Guarantee_13_A_decision_that_is_told_twice_or_late_starts_a_job_once() => Gen.Select(Jobs.Lifecycle.LifecycleWalk.Random, Gen.Int[0, 3]).Sample((walk, age) =>
    {
        var assign = new JobCommand.Assign(walk.Job.Revision - age, "local", null, [new TaskPlacement("worker", 0, 0, "n1", [])]);
        var first = JobLifecycle.Decide(walk.Job, assign, walk.Now);
        (first is Decision.Accepted).ShouldBe(walk.Job.Phase == JobPhase.Pending && age == 0);
        if (first is not Decision.Accepted accepted) return;
        JobLifecycle.Decide(accepted.Events.Aggregate(walk.Job, JobLifecycle.Evolve), assign, walk.Now).ShouldBeOfType<Decision.Rejected>();
    });

    private static (ClusterSnapshot Snapshot, Plan Plan) Planned((ClusterSnapshot Snapshot, SchedulingPolicy Policy) world) => (world.Snapshot, Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now));

    private static ResourceVector Each(ClusterSnapshot snapshot, PlannedGang gang, TaskPlacement task) =>
        snapshot.Pending.Single(job => job.Standing.Id == gang.Job).Roles.Single(role => role.Role == task.Role).Each;

    private static long MilliOf(ClusterSnapshot snapshot, PlannedGang gang) => gang.Tasks.Sum(task => Each(snapshot, gang, task).MilliDevices);

    private static string OwnerOf(ClusterSnapshot snapshot, PlannedGang gang) => snapshot.Pending.Single(job => job.Standing.Id == gang.Job).Standing.Owner;

    private static IEnumerable<HeldPlace> Taken(ClusterSnapshot snapshot, PlannedGang gang) => gang.Tasks.Select(task => new HeldPlace(task.Node, Each(snapshot, gang, task), task.Devices));

    private static IEnumerable<HeldPlace> Held(RunningJob job, PlannedResize? resize) =>
        resize is null ? job.Places.Where(place => !place.IsLeaving) : resize.Tasks.Select(task => new HeldPlace(task.Node, job.Roles.Single(role => role.Role == task.Role).Each, task.Devices));

    private static void ShouldFit(ClusterSnapshot snapshot, HeldPlace[] places)
    {
        foreach (var here in places.GroupBy(place => place.Node))
        {
            var node = snapshot.Nodes.Single(each => each.Name == here.Key);
            var left = here.Aggregate(node.Capacity - node.Foreign, (sum, place) => sum - place.Taken);
            (left.CpuMillicores >= 0 && left.MemoryBytes >= 0 && left.Rdma >= 0 && left.MilliDevices >= 0).ShouldBeTrue($"{node.Name} is oversubscribed: {left}");
            if (!node.AssignsDevices) continue;
            foreach (var device in here.SelectMany(place => place.Devices, (place, device) => (device, Milli: place.Taken.Devices > 0 ? 1000 : place.Taken.Milli)).GroupBy(each => each.device))
            {
                node.Devices.ShouldContain(device.Key);
                device.Sum(each => each.Milli).ShouldBeLessThanOrEqualTo(1000, $"device {device.Key} of {node.Name}");
            }
        }
    }
}
