using System.Diagnostics;
using System.Globalization;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Bench.Scheduling;

/// <summary>Shapes on which others have published how fast they are. Their machines are others, and they start pods through an API server.</summary>
internal static class PublishedShapes
{
    private const string Accelerator = "H100-80G";
    private static readonly SchedulingPolicy Plain = new(Level.Defaults);

    private static readonly (string Shape, string Published, string Source, Func<string> Measure)[] Shapes =
    [
        ("50 000 pods on 5 000 nodes", "kube-scheduler 810 pods/s", "kubernetes, scheduler_perf", () => Pods(nodes: 5_000, pods: 50_000, gpus: 0)),
        ("40 000 pods with a device each on 5 000 nodes", "kube-scheduler, extended resources: 180 pods/s", "kubernetes, scheduler_perf", () => Pods(nodes: 5_000, pods: 40_000, gpus: 1)),
        ("50 000 pods on 2 000 nodes", "YuniKorn 204 pods/s", "yunikorn.apache.org, Evaluate YuniKorn Performance with Kubemark", () => Pods(nodes: 2_000, pods: 50_000, gpus: 0)),
        ("15 000 workloads in 30 queues", "Kueue 351 s, runs included", "kueue, test/performance/scheduler", () => Workloads(queues: 30, workloads: 15_000)),
        ("50 000 workloads in 1 000 queues", "Kueue 1179 s, runs included", "kueue, pull request 11422", () => Workloads(queues: 1_000, workloads: 50_000)),
        ("reclaim of 4 000 of 8 000 devices on 1 000 nodes", "KAI 76 s", "KAI-Scheduler, scale tests", Reclaim),
    ];

    public static void Print(TextWriter to)
    {
        to.WriteLine("| shape | Convoy, one core, planning alone | published, other hardware, end to end | source |");
        to.WriteLine("|---|---|---|---|");
        foreach (var (shape, published, source, measure) in Shapes) to.WriteLine($"| {shape} | {measure()} | {published} | {source} |");
    }

    /// <summary>They come by the thousand, each thousand in one plan.</summary>
    private static string Pods(int nodes, int pods, int gpus)
    {
        var (churn, planner, watch, started) = (new Churn(nodes), new Scheduler(), new Stopwatch(), 0);
        planner.PlanNext(churn.Snapshot(), Plain, churn.Now);
        while (started < pods)
        {
            for (var i = 0; i < 1000; i++) churn.Submit(1, gpus);
            var plan = Timed(watch, churn, planner, Plain);
            churn.Apply(plan);
            started += plan.Gangs.Count;
            if (plan.Gangs.Count == 0) throw new InvalidOperationException("the cluster is full");
        }

        return Text($"{started / watch.Elapsed.TotalSeconds:N0} pods/s");
    }

    /// <summary>
    /// As in Kueue's test: cohorts of queues with a nominal of 20 that may borrow 100; of 10 workloads 7 take 1 device for 0.2 s, 2 take 5 for
    /// 0.5 s and 1 takes 20 for 1 s. All are there at the start; a plan is made every 0.1 s of virtual time.
    /// </summary>
    private static string Workloads(int queues, int workloads)
    {
        var cohorts = queues / 6;
        var policy = Plain with
        {
            Queues =
            [
                .. Enumerable.Range(0, cohorts).Select(cohort => new QueueSpec($"cohort{cohort}") { Quotas = Nominal(20 * queues / cohorts, 0) }),
                .. Enumerable.Range(0, queues).Select(queue => new QueueSpec($"queue{queue}", $"cohort{queue % cohorts}") { Quotas = Nominal(20, 100) }),
            ],
        };
        var (churn, planner, watch, plans) = (new Churn((20 * queues / Churn.DevicesPerNode) + 1), new Scheduler(), new Stopwatch(), 0);
        for (var i = 0; i < workloads; i++) churn.Submit((i % 10) switch { < 7 => 1, < 9 => 5, _ => 20 }, 1, queue: $"queue{(i / 10) % queues}");
        var from = churn.Now;
        for (; churn.Pending.Count > 0; plans++)
        {
            churn.Apply(Timed(watch, churn, planner, policy));
            churn.Pass(TimeSpan.FromSeconds(0.1));
            churn.EndWhere(job => churn.Now - job.StartedAt >= TimeSpan.FromSeconds(job.Devices switch { 1 => 0.2, 5 => 0.5, _ => 1 }));
        }

        return Text($"{watch.Elapsed.TotalSeconds:N1} s of planning in {plans} plans; all have started after {(churn.Now - from).TotalSeconds:N0} virtual seconds");
    }

    /// <summary>Every device is held by a borrower; who has a right to half of them comes with as many jobs of one device, and all are planned for at once.</summary>
    private static string Reclaim()
    {
        const int Nodes = 1000;
        const int Right = Nodes * Churn.DevicesPerNode / 2;
        var policy = Plain with { Queues = [new QueueSpec("borrower") { Quotas = Nominal(Right, null) }, new QueueSpec("owner") { Quotas = Nominal(Right, null) }] };
        var (churn, planner, watch) = (new Churn(Nodes), new Scheduler(), new Stopwatch());
        for (var i = 0; i < 2 * Right; i++) churn.Submit(1, 1, queue: "borrower");
        churn.Apply(planner.PlanNext(churn.Snapshot(), policy, churn.Now));
        churn.Pass(TimeSpan.FromHours(1));
        for (var i = 0; i < Right; i++) churn.Submit(1, 1, queue: "owner");
        var plan = Timed(watch, churn, planner, policy);
        return Text($"{watch.Elapsed.TotalSeconds:N2} s, {plan.Evictions.Count} evictions in one plan");
    }

    private static Dictionary<string, Quota> Nominal(int nominal, int? borrow) => new() { [Accelerator] = new Quota(nominal, borrow) };

    private static Plan Timed(Stopwatch watch, Churn churn, Scheduler planner, SchedulingPolicy policy)
    {
        var snapshot = churn.Snapshot();
        watch.Start();
        var plan = planner.PlanNext(snapshot, policy, churn.Now);
        watch.Stop();
        return plan;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
