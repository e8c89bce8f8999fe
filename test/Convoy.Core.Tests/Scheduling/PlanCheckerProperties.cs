using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Plans are spoilt at random; a judge that counts everything anew for every question says which of them are broken.</summary>
public sealed class PlanCheckerProperties
{
    private static readonly Gen<(ClusterSnapshot Snapshot, SchedulingPolicy Policy)> World = Gen.OneOf(Worlds.Random, Worlds.WithQueues);

    [Fact]
    public void What_a_slow_judge_calls_broken_is_found() => Gen.Select(World, Gen.Int[0, 8], Gen.Int[0, 1000], Gen.Int[0, 1000]).Sample((world, kind, one, other) =>
    {
        var plan = Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now);
        Judge.Faults(world.Snapshot, plan).ShouldBeEmpty("before it is spoilt");
        var spoilt = Spoilt(world.Snapshot, plan, kind, one, other);
        if (Judge.Faults(world.Snapshot, spoilt).FirstOrDefault() is { } fault) PlanChecker.Violations(world.Snapshot, world.Policy, spoilt, Worlds.Now).ShouldNotBeEmpty(fault);
    }, iter: 6_000);

    [Fact]
    public void What_is_left_of_a_spoilt_plan_is_sound() => Gen.Select(World, Gen.Int[0, 8], Gen.Int[0, 1000], Gen.Int[0, 1000]).Sample((world, kind, one, other) =>
    {
        var spoilt = Spoilt(world.Snapshot, Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now), kind, one, other);
        var passed = PlanChecker.Check(world.Snapshot, world.Policy, spoilt, Worlds.Now);
        Judge.Faults(world.Snapshot, passed.Plan).ShouldBeEmpty();
        var started = passed.Plan.Gangs.Select(gang => gang.Job).ToHashSet();
        PlanChecker.Violations(world.Snapshot, world.Policy, passed.Plan, Worlds.Now).ShouldAllBe(violation => !started.Contains(violation.Job));
    }, iter: 3_000);

    [Fact]
    public void Nonsense_is_checked_without_an_exception_and_nothing_of_it_is_applied_that_is_not_sound() => Gen.Select(World, Gen.Int).Sample((world, seed) =>
    {
        var nonsense = new Nonsense(world.Snapshot, new Random(seed)).Plan();
        var passed = PlanChecker.Check(world.Snapshot, world.Policy, nonsense, Worlds.Now);
        Judge.Faults(world.Snapshot, passed.Plan).ShouldBeEmpty();
    }, iter: 6_000);

    private static Plan Spoilt(ClusterSnapshot snapshot, Plan plan, int kind, int one, int other)
    {
        if (plan.Gangs.Count == 0) return plan;
        var gang = plan.Gangs[one % plan.Gangs.Count];
        var task = gang.Tasks[other % gang.Tasks.Count];
        var node = snapshot.Nodes[other % snapshot.Nodes.Count];
        return kind switch
        {
            0 => With(gang with { Tasks = [.. gang.Tasks.Select(each => each == task ? each with { Node = node.Name } : each)] }),
            1 => With(gang with { Tasks = [.. gang.Tasks.Where(each => each != task)] }),
            2 => With(gang with { Tasks = [.. gang.Tasks.Select(each => each == task ? each with { Devices = [.. each.Devices.Select(device => (device + 1 + one) % 9)] } : each)] }),
            3 => plan.Evictions.Count == 0 ? plan : plan with { Evictions = [.. plan.Evictions.Where((_, i) => i != one % plan.Evictions.Count)] },
            4 => snapshot.Running.Count == 0 ? plan : plan with { Evictions = [.. plan.Evictions, new PlannedEviction(snapshot.Running[other % snapshot.Running.Count].Standing.Id, 0, gang.Job)] },
            5 => plan with { Gangs = [.. plan.Gangs, gang] },
            6 => With(gang with { JobRevision = plan.Gangs[other % plan.Gangs.Count].JobRevision }),
            7 => With(gang with { Cluster = node.Cluster, Accelerator = node.Accelerator }),
            _ => plan.Resizes.Count == 0 ? plan : plan with { Resizes = [.. plan.Resizes.Where((_, i) => i != one % plan.Resizes.Count)] },
        };

        Plan With(PlannedGang changed) => plan with { Gangs = [.. plan.Gangs.Select(each => each == gang ? changed : each)] };
    }

    /// <summary>Plans of things that are there, that are not, and of numbers of any size.</summary>
    private sealed class Nonsense(ClusterSnapshot snapshot, Random random)
    {
        public Plan Plan() => new(random.NextInt64(), Some(Gang), Some(() => new PlannedEviction(Id(), random.Next(3), Id()) { Cause = (EvictionCause)random.Next(-1, 9) }), Some(() => new WaitingJob(Id(), Reason())))
        {
            Claims = Some(Gang),
            Reservations = Some(() => new PlannedReservation(Gang(), OneOf([Worlds.Now, DateTimeOffset.MinValue, DateTimeOffset.MaxValue, Worlds.Now + TimeSpan.FromHours(1)]))),
            Resizes = Some(() => new PlannedResize(Id(), random.Next(3), Some(Task), Some(Id)) { IsMove = random.Next(2) == 0 }),
        };

        private PlannedGang Gang() => new(Id(), random.Next(16), OneOf([.. snapshot.Nodes.Select(node => node.Cluster), "", "nowhere"]), OneOf(["A100", "V100", "A100-80G", null, "", "none"]), Some(Task));

        private TaskPlacement Task() => new(OneOf(["worker", "master", ""]), Number(), Number(), OneOf([.. snapshot.Nodes.Select(node => node.Name), "nowhere", ""]), Some(Number));

        private WaitingReason Reason() => new((WaitingToken)random.Next(-1, 20), (WaitingUnit)random.Next(-1, 9), random.NextInt64(), -random.NextInt64(), Number(), Number(), random.Next(2) == 0 ? Id() : null, Queue: OneOf(["default", "q0", "", null]));

        private JobId Id() => OneOf([.. snapshot.Pending.Select(job => job.Standing.Id), .. snapshot.Running.Select(job => job.Standing.Id), JobId.Parse("jnobody00"), default]);

        private int Number() => OneOf([0, 1, 2, 3, -1, int.MinValue, int.MaxValue]);

        private T OneOf<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

        private T[] Some<T>(Func<T> make) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => make())];
    }
}

