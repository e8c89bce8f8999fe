using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Core.Simulation;

namespace Convoy.Core.Tests.Simulation;

public sealed class VirtualClusterTests
{
    [Fact]
    public void A_higher_level_evicts_and_the_evicted_job_does_some_work_again()
    {
        var (intern, senior) = Run([new SimulatedNode(8)], Job(0, 1000, 8) with { Level = "intern", User = "a" }, Job(100, 50, 8) with { Level = "senior", User = "b" });

        Times(senior).ShouldBe((100, 150));
        Times(intern).ShouldBe((0, 150 + 900 + 30));
        (intern.Evictions, intern.Ran.TotalSeconds, intern.Queueing!.Value.TotalSeconds).ShouldBe((1, 1030, 50));
    }

    [Fact]
    public void A_levels_minimum_run_time_holds_an_eviction_back_for_just_so_long()
    {
        Level[] levels = [new("intern", 1) { MinRunTime = TimeSpan.FromSeconds(300) }, new("senior", 2)];

        var (intern, senior) = Run([new SimulatedNode(1)], levels, Job(0, 1000, 1) with { Level = "intern" }, Job(100, 50, 1) with { Level = "senior" });

        Times(senior).ShouldBe((300, 350));
        Times(intern).ShouldBe((0, 350 + 700 + 7));
    }

    [Fact]
    public void What_may_not_be_evicted_is_not()
    {
        var (intern, senior) = Run([new SimulatedNode(8)], Job(0, 1000, 8) with { Level = "intern", Preemptible = false }, Job(100, 50, 8) with { Level = "senior" });

        Times(intern).ShouldBe((0, 1000));
        Times(senior).ShouldBe((1000, 1050));
    }

    [Fact]
    public void An_elastic_job_starts_with_fewer_tasks_runs_slower_and_grows_after_a_while()
    {
        // Half of the machine is taken for 300 s. After 600 s at half speed 300 s of work are done, and 30 are done again.
        var (other, elastic) = Run([new SimulatedNode(4)], Job(0, 300, 2), Job(0, 1000, 1) with { Nodes = 4, MinNodes = 1 });

        Times(other).ShouldBe((0, 300));
        Times(elastic).ShouldBe((0, 600 + 700 + 30));
        elastic.Runs.Select(run => (run.From.TotalSeconds, run.MilliGpus)).ShouldBe([(0, 2000), (600, 4000)]);
        elastic.Evictions.ShouldBe(0);
    }

    [Fact]
    public void An_elastic_job_gives_its_surplus_to_one_that_comes()
    {
        var (elastic, other) = Run([new SimulatedNode(4)], Job(0, 1000, 1) with { Nodes = 4, MinNodes = 2 }, Job(100, 10_000, 2));

        Times(other).ShouldBe((100, 10_100));
        Times(elastic).ShouldBe((0, 100 + ((900 + 30) * 2)));
    }

    [Theory]
    [InlineData(48_000, 0, 0)]
    [InlineData(48_001, 0, 100)]
    [InlineData(0, 256, 0)]
    [InlineData(0, 257, 100)]
    public void Processors_and_memory_bind(long millicores, long gibibytes, int secondStarts)
    {
        var node = new SimulatedNode(8) { CpuMillicores = 96_000, MemoryBytes = 512L << 30 };
        var job = Job(0, 100, 1) with { CpuMillicores = millicores, MemoryBytes = gibibytes << 30 };

        var (_, second) = Run([node], job, job);

        second.Start.ShouldBe(TimeSpan.FromSeconds(secondStarts));
        Experiment.Run([node], [job, job], SimulationPolicy.Fifo).Outcomes[1].Start.ShouldBe(TimeSpan.FromSeconds(secondStarts));
    }

    [Fact]
    public void A_job_waits_for_a_type_that_it_accepts_and_for_its_levels_cap()
    {
        SimulatedNode[] nodes = [new(8, "A100"), new(8, "V100")];
        Level[] levels = [new("engineer", 1, MaxGpus: 8)];
        var job = Job(0, 100, 8) with { Accelerators = ["V100"], User = "a" };

        Times(Run(nodes, levels, job, job with { User = "b" }).Second).ShouldBe((100, 200));
        Times(Run(nodes, levels, job, job with { Accelerators = ["A100"] }).Second).ShouldBe((100, 200));
        Times(Run(nodes, levels, job, job with { Accelerators = ["A100"], User = "b" }).Second).ShouldBe((0, 100));
        Times(Run(nodes, levels, job, job with { Accelerators = ["H100"], User = "b" }).Second).ShouldBe((null, null));
    }

