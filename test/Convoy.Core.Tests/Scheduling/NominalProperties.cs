using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Guarantee 4, where every job takes one whole node, so that all is counting: three teams with nominal, and nodes enough or too few.</summary>
public sealed class NominalProperties
{
    private static readonly string[] Teams = ["red", "blue", "green"];
    private static readonly string[] Levels = ["intern", "engineer", "senior"];

    private static readonly Gen<(ClusterSnapshot Snapshot, SchedulingPolicy Policy, int[] Nominal)> Worlds4 =
        from nominal in Gen.Int[0, 3].Array[3]
        from extra in Gen.Int[0, 2]
        from running in Gen.Select(Gen.Int[0, 2], Gen.OneOf(Levels), Gen.Frequency((5, Gen.Const(true)), (1, Gen.Const(false)))).Array[0, 9]
        from pending in Gen.Select(Gen.Int[0, 2], Gen.OneOf(Levels), Gen.Frequency((5, Gen.Const(true)), (1, Gen.Const(false)))).Array[0, 8]
        select Of(nominal, nominal.Sum() + extra, running, pending);

    [Fact]
    public void Guarantee_4_A_queue_below_its_nominal_gets_it_whatever_others_have_borrowed() => Worlds4.Sample((snapshot, policy, nominal) =>
    {
        var plan = Scheduler.Plan(snapshot, policy, Worlds.Now);
        for (var team = 0; team < nominal.Length; team++)
        {
            var held = Staying(snapshot, plan, Teams[team]);
            var wants = snapshot.Pending.Any(job => job.Standing.Queue == Teams[team] && plan.Gangs.All(gang => gang.Job != job.Standing.Id));
            if (wants) held.ShouldBeGreaterThanOrEqualTo(nominal[team], $"{Teams[team]} wants more and has a right to it");
        }
    }, iter: 3_000);

    [Fact]
    public void Guarantee_4_What_a_queue_has_within_its_nominal_no_other_queue_takes() => Worlds4.Sample((snapshot, policy, nominal) =>
    {
        var plan = Scheduler.Plan(snapshot, policy, Worlds.Now);
        foreach (var eviction in plan.Evictions)
        {
            var victim = snapshot.Running.Single(job => job.Standing.Id == eviction.Victim).Standing.Queue;
            if (snapshot.Pending.Single(job => job.Standing.Id == eviction.For).Standing.Queue != victim) Staying(snapshot, plan, victim).ShouldBeGreaterThanOrEqualTo(nominal[Array.IndexOf(Teams, victim)]);
        }
    }, iter: 3_000);

    [Fact]
    public void Guarantee_4_Who_may_not_be_preempted_is_inside_nominal() => Worlds4.Sample((snapshot, policy, nominal) =>
    {
        var plan = Scheduler.Plan(snapshot, policy, Worlds.Now);
        for (var team = 0; team < nominal.Length; team++)
        {
            var held = snapshot.Running.Count(job => !job.Preemptible && job.Standing.Queue == Teams[team]);
            var started = snapshot.Pending.Count(job => !job.Preemptible && job.Standing.Queue == Teams[team] && plan.Gangs.Any(gang => gang.Job == job.Standing.Id));
            if (started > 0) (held + started).ShouldBeLessThanOrEqualTo(nominal[team]);
        }
    }, iter: 3_000);

    /// <summary>Jobs of a team once the plan is carried out.</summary>
    private static int Staying(ClusterSnapshot snapshot, Plan plan, string team) =>
        snapshot.Running.Count(job => job.Standing.Queue == team && plan.Evictions.All(eviction => eviction.Victim != job.Standing.Id))
        + snapshot.Pending.Count(job => job.Standing.Queue == team && plan.Gangs.Any(gang => gang.Job == job.Standing.Id));

    private static (ClusterSnapshot Snapshot, SchedulingPolicy Policy, int[] Nominal) Of(
        int[] nominal, int nodes, (int Team, string Level, bool Preemptible)[] running, (int Team, string Level, bool Preemptible)[] pending)
    {
        var policy = Worlds.Policy with { Queues = [.. Teams.Select((team, i) => new QueueSpec(team) { Quotas = new Dictionary<string, Quota> { ["A100-80G"] = new(8 * nominal[i]) } })] };
        var held = new List<RunningJob>();
        foreach (var (team, level, preemptible) in running.Take(nodes))
        {
            var fixedOnes = held.Count(job => !job.Preemptible && job.Standing.Queue == Teams[team]);
            held.Add(new RunningJob(StandingOf(held.Count, team, level), "local", [new HeldPlace($"n{held.Count}", new(1000, 0, 8), [.. Enumerable.Range(0, 8)])])
            {
                Preemptible = preemptible || fixedOnes >= nominal[team], StartedAt = Worlds.Now - TimeSpan.FromMinutes(held.Count), Accelerator = "A100-80G",
            });
        }

        var waiting = pending.Select((job, i) => Worlds.Pending(100 + i, 1, 8) with { Standing = StandingOf(100 + i, job.Team, job.Level), Preemptible = job.Preemptible }).ToArray();
        return (Worlds.Snapshot([.. Enumerable.Range(0, nodes).Select(i => Worlds.Node($"n{i}", 8))], waiting, [.. held]), policy, nominal);
    }

    private static Standing StandingOf(int sequence, int team, string level) => Worlds.Standing(sequence, $"{Teams[team]}-{level}", level) with { Queue = Teams[team] };
}
