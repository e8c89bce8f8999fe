using System.Diagnostics;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Bench.Scheduling;

/// <summary>How fast plans are made, on clusters of several sizes that are nine tenths full.</summary>
internal static class SpeedTable
{
    /// <summary>Of victims, that are measured; as many before them are not: only after some dozens is their code optimised.</summary>
    private const int Searches = 100;

    private const int Queues = 30;

    public static void Print(TextWriter to, int[] sizes)
    {
        to.WriteLine($"CPU: {Cpu()}; .NET {Environment.Version}; one core, in process.");
        to.WriteLine();
        Print(to, sizes, _ => new SchedulingPolicy(Level.Defaults));
        to.WriteLine();
        to.WriteLine($"The same in {Queues} queues of equal nominal that borrow from each other:");
        to.WriteLine();
        Print(to, sizes, nodes => new SchedulingPolicy(Level.Defaults)
        {
            Queues = [.. Enumerable.Range(0, Queues).Select(queue => new QueueSpec($"q{queue}") { Quotas = new Dictionary<string, Quota> { ["H100-80G"] = new(nodes * Churn.DevicesPerNode / Queues) } })],
        });
    }

    private static void Print(TextWriter to, int[] sizes, Func<int, SchedulingPolicy> policyOf)
    {
        to.WriteLine("| nodes | running jobs | 1-pod placements/s | 8-pod gangs/s | p50 cycle ms | p99 cycle ms | p99 preemption ms | cold plan, 10 000 gangs, s | memory MB |");
        to.WriteLine("|---|---|---|---|---|---|---|---|---|");
        Row(1000, policyOf(1000));
        foreach (var size in sizes) to.WriteLine(Row(size, policyOf(size)));
    }

    private static string Row(int nodes, SchedulingPolicy policy)
    {
        var cold = Cold(nodes, policy);
        var before = GC.GetTotalMemory(true);
        var churn = new Churn(nodes);
        var planner = new Scheduler();
        Fill(churn, planner, policy);
        var pods = Rate(churn, planner, policy, tasks: 1, count: Math.Min(nodes / 2, 5000));
        var gangs = Rate(churn, planner, policy, tasks: 8, count: Math.Min(nodes / 20, 1000));
        var (p50, p99) = Cycles(churn, planner, policy);
        var memory = (GC.GetTotalMemory(true) - before) >> 20;
        var jobs = churn.Running;
        var preemption = Preemption(churn, planner, policy);
        GC.KeepAlive(planner);
        return $"| {nodes} | {jobs} | {pods:0} | {gangs:0} | {p50:0.0} | {p99:0.0} | {preemption:0.0} | {cold:0.00} | {memory} |";
    }

    private static void Fill(Churn churn, Scheduler planner, SchedulingPolicy policy)
    {
        var want = churn.Nodes.Count * Churn.DevicesPerNode * 9 / 10;
        int[] sizes = [1, 1, 1, 2, 2, 4, 8];
        for (var (held, i) = (0, 0); held < want; i++)
        {
            var tasks = i % 20 == 0 ? 8 : 1;
            var gpus = tasks == 8 ? 8 : sizes[i % sizes.Length];
            if (held + (tasks * gpus) > want) (tasks, gpus) = (1, 1);
            churn.Submit(tasks, gpus, queue: QueueOf(i));
            held += tasks * gpus;
        }

        churn.Apply(planner.PlanNext(churn.Snapshot(), policy, churn.Now));
        churn.Cancel();
    }

    /// <summary>Placements a second where so many jobs of one kind come at once, planning included and nothing else.</summary>
    private static double Rate(Churn churn, Scheduler planner, SchedulingPolicy policy, int tasks, int count)
    {
        var (placed, watch) = (0, new Stopwatch());
        for (var round = 0; round < 8; round++)
        {
            churn.End(count * tasks / 2);
            planner.PlanNext(churn.Snapshot(), policy, churn.Now);
            for (var i = 0; i < count; i++) churn.Submit(tasks, 1, topology: tasks == 1 ? null : new TopologyWish(TopologyLevel.Rack, false), queue: QueueOf(i));
            if (round > 1) watch.Start();
            var plan = planner.PlanNext(churn.Snapshot(), policy, churn.Now);
            watch.Stop();
            if (round > 1) placed += plan.Gangs.Count;
            churn.Apply(plan);
            churn.Cancel();
            churn.Pass(TimeSpan.FromSeconds(1));
        }

        return placed / watch.Elapsed.TotalSeconds;
    }

    private static (double P50, double P99) Cycles(Churn churn, Scheduler planner, SchedulingPolicy policy)
    {
        var changes = Math.Min(500, churn.Nodes.Count / 4);
        var took = new List<double>();
        for (var round = 0; round < 110; round++)
        {
            churn.End(changes);
            for (var i = 0; i < changes; i++) churn.Submit(i % 50 == 0 ? 4 : 1, (i % 3) switch { 0 => 1, 1 => 2, _ => 4 }, queue: QueueOf(i));
            var watch = Stopwatch.StartNew();
            var plan = planner.PlanNext(churn.Snapshot(), policy, churn.Now);
            if (round >= 10) took.Add(watch.Elapsed.TotalMilliseconds);
            churn.Apply(plan);
            churn.Cancel();
            churn.Pass(TimeSpan.FromSeconds(1));
        }

        took.Sort();
        return (took[took.Count / 2], took[^1]);
    }

    /// <summary>A gang of a higher level arrives on a full cluster.</summary>
    private static double Preemption(Churn churn, Scheduler planner, SchedulingPolicy policy)
    {
        while (churn.DevicesHeld < churn.Nodes.Count * Churn.DevicesPerNode)
        {
            for (var i = churn.DevicesHeld; i < churn.Nodes.Count * Churn.DevicesPerNode; i++) churn.Submit(1, 1, queue: QueueOf(i));
            churn.Apply(planner.PlanNext(churn.Snapshot(), policy, churn.Now));
            churn.Cancel();
        }

        churn.Pass(TimeSpan.FromHours(1));
        var took = new List<double>();
        for (var i = 0; i < 2 * Searches; i++)
        {
            churn.Submit(1 << (i % 4), 8, "senior", queue: QueueOf(i));
            var watch = Stopwatch.StartNew();
            var plan = planner.PlanNext(churn.Snapshot(), policy, churn.Now);
            if (i >= Searches) took.Add(watch.Elapsed.TotalMilliseconds);
            if (plan.Evictions.Count == 0) throw new InvalidOperationException("nobody was evicted");
            churn.Cancel();
        }

        took.Sort();
        return took[^1];
    }

    private static double Cold(int nodes, SchedulingPolicy policy)
    {
        var churn = new Churn(nodes);
        for (var i = 0; i < 10_000; i++) churn.Submit(2 + (i % 3), (i % 4) switch { 0 => 1, 1 => 2, 2 => 4, _ => 8 }, queue: QueueOf(i));
        var snapshot = churn.Snapshot();
        var watch = Stopwatch.StartNew();
        Scheduler.Plan(snapshot, policy, churn.Now);
        return watch.Elapsed.TotalSeconds;
    }

    private static string QueueOf(int job) => $"q{job % Queues}";

    private static string Cpu() => File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
}