    [Fact]
    public void Who_stands_in_the_way_of_a_gang_moves_after_ten_minutes_and_does_some_work_again()
    {
        // 0 and 1 fill a node each by half once 2 has ended; 3 needs a whole one. 30 s are done again.
        SimulatedJob[] jobs = [Job(0, 4000, 4), Job(0, 300, 4), Job(0, 4000, 4), Job(400, 1000, 8), Job(1700, 1000, 8)];
        var moving = new SimulatedCluster([new SimulatedNode(8), new SimulatedNode(8)]) { MovesJobs = true }.Run(jobs, SimulationPolicy.Convoy).Outcomes;
        var staying = new SimulatedCluster([new SimulatedNode(8), new SimulatedNode(8)]).Run(jobs, SimulationPolicy.Convoy).Outcomes;

        moving.Select(Times).ShouldBe([(0, 4000), (0, 300), (0, 4030), (600, 1600), (1700, 2700)]);
        moving[2].Runs.Select(run => run.From.TotalSeconds).ShouldBe([0, 600]);
        staying.Select(Times).ShouldBe([(0, 4000), (0, 300), (0, 4000), (4000, 5000), (4000, 5000)]);
    }

    [Fact]
    public void Jobs_of_a_queue_by_attained_service_take_turns_at_once_when_one_comes_into_a_worse_band()
    {
        // Past ten minutes and in the second band (6 to 24 minutes of one device), the old one yields to a new one in the first.
        var (old, young) = Run([new SimulatedNode(1)], new SchedulingPolicy(Level.Defaults) { Queues = [new QueueSpec("default", Ordering: QueueOrdering.Las)] }, Job(0, 3000, 1), Job(60, 100, 1));

        Times(young).ShouldBe((600, 700));
        Times(old).ShouldBe((0, 3107));
    }

    [Fact]
    public void Who_used_less_of_late_goes_first_and_takes_from_nobody_what_was_promised_before()
    {
        WhenBobComesAt(10).ShouldBe([(0, 1000), (1100, 1200), (1000, 1100)]);
        WhenBobComesAt(20).ShouldBe([(0, 1000), (1000, 1100), (1100, 1200)]);

        static IEnumerable<(double? Start, double? End)> WhenBobComesAt(int submitted) => VirtualCluster.Run(
            [new SimulatedNode(1)], [Job(0, 1000, 1) with { User = "ann" }, Job(10, 100, 1) with { User = "ann" }, Job(submitted, 100, 1) with { User = "bob" }], new SchedulingPolicy(Level.Defaults)).Outcomes.Select(Times);
    }

    [Fact]
    public void A_trace_that_would_take_thousands_of_years_is_refused()
    {
        var jobs = Enumerable.Repeat(Job(0, 0, 1) with { Duration = TimeSpan.FromDays(36_500) }, 30).ToArray();

        foreach (var policy in Enum.GetValues<SimulationPolicy>()) Should.Throw<Core.Documents.BadFileException>(() => new SimulatedCluster([new SimulatedNode(1)]).Run(jobs, policy)).Message.ShouldContain("durations in seconds");
    }

    [Fact]
    public void Nothing_to_simulate_gives_figures_of_nothing()
    {
        var figures = SimulationFigures.Of(new SimulatedCluster([new SimulatedNode(1)]).Run([Job(0, 10, 2)], SimulationPolicy.Convoy));

        (figures.Jobs, figures.Completed, figures.NeverFit, figures.Makespan, figures.Utilisation, figures.P99Completion).ShouldBe((1, 0, 1, TimeSpan.Zero, 0m, TimeSpan.Zero));
    }

    private static SimulatedJob Job(int submit, int duration, int gpus) => new("job", TimeSpan.FromSeconds(submit), TimeSpan.FromSeconds(duration), gpus, null, []);

    private static (SimulatedOutcome First, SimulatedOutcome Second) Run(SimulatedNode[] nodes, params SimulatedJob[] jobs) => Run(nodes, Level.Defaults, jobs);

    private static (SimulatedOutcome First, SimulatedOutcome Second) Run(SimulatedNode[] nodes, IReadOnlyList<Level> levels, params SimulatedJob[] jobs) => Run(nodes, new SchedulingPolicy(levels), jobs);

    private static (SimulatedOutcome First, SimulatedOutcome Second) Run(SimulatedNode[] nodes, SchedulingPolicy policy, params SimulatedJob[] jobs)
    {
        var outcomes = VirtualCluster.Run(nodes, jobs, policy).Outcomes;
        return (outcomes[0], outcomes[1]);
    }

    private static (double? Start, double? End) Times(SimulatedOutcome outcome) => (outcome.Start?.TotalSeconds, outcome.End?.TotalSeconds);
}
