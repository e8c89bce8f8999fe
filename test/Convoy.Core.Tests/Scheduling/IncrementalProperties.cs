using System.Text.Json;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>A scheduler that keeps what it knows between plans, against one that begins anew.</summary>
public sealed class IncrementalProperties
{
    [Fact]
    public void Plans_after_any_history_are_those_of_a_scheduler_that_has_none() => Gen.Select(Gen.OneOf(Worlds.Random, Worlds.WithQueues).Array[2], Gen.Int[0, 9].Array[1, 6]).Sample((worlds, steps) =>
    {
        var scheduler = new Scheduler();
        var at = worlds.Select(world => world.Snapshot).ToArray();
        var running = worlds.Select(_ => new OrderedRecords<RunningJob>(job => job.Standing.SubmitSequence, most: 2)).ToArray();
        foreach (var step in steps)
        {
            // Now and then quite another world: nothing of the one before may be left.
            var i = step == 0 ? 1 : 0;
            var policy = worlds[i].Policy;
            var plan = scheduler.PlanNext(at[i] with { Running = step % 2 == 0 ? at[i].Running : Told(running[i], at[i].Running) }, policy, Worlds.Now);
            JsonSerializer.Serialize(plan).ShouldBe(JsonSerializer.Serialize(Scheduler.Plan(at[i], policy, Worlds.Now)));
            at[i] = Next(Worlds.Applied(at[i], plan), step);
        }
    }, iter: 1_000);

    [Fact]
    public void A_plan_that_fails_leaves_nothing_behind()
    {
        var scheduler = new Scheduler();
        var good = Worlds.Snapshot([Worlds.Node("n1", 8)], [Worlds.Pending(1, 1, 4)]);
        Should.Throw<Exception>(() => scheduler.PlanNext(good with { Pending = [good.Pending[0] with { Roles = null! }] }, Worlds.Policy, Worlds.Now));
        Should.Throw<Exception>(() => scheduler.PlanNext(good with { Running = [new RunningJob(Worlds.Standing(2), "local", null!)] }, Worlds.Policy, Worlds.Now));
        JsonSerializer.Serialize(scheduler.PlanNext(good, Worlds.Policy, Worlds.Now)).ShouldBe(JsonSerializer.Serialize(Scheduler.Plan(good, Worlds.Policy, Worlds.Now)));
    }

    /// <summary>The list as the server has it: in segments, of which those stay that nothing happened to.</summary>
    private static Segments<RunningJob> Told(OrderedRecords<RunningJob> records, IReadOnlyList<RunningJob> running)
    {
        foreach (var gone in records.Take().Except(running, ReferenceEqualityComparer.Instance).Cast<RunningJob>()) records.Set(gone.Standing.SubmitSequence, null);
        foreach (var come in running.Except(records.Take(), ReferenceEqualityComparer.Instance).Cast<RunningJob>()) records.Set(come.Standing.SubmitSequence, come);
        return records.Take();
    }

    /// <summary>Somebody ends, is told to stop, or a node falls ill, recovers or loses a device.</summary>
    private static ClusterSnapshot Next(ClusterSnapshot snapshot, int step) => step switch
    {
        1 or 2 when snapshot.Running.Count > 0 => snapshot with { Running = [.. snapshot.Running.Skip(1)] },
        3 when snapshot.Running.Count > 0 => snapshot with { Running = [snapshot.Running[0] with { IsStopping = true }, .. snapshot.Running.Skip(1)] },
        4 => snapshot with { Nodes = [snapshot.Nodes[0] with { Health = NodeHealth.Suspect }, .. snapshot.Nodes.Skip(1)] },
        5 => snapshot with { Nodes = [snapshot.Nodes[0] with { Health = NodeHealth.Ready }, .. snapshot.Nodes.Skip(1)] },
        6 => snapshot with { Nodes = [.. snapshot.Nodes.Skip(1), Worlds.Node("n" + new string('x', snapshot.Nodes.Max(node => node.Name.Length)), 4)] },
        7 => snapshot with { Nodes = [snapshot.Nodes[0] with { Devices = [.. snapshot.Nodes[0].Devices.SkipLast(1)] }, .. snapshot.Nodes.Skip(1)] },
        8 => snapshot with { Nodes = [snapshot.Nodes[0] with { Taints = [new Taint("team", "red")] }, .. snapshot.Nodes.Skip(1)] },
        9 => snapshot with { Nodes = [snapshot.Nodes[0] with { Labels = new Dictionary<string, string> { ["zone"] = "b" }, Taints = [] }, .. snapshot.Nodes.Skip(1)] },
        _ => snapshot,
    };
}
