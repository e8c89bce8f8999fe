using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Simulation;

/// <summary>
/// A trace under the production scheduler and a virtual clock: the same <see cref="Scheduler"/>, asked whenever a job arrives,
/// ends, or has run long enough to be evicted by an equal. It is told no durations. An evicted job keeps its work and does some
/// again, as the textbook policies' jobs do.
/// </summary>
public sealed class VirtualCluster
{
    private const string Cluster = "trace";
    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch;

    private readonly Node[] nodes;
    private readonly SchedulingPolicy policy;
    private readonly Dictionary<JobId, Life> lives = [];
    private readonly Dictionary<JobId, PendingJob> pending = [];
    private readonly Dictionary<JobId, RunningJob> running = [];
    private readonly PriorityQueue<(Life Life, int Attempt), (TimeSpan At, int Order)> ends = new();
    private readonly SortedSet<TimeSpan> alarms = [];
    private TimeSpan lostGpuTime;

    private VirtualCluster(IReadOnlyList<SimulatedNode> machines, SchedulingPolicy policy)
    {
        this.policy = policy;
        nodes = [.. machines.Select((machine, i) => new Node(Cluster, $"node-{i:D6}", NodeHealth.Ready, 1L << 40, 1L << 50, machine.Gpus == 0 ? null : machine.Accelerator, [.. Enumerable.Range(0, machine.Gpus)], true))];
    }

    /// <param name="progress">Told the number of jobs that have ended, now and then.</param>
    public static SimulationResult Run(IReadOnlyList<SimulatedNode> machines, IReadOnlyList<SimulatedJob> jobs, SchedulingPolicy policy, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(machines);
        ArgumentNullException.ThrowIfNull(jobs);
        var cluster = new VirtualCluster(machines, policy);
        var all = cluster.Replay(machines, jobs, progress, cancellation);
        return new SimulationResult(SimulationPolicy.Convoy, machines.Sum(machine => machine.Gpus),
            [.. all.Select(life => new SimulatedOutcome(life.Job, life.FirstStart, life.Ended, life.Ran, life.Evictions))], cluster.lostGpuTime);
    }

    private Life[] Replay(IReadOnlyList<SimulatedNode> machines, IReadOnlyList<SimulatedJob> jobs, Action<int>? progress, CancellationToken cancellation)
    {
        var largest = machines.Max(machine => machine.Gpus);
        var all = jobs.Select((job, index) => new Life(job, index)).ToArray();
        var order = all.OrderBy(life => life.Job.Submit).ThenBy(life => life.Index).ToArray();
        for (var i = 0; i < order.Length; i++) order[i].Wish = Wish(order[i].Job, i, largest);

        // What the empty cluster cannot hold waits for ever.
        var arrivals = new Queue<Life>(order.Where(life => Feasibility.FitsEmpty(new ClusterSnapshot(0, nodes, [], []), life.Wish!)));
        var ended = 0;
        while (NextEnd() is var end && (end is not null || arrivals.Count > 0))
        {
            cancellation.ThrowIfCancellationRequested();
            var now = Earlier(Earlier(end ?? TimeSpan.MaxValue, arrivals.Count > 0 ? arrivals.Peek().Job.Submit : TimeSpan.MaxValue), alarms.Count > 0 ? alarms.Min : TimeSpan.MaxValue);
            alarms.Remove(now);
            while (NextEnd() <= now)
            {
                var life = ends.Dequeue().Life;
                Leave(life, now);
                life.Ended = now;
                if (++ended % 100 == 0) progress?.Invoke(ended);
            }

            while (arrivals.Count > 0 && arrivals.Peek().Job.Submit <= now)
            {
                var life = arrivals.Dequeue();
                lives.Add(life.Wish!.Standing.Id, life);
                pending.Add(life.Wish.Standing.Id, life.Wish);
            }

            Plan(now);
        }

        progress?.Invoke(ended);
        return all;
    }

