using System.Text;
using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

public sealed class PlanningCaseTests
{
    [Fact]
    public void A_case_that_was_written_is_read_as_it_was_and_planned_the_same() => Worlds.Random.Sample(world =>
    {
        var planning = new PlanningCase(world.Snapshot, world.Policy, Worlds.Now);
        var read = PlanningCase.FromJson(planning.ToJson());
        read.ToJson().ShouldBe(planning.ToJson());
        Text(Scheduler.Plan(read.Snapshot, read.Policy, read.Now)).ShouldBe(Text(Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now)));
    });

    [Fact]
    public void Every_property_comes_back()
    {
        var job = Worlds.Pending(1, 2, 3, types: ["A100-80G"]) with { NotBefore = Worlds.Now, Preemptible = false, MaxDuration = TimeSpan.FromHours(5) };
        var running = new RunningJob(Worlds.Standing(2), "west", [new HeldPlace("n", new(1, 2, 3), [4]) { Role = "worker", IsLeaving = true }])
        {
            Revision = 7, Preemptible = false, IsStopping = true, StoppingFor = job.Standing.Id, StartedAt = Worlds.Now, CheckpointedAt = Worlds.Now, MaxDuration = TimeSpan.FromMinutes(1),
            IsResizing = true, Accelerator = "A100-80G", Roles = job.Roles,
        };
        var level = new Level("a", 1, 2, 3, 4, 5, TimeSpan.FromDays(1)) { MayPreempt = false, Preemptible = false, MinRunTime = TimeSpan.FromSeconds(3) };
        var node = Worlds.Node("n", 8, health: NodeHealth.Draining, assigns: false) with { Topology = ["region", "rack"] };
        var read = PlanningCase.FromJson(new PlanningCase(new(5, [node], [job], [running]), new([level]), Worlds.Now).ToJson());
        read.Policy.Levels.ShouldBe([level]);

        // Compared in another form than the one under test.
        JsonSerializer.Serialize(read.Snapshot).ShouldBe(JsonSerializer.Serialize(new ClusterSnapshot(5, [node], [job], [running])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"snapshot":null,"policy":{"levels":[]},"now":"2026-01-01T00:00:00+00:00"}""")]
    [InlineData("""{"snapshot":{"revision":0,"nodes":[],"pending":[],"running":[]},"policy":{"levels":[]},"now":"2026-01-01T00:00:00+00:00","schemaVersion":2}""")]
    [InlineData("""{"snapshot":{"revision":0,"nodes":[],"pending":[{"standing":null}],"running":[]},"policy":{"levels":[]},"now":"2026-01-01T00:00:00+00:00"}""")]
    [InlineData("""{"snapshot":{"revision":0,"nodes":[{"cluster":"c","name":"n","health":"Ready","cpuMillicores":1,"memoryBytes":1,"accelerator":null,"devices":[],"assignsDevices":true}],"pending":[],"running":[]},"policy":{"levels":[]},"now":"2026-01-01T00:00:00+00:00"}""")]
    public void What_is_no_case_is_refused(string json) => Should.Throw<JsonException>(() => PlanningCase.FromJson(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_damaged_case_is_refused_or_read_and_nothing_else_happens()
    {
        var whole = new PlanningCase(Worlds.Snapshot([Worlds.Node("n", 2)], [Worlds.Pending(1, 1, 1)]), Worlds.Policy, Worlds.Now).ToJson();
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] damaged = [.. whole[..at], value, .. whole[(at + 1)..]];
            try
            {
                PlanningCase.FromJson(damaged).Snapshot.ShouldNotBeNull();
            }
            catch (JsonException)
            {
                // Refused.
            }
        });
    }

    private static string Text(Plan plan) => string.Join(';', plan.Gangs.Select(gang => $"{gang.Job} {gang.Cluster} {string.Join(',', gang.Tasks.Select(task => $"{task.Node}{string.Join('+', task.Devices)}"))}").Concat(plan.Waiting.Select(waiting => $"{waiting}")));
}
