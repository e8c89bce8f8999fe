using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Core.Simulation;
using CsCheck;

namespace Convoy.Core.Tests.Simulation;

public sealed class VirtualClusterProperties
{
    private static readonly Gen<SimulatedNode[]> Nodes = Gen.Select(Gen.Int[1, 8], Gen.OneOf("A100", "V100"), Gen.Int[2, 16], Gen.OneOf("r1", "r2"))
        .Select((gpus, type, cpu, rack) => new SimulatedNode(gpus, type) { CpuMillicores = cpu * 1000, Topology = ["", "", "", rack] }).Array[1, 5];

    private static readonly Gen<SimulatedJob[]> Jobs = Gen.Select(
        Gen.Select(Gen.Int[0, 4000], Gen.Int[1, 6000], Gen.Int[0, 10], Gen.Int[0, 4]),
        Gen.Select(Gen.OneOf("ann", "bob", "mei"), Gen.OneOf("intern", "engineer", "senior"), Gen.OneOf<string?>(null, "short", "team"), Gen.Enum<JobPriority>()),
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 3], Gen.Const(0), Gen.Bool),
        (size, who, shape) => new SimulatedJob("j", TimeSpan.FromSeconds(size.Item1), TimeSpan.FromSeconds(size.Item2), shape.Item3 > 0 ? 0 : size.Item3, shape.Item1 == 0 ? null : shape.Item1, [])
        {
            CpuMillicores = size.Item4 * 1000,
            User = who.Item1,
            Level = who.Item2,
            Queue = who.Item3,
            Priority = who.Item4,
            GpuMilli = shape.Item3,
            MinNodes = shape.Item1 == 0 ? null : Math.Min(shape.Item1, shape.Item2),
            Preemptible = shape.Item4,
        }).Array[0, 15];

    private static readonly SimulatedCluster Cluster = new([]) { Queues = [new QueueSpec("short", Ordering: QueueOrdering.Las), new QueueSpec("team", Weight: 2)] };

    [Fact]
    public void Every_plan_of_a_history_is_sound_and_every_job_that_fits_ends_with_its_work_done() => Gen.Select(Nodes, Jobs).Sample(
        (nodes, jobs) =>
        {
            var result = VirtualCluster.Run(nodes, jobs, Cluster.Policy, planner: Checked);

            foreach (var outcome in result.Outcomes)
            {
                var alone = VirtualCluster.Run(nodes, [outcome.Job], Cluster.Policy).Outcomes[0];
                Assert.Equal(alone.End is null, outcome.End is null);
                if (outcome.End is null) continue;
                Assert.True(outcome.Start >= outcome.Job.Submit);
                Assert.True(outcome.Ran >= outcome.Job.Duration);
                Assert.All(outcome.Runs.Zip(outcome.Runs.Skip(1)), pair => Assert.True(pair.First.To <= pair.Second.From));
            }
        },
        iter: 200);

    [Fact]
    public void The_same_trace_gives_the_same_history() => Gen.Select(Nodes, Jobs).Sample(
        (nodes, jobs) => Assert.Equal(
            VirtualCluster.Run(nodes, jobs, Cluster.Policy).Outcomes.SelectMany(outcome => outcome.Runs), VirtualCluster.Run(nodes, jobs, Cluster.Policy).Outcomes.SelectMany(outcome => outcome.Runs)),
        iter: 50);

    private static Plan Checked(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now)
    {
        var plan = Scheduler.Plan(snapshot, policy, now);
        Assert.Empty(PlanChecker.Violations(snapshot, policy, plan, now));
        return plan;
    }
}