/// <summary>What must hold of every plan whatever the rules of standing are: whole gangs on machines that are there, are well and have room.</summary>
internal static class Judge
{
    public static IEnumerable<string> Faults(ClusterSnapshot snapshot, Plan plan)
    {
        foreach (var gang in plan.Gangs)
        {
            if (plan.Gangs.Count(other => other.Job == gang.Job) != 1) yield return $"{gang.Job} starts twice";
            if (snapshot.Pending.All(job => job.Standing.Id != gang.Job || job.Revision != gang.JobRevision)) yield return $"{gang.Job} does not wait, or not so";
            foreach (var job in snapshot.Pending.Where(job => job.Standing.Id == gang.Job))
            {
                if (job.Roles.Any(role => gang.Tasks.Count(task => task.Role == role.Role) is var count && (count < role.Min || count > role.Max))) yield return $"{gang.Job} is not whole";
                if (!job.Clusters.Contains("any") && !job.Clusters.Contains(gang.Cluster)) yield return $"{gang.Job} is where it may not be";
                foreach (var (task, role, each) in gang.Tasks.Join(job.Roles, task => task.Role, role => role.Role, (task, role) => (task, role, role.Each)))
                {
                    var nodes = snapshot.Nodes.Where(node => node.Cluster == gang.Cluster && node.Name == task.Node && node.Health == NodeHealth.Ready).ToArray();
                    if (nodes.Any(node => !role.Requirement.Allows(node, role.UsesDevices))) yield return $"{gang.Job} is where labels and taints keep it away";
                    if (nodes.Length != 1) yield return $"{gang.Job} is where no machine is well";
                    if (nodes.Any(node => each.MilliDevices > 0 && node.Accelerator != gang.Accelerator)) yield return $"{gang.Job} mixes types";
                }
            }
        }

        foreach (var eviction in plan.Evictions)
        {
            if (plan.Gangs.All(gang => gang.Job != eviction.For)) yield return $"{eviction.Victim} goes for nobody";
            if (snapshot.Running.All(job => job.Standing.Id != eviction.Victim || job.IsStopping || !job.Preemptible || job.Revision != eviction.VictimRevision)) yield return $"{eviction.Victim} may not be evicted";
            if (plan.Evictions.Count(other => other.Victim == eviction.Victim) != 1) yield return $"{eviction.Victim} is evicted twice";
        }

        // Now, beside all that run; and once those who are told to go have gone.
        var victims = plan.Evictions.Select(eviction => eviction.Victim).ToHashSet();
        bool Waits(PlannedGang gang) => plan.Evictions.Any(eviction => eviction.For == gang.Job) || plan.Resizes.Any(resize => resize.For.Contains(gang.Job));
        foreach (var node in snapshot.Nodes)
        {
            if (Overdrawn(snapshot, node, [.. plan.Gangs.Where(gang => !Waits(gang))], [.. Held(snapshot, node, job => [.. job.Places, .. Come(plan, job)])])) yield return $"{node.Name} is overdrawn now";
            if (Overdrawn(snapshot, node, plan.Gangs, [.. Held(snapshot, node, job => job.IsStopping || victims.Contains(job.Standing.Id) ? [] : [.. Left(plan, job), .. Come(plan, job)])])) yield return $"{node.Name} is overdrawn soon";
        }
    }

