using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Small clusters that are full of fragments, and one gang that waits.</summary>
public sealed class MoveProperties
{
    private static readonly string[] Levels = ["intern", "engineer", "senior"];

    private static readonly Gen<RunningJob> Job =
        from gpus in Gen.OneOf(1, 2, 2, 3, 4, 6)
        from tasks in Gen.Frequency((4, Gen.Const(1)), (1, Gen.Const(2)))
        from cores in Gen.Int[0, 3]
        from isFixed in Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true)))
        from hours in Gen.OneOf(0, 1, 5)
        from saved in Gen.OneOf(0, 1, 70)
        from moved in Gen.Frequency((5, Gen.Const(0)), (1, Gen.OneOf(1, 23, 25)))
        from level in Gen.Int[0, 2]
        select new RunningJob(Worlds.Standing(0, level: Levels[level]), "local", [])
        {
            Roles = [new RoleDemand("worker", tasks, tasks, new ResourceVector(cores * 1000, 0, gpus), [])],
            Preemptible = !isFixed,
            StartedAt = Worlds.Now - TimeSpan.FromHours(hours) - TimeSpan.FromMinutes(9),
            CheckpointedAt = Worlds.Now - TimeSpan.FromMinutes(saved),
            MovedAt = moved == 0 ? null : Worlds.Now - TimeSpan.FromHours(moved),
            Accelerator = "A100-80G",
        };

    private static readonly Gen<PendingJob> Gang =
        from tasks in Gen.Int[1, 3]
        from gpus in Gen.OneOf(2, 4, 4, 8)
        from cores in Gen.Int[0, 6]
        from needsRack in Gen.Bool
        from level in Gen.Int[0, 2]
        select Worlds.Pending(99, tasks, gpus, "bob", Levels[level], cores: cores) with { Topology = needsRack ? new TopologyWish(TopologyLevel.Rack, IsRequired: true) : null };

    private static readonly Gen<ClusterSnapshot> Fragments =
        from nodes in Gen.Int[2, 4]
        from assigns in Gen.Bool
        from jobs in Gen.Select(Job, Gen.Int[0, 3], Gen.Int[0, 3]).Array[1, 8]
        from gang in Gang
        select Of([.. Enumerable.Range(0, nodes).Select(i => Worlds.Node($"n{i}", 8, cores: 12, assigns: assigns) with { Topology = ["region", "zone", "block", $"rack-{i / 2}"] })], jobs, gang);

    /// <summary>Whatever levels there are: what is planned is legal, and all of it has room before and after the movers have left.</summary>
    [Fact]
    public void Every_move_is_legal_and_lets_its_gang_in()
    {
        var moves = 0;
        Fragments.Sample(world =>
        {
            var plan = Scheduler.Plan(world, Worlds.Policy, Worlds.Now);
            PlanChecker.Violations(world, Worlds.Policy, plan, Worlds.Now).ShouldBeEmpty();
            Judge.Faults(world, plan).ShouldBeEmpty();
            if (plan.Resizes.Count == 0) return;
            Interlocked.Increment(ref moves);
            var without = world with { Running = [.. world.Running.Where(job => plan.Resizes.All(move => move.Job != job.Standing.Id))] };
            Fits(Moved(world, plan), world.Pending[0]).ShouldBeTrue("once all have moved");
            Fits(world, world.Pending[0]).ShouldBeFalse("nobody has to move for who fits anyway");
            Fits(without, world.Pending[0]).ShouldBeTrue();
        }, iter: 10_000);
        if (Sampling.DrawsAll) moves.ShouldBeGreaterThan(20);
    }

    /// <summary>Of a job of several tasks not every way to move is tried.</summary>
    [Fact]
    public void Whenever_the_move_of_one_job_of_one_task_would_let_an_equal_in_it_is_let_in_by_one_move()
    {
        var moves = 0;
        Fragments.Sample(world => Interlocked.Add(ref moves, MovesOfOne(world)), iter: 20_000);
        if (Sampling.DrawsAll) moves.ShouldBeGreaterThan(20);
    }

    private static int MovesOfOne(ClusterSnapshot world)
    {
        var equals = world with { Running = [.. world.Running.Select(job => job with { Standing = AsEngineer(job.Standing) })], Pending = [.. world.Pending.Select(job => job with { Standing = AsEngineer(job.Standing) })] };
        var gang = equals.Pending[0];
        if (Fits(equals, gang)) return 0;
        var plan = Scheduler.Plan(equals, Worlds.Policy, Worlds.Now);
        plan.Evictions.ShouldBeEmpty();
        var mover = equals.Running.FirstOrDefault(job => job.Places.Count == 1 && MayMove(job) && MovesOf(equals, job).Any(moved => Fits(moved, gang)));
        if (mover is null) return 0;
        plan.Resizes.Count.ShouldBe(1, $"{mover.Standing.Id} could move");
        return 1;
    }

    private static Standing AsEngineer(Standing standing) => standing with { Level = "engineer" };

    private static bool MayMove(RunningJob job) => job.Preemptible && Worlds.Now - job.StartedAt >= TimeSpan.FromMinutes(10)
        && Worlds.Now - job.CheckpointedAt <= TimeSpan.FromHours(1) && (job.MovedAt is not { } at || Worlds.Now - at >= TimeSpan.FromDays(1));

    /// <summary>The world after the job has gone on elsewhere, in every way there is.</summary>
    private static IEnumerable<ClusterSnapshot> MovesOf(ClusterSnapshot world, RunningJob mover)
    {
        var own = mover.Places.Select(place => place.Node).ToHashSet();
        var nodes = world.Nodes.Where(node => node.AssignsDevices || !own.Contains(node.Name)).ToArray();
        return Placed([], mover.Places.Count).Select(places => world with { Running = [.. world.Running.Select(job => job == mover ? job with { Places = places } : job)] });

        IEnumerable<HeldPlace[]> Placed(HeldPlace[] placed, int left)
        {
            if (left == 0) return [placed];
            return nodes.Where(node => mover.Roles[0].Each.FitsIn(FreeOf(world, node) - Sum(placed, node))).SelectMany(node => Placed([.. placed, new HeldPlace(node.Name, mover.Roles[0].Each, [])], left - 1));
        }
    }

    private static ClusterSnapshot Moved(ClusterSnapshot world, Plan plan) => Worlds.Applied(world, plan with { Gangs = [] });

    private static ResourceVector FreeOf(ClusterSnapshot world, Node node) => node.Capacity - Sum(world.Running.SelectMany(job => job.Places), node);

    private static ResourceVector Sum(IEnumerable<HeldPlace> places, Node node) => places.Where(place => place.Node == node.Name).Aggregate(default(ResourceVector), (sum, place) => sum + place.Taken);

    private static bool Fits(ClusterSnapshot world, PendingJob gang) => gang.Topology is null ? BruteForce.Fits(world, gang)
        : world.Nodes.GroupBy(node => node.Topology[3]).Any(rack => BruteForce.Fits(world with { Nodes = [.. rack] }, gang));

    /// <summary>Each job's tasks from the node that is drawn on, where there is room.</summary>
    private static ClusterSnapshot Of(Node[] nodes, (RunningJob Job, int First, int Second)[] jobs, PendingJob gang)
    {
        var world = Worlds.Snapshot(nodes, [gang]);
        foreach (var ((job, first, second), i) in jobs.Select((each, i) => (each, i)))
        {
            var role = job.Roles[0];
            var places = new List<HeldPlace>();
            foreach (var node in new[] { first, second }.Take(role.Min).Select(wanted => nodes[wanted % nodes.Length]))
            {
                var taken = world.Running.SelectMany(other => other.Places).Concat(places).Where(place => place.Node == node.Name).ToArray();
                int[] idle = [.. node.Devices.Except(taken.SelectMany(place => place.Devices))];
                if (!role.Each.FitsIn(node.Capacity - Sum(taken, node))) break;
                places.Add(new HeldPlace(node.Name, role.Each, node.AssignsDevices ? idle[..role.Each.Devices] : []) { Role = role.Role });
            }

            if (places.Count == role.Min) world = world with { Running = [.. world.Running, job with { Standing = Worlds.Standing(i, level: job.Standing.Level), Places = places }] };
        }

        return world;
    }
}