    /// <summary>Until nothing more is to be done at this instant: machines of victims are free at once.</summary>
    private void Plan(TimeSpan now)
    {
        while (pending.Count > 0)
        {
            var plan = Scheduler.Plan(new ClusterSnapshot(0, nodes, [.. pending.Values], [.. running.Values.Select(job => job with { CheckpointedAt = Epoch + now })]), policy, Epoch + now);
            foreach (var eviction in plan.Evictions) Evict(lives[eviction.Victim], now);
            var waitFor = plan.Evictions.Select(eviction => eviction.For).ToHashSet();
            foreach (var gang in plan.Gangs.Where(gang => !waitFor.Contains(gang.Job))) Start(lives[gang.Job], gang, now);
            if (plan.Evictions.Count == 0) return;
        }
    }

    private void Start(Life life, PlannedGang gang, TimeSpan now)
    {
        var wish = life.Wish!;
        pending.Remove(wish.Standing.Id);
        var each = wish.Roles.ToDictionary(role => role.Role, role => role.Each);
        running.Add(wish.Standing.Id, new RunningJob(wish.Standing, Cluster, [.. gang.Tasks.Select(task => new HeldPlace(task.Node, each[task.Role], task.Devices))]) { StartedAt = Epoch + now, Preemptible = wish.Preemptible });
        life.Started = now;
        life.FirstStart ??= now;
        life.Attempt++;
        ends.Enqueue((life, life.Attempt), (now + life.Left, life.Index));
        alarms.Add(now + policy.MinServedTime);
    }

    private void Evict(Life life, TimeSpan now)
    {
        var again = TimeSpan.FromSeconds(life.Job.TotalGpus switch { 1 => 7, <= 8 => 30, _ => 60 });
        life.Left -= now - life.Started;
        life.Left += again;
        life.Evictions++;
        lostGpuTime += again * life.Job.TotalGpus;
        Leave(life, now);
        life.Wish = life.Wish! with { Standing = life.Wish.Standing with { Served = life.Ran } };
        pending.Add(life.Wish.Standing.Id, life.Wish);
    }

    private void Leave(Life life, TimeSpan now)
    {
        running.Remove(life.Wish!.Standing.Id);
        life.Ran += now - life.Started;
        life.Attempt++;
    }

    private TimeSpan? NextEnd()
    {
        while (ends.TryPeek(out var end, out var at))
        {
            if (end.Life.Attempt == end.Attempt) return at.At;
            ends.Dequeue();
        }

        return null;
    }

    private static TimeSpan Earlier(TimeSpan x, TimeSpan y) => x < y ? x : y;

    /// <summary>At most one machine's devices are one task; more are tasks of whole machines, and the rest on another.</summary>
    private static PendingJob Wish(SimulatedJob job, int sequence, int largest)
    {
        RoleDemand Role(string name, int tasks, int gpus) => new(name, tasks, tasks, new ResourceVector(0, 0, gpus), job.Accelerators);
        RoleDemand[] roles = job.Nodes is { } count ? [Role("worker", count, job.Gpus)]
            : job.Gpus <= largest ? [Role("worker", 1, job.Gpus)]
            : job.Gpus % largest == 0 ? [Role("worker", job.Gpus / largest, largest)]
            : [Role("master", 1, job.Gpus % largest), Role("worker", job.Gpus / largest, largest)];
        return new PendingJob(new Standing(JobId.FromKey("trace", $"{sequence}"), "trace", "engineer", "default", JobPriority.Normal, sequence), 0, roles, ["any"], null);
    }

    private sealed class Life(SimulatedJob job, int index)
    {
        public SimulatedJob Job => job;

        public int Index => index;

        public PendingJob? Wish { get; set; }

        public TimeSpan Left { get; set; } = job.Duration;

        /// <summary>Counts starts and stops: an end that was planned for an earlier attempt never comes.</summary>
        public int Attempt { get; set; }

        public TimeSpan Started { get; set; }

        public TimeSpan? FirstStart { get; set; }

        public TimeSpan? Ended { get; set; }

        public TimeSpan Ran { get; set; }

        public int Evictions { get; set; }
    }
}