    private static IEnumerable<HeldPlace> Held(ClusterSnapshot snapshot, Node node, Func<RunningJob, IReadOnlyList<HeldPlace>> places) =>
        snapshot.Running.Where(job => job.Cluster == node.Cluster).SelectMany(places).Where(place => place.Node == node.Name);

    /// <summary>Where moved jobs go on, beside all that run and once others have gone.</summary>
    private static IEnumerable<HeldPlace> Come(Plan plan, RunningJob job) =>
        from resize in plan.Resizes
        where resize.IsMove && resize.Job == job.Standing.Id
        from task in resize.Tasks
        from role in job.Roles
        where role.Role == task.Role
        select new HeldPlace(task.Node, role.Each, task.Devices);

    /// <summary>Each task of its new size stands for one place at most: where devices are counted, places on a node are alike.</summary>
    private static IEnumerable<HeldPlace> Left(Plan plan, RunningJob job)
    {
        var sizes = plan.Resizes.Where(resize => resize.Job == job.Standing.Id).Select(resize => resize.Tasks.ToList()).ToArray();
        return job.Places.Where(place => Array.TrueForAll(sizes, tasks => tasks.FindIndex(task => task.Role == place.Role && task.Node == place.Node && task.Devices.SequenceEqual(place.Devices)) is var at and >= 0 && Struck(tasks, at)) && !place.IsLeaving);

        static bool Struck(List<TaskPlacement> tasks, int at)
        {
            tasks.RemoveAt(at);
            return true;
        }
    }

    /// <summary>Whether gangs take more of the node than is left, of anything that they ask for.</summary>
    private static bool Overdrawn(ClusterSnapshot snapshot, Node node, IReadOnlyList<PlannedGang> gangs, HeldPlace[] held)
    {
        var tasks = (from gang in gangs
                     where gang.Cluster == node.Cluster
                     from job in snapshot.Pending
                     where job.Standing.Id == gang.Job
                     from task in gang.Tasks
                     where task.Node == node.Name
                     from role in job.Roles
                     where role.Role == task.Role
                     select new HeldPlace(node.Name, role.Each, task.Devices)).ToArray();
        HeldPlace[] all = [.. held, .. tasks];
        if (tasks.Any(task => task.Taken.CpuMillicores > 0) && all.Sum(place => place.Taken.CpuMillicores) > node.CpuMillicores - node.Foreign.CpuMillicores) return true;
        if (tasks.Any(task => task.Taken.MemoryBytes > 0) && all.Sum(place => place.Taken.MemoryBytes) > node.MemoryBytes - node.Foreign.MemoryBytes) return true;
        if (tasks.Any(task => task.Taken.Rdma > 0) && all.Sum(place => place.Taken.Rdma) > node.Rdma - node.Foreign.Rdma) return true;
        if (!node.AssignsDevices) return tasks.Any(task => task.Taken.Devices > 0) && all.Sum(place => place.Taken.Devices) > node.Devices.Count - node.Foreign.Devices;
        return tasks.Any(task => task.Devices.Count != (task.Taken.Milli > 0 ? 1 : task.Taken.Devices) || task.Devices.Any(device => !node.Devices.Contains(device)
            || all.Where(place => place.Devices.Contains(device)).Sum(place => place.Devices.Count(each => each == device) * (place.Taken.Milli > 0 ? place.Taken.Milli : 1000)) > 1000));
    }
}
