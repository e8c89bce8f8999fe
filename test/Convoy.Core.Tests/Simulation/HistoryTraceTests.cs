using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Simulation;

namespace Convoy.Core.Tests.Simulation;

public sealed class HistoryTraceTests
{
    private static readonly DateTimeOffset Since = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Only_the_part_of_its_runs_in_the_period_is_a_jobs_work()
    {
        var job = Job(Worker(new Replicas(4, 4), gpu: 8), -10, Attempt(4, -8, -6), Attempt(4, -2, 3), Attempt(4, 5, null));

        var row = HistoryTrace.Of(job, Since, Since.AddHours(9))!;

        (row.Submit, row.Duration, row.Gpus, row.Nodes, row.MinNodes).ShouldBe((TimeSpan.Zero, TimeSpan.FromHours(7), 8, 4, null));
        (row.User, row.Level, row.Queue, row.CpuMillicores, row.MemoryBytes).ShouldBe(("ann", "intern", "vision", 2000, 1L << 30));
        row.Accelerators.ShouldBe(["H100"]);
    }

    [Fact]
    public void An_elastic_jobs_work_is_what_it_would_have_taken_with_all_of_its_tasks()
    {
        var row = HistoryTrace.Of(Job(Worker(new Replicas(2, 4), gpu: 1), 1, Attempt(2, 2, 4), Attempt(4, 4, 5)), Since, Since.AddHours(9))!;

        (row.Submit, row.Duration, row.Nodes, row.MinNodes).ShouldBe((TimeSpan.FromHours(1), TimeSpan.FromHours(2), 4, 2));
    }

    [Fact]
    public void Tasks_that_are_not_alike_are_one_job_whose_shape_is_the_clusters()
    {
        var roles = new Dictionary<string, RoleSpec> { ["master"] = Worker(new Replicas(1, 1), gpu: 0), ["worker"] = Worker(new Replicas(2, 2), gpu: 8) };

        var row = HistoryTrace.Of(Job(roles, 0, Attempt(3, 0, 1)), Since, Since.AddHours(9))!;

        (row.Gpus, row.Nodes, row.CpuMillicores, row.MemoryBytes).ShouldBe((16, null, 6000, 3L << 30));
    }

    [Fact]
    public void What_never_ran_in_the_period_is_no_row()
    {
        HistoryTrace.Of(Job(Worker(new Replicas(1, 1), gpu: 1), -5, Attempt(1, -3, -1)), Since, Since.AddHours(9)).ShouldBeNull();
        HistoryTrace.Of(Job(Worker(new Replicas(1, 1), gpu: 1), 1), Since, Since.AddHours(9)).ShouldBeNull();
    }

    private static RoleSpec Worker(Replicas replicas, int gpu) => new()
    {
        Replicas = replicas,
        Command = ["train"],
        Resources = new ResourceSpec { Gpu = gpu, Accelerators = gpu > 0 ? ["H100"] : [], Cpu = CpuQuantity.FromCores(2), Memory = ByteSize.FromMebibytes(1024) },
    };

    private static Attempt Attempt(int tasks, int from, int? until) => new()
    {
        Number = 1,
        Cluster = "local",
        AssignedAt = Since.AddHours(from),
        RunningAt = Since.AddHours(from),
        EndedAt = until is { } end ? Since.AddHours(end) : null,
        Tasks = [.. Enumerable.Range(0, tasks).Select(rank => new TaskRun(new TaskPlacement("worker", rank, rank, "n", [])))],
    };

    private static Job Job(RoleSpec worker, int submitted, params Attempt[] attempts) => Job(new Dictionary<string, RoleSpec> { ["worker"] = worker }, submitted, attempts);

    private static Job Job(Dictionary<string, RoleSpec> roles, int submitted, params Attempt[] attempts) => new()
    {
        Id = JobId.Parse("j00000001"),
        Owner = "ann",
        Level = "intern",
        Queue = "vision",
        Spec = new JobSpec { Name = "a", Roles = roles },
        SubmitSequence = 1,
        SubmittedAt = Since.AddHours(submitted),
        Attempts = attempts,
    };
}
