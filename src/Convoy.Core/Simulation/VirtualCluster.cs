using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Simulation;

/// <summary>
/// A trace under the production scheduler and a virtual clock: the same <see cref="Scheduler"/>, asked whenever a job arrives or
/// ends, and at every instant at which time alone may change a decision. It is told no durations. All of its plans are carried out:
/// an evicted job keeps its work and does some again, as the textbook policies' jobs do, and one that changes its size, or moves, likewise.
/// </summary>
public sealed class VirtualCluster
{
    private const string Cluster = "trace";

    /// <summary>Plans at one instant before it is certain that the scheduler does not come to rest (guarantee 8).</summary>
    private const int MaxRounds = 10_000;

    private readonly Node[] nodes;
    private readonly SchedulingPolicy policy;
    private readonly Planner planner;
    private readonly QueueTree queues;
    private readonly UsageAccounts usage;
    private readonly Dictionary<JobId, VirtualJob> pending = [];
    private readonly Dictionary<JobId, VirtualJob> running = [];
    private readonly PriorityQueue<(VirtualJob Job, int Attempt), (TimeSpan At, int Order)> ends = new();
    private IReadOnlyDictionary<JobId, PlannedReservation> promised = new Dictionary<JobId, PlannedReservation>();
    private TimeSpan lostGpuTime;

    private VirtualCluster(IReadOnlyList<SimulatedNode> machines, SchedulingPolicy policy, Planner planner, TimeSpan begin)
    {
        this.policy = policy;
        this.planner = planner;
        queues = QueueTree.Of(policy.Queues).Tree ?? QueueTree.Default;
        nodes =
        [
            .. machines.Select((machine, i) => new Node(
                Cluster, $"node-{i:D6}", NodeHealth.Ready, machine.CpuMillicores, machine.MemoryBytes, machine.Gpus == 0 ? null : machine.Accelerator, [.. Enumerable.Range(0, machine.Gpus)], true)
            {
                Topology = machine.Topology,
            }),
        ];
        usage = new UsageAccounts(FairShare.DefaultHalfLife, At(begin));
    }

    /// <param name="progress">Told at every instant how many jobs have ended, and the time in the trace.</param>
    /// <param name="planner">Instead of the scheduler.</param>
    /// <exception cref="Documents.BadFileException">The trace takes longer than can be simulated.</exception>
    public static SimulationResult Run(
        IReadOnlyList<SimulatedNode> machines, IReadOnlyList<SimulatedJob> jobs, SchedulingPolicy policy, Action<int, TimeSpan>? progress = null, Planner? planner = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(machines);
        ArgumentNullException.ThrowIfNull(jobs);
        var wishes = new TraceWishes(policy, machines.Select(machine => machine.Gpus).DefaultIfEmpty().Max());
        var order = jobs.Select((job, index) => (job, index)).OrderBy(each => each.job.Submit).ThenBy(each => each.index)
            .Select((each, sequence) => new VirtualJob(each.job, each.index, wishes.Of(each.job, sequence))).ToArray();
        var cluster = new VirtualCluster(machines, policy, planner ?? new Scheduler().PlanNext, order.Length == 0 ? TimeSpan.Zero : order[0].Job.Submit);
        cluster.Replay(order, progress, cancellation);
        return new SimulationResult(SimulationPolicy.Convoy, machines.Sum(machine => machine.Gpus), [.. order.OrderBy(job => job.Index).Select(job => job.Outcome)], cluster.lostGpuTime);
    }

    internal static DateTimeOffset At(TimeSpan sinceTraceBegan) => DateTimeOffset.UnixEpoch + sinceTraceBegan;

    private void Replay(VirtualJob[] order, Action<int, TimeSpan>? progress, CancellationToken cancellation)
    {
        // What the empty cluster cannot hold waits for ever.
        var feasibility = new Feasibility(nodes);
        var arrivals = new Queue<VirtualJob>(order.Where(job => feasibility.FitsEmpty(job.Wish)));
        var ended = 0;
        var now = TimeSpan.Zero;
        while (NextEnd() is var end && (end is not null || arrivals.Count > 0))
        {
            cancellation.ThrowIfCancellationRequested();
            var next = SimulatedTime.Earlier(end ?? TimeSpan.MaxValue, arrivals.Count > 0 ? arrivals.Peek().Job.Submit : TimeSpan.MaxValue);
            now = SimulatedTime.Checked(SimulatedTime.Earlier(next, NextChange(now)));
            while (NextEnd() <= now)
            {
                var job = ends.Dequeue().Job;
                Leave(job, now);
                job.End(now);
                ended++;
            }

            while (arrivals.Count > 0 && arrivals.Peek().Job.Submit <= now)
            {
                var job = arrivals.Dequeue();
                pending.Add(job.Id, job);
            }

            Plan(now);
            progress?.Invoke(ended, now);
        }
    }

    /// <summary>Until nothing more is to be done at this instant: machines that are given up are free at once.</summary>
    private void Plan(TimeSpan now)
    {
        for (var rounds = 0; pending.Count > 0 || running.Values.Any(job => job.MayGrow); rounds++)
        {
            if (rounds > MaxRounds) throw new InvalidOperationException($"the scheduler does not come to rest {now} after the trace began");
            var plan = planner(Snapshot(now), policy, At(now));
            promised = plan.Promises(At(now));
            foreach (var eviction in plan.Evictions) Evict(running[eviction.Victim], eviction.Cause, now);
            foreach (var resize in plan.Resizes) Resize(running[resize.Job], resize, now);
            foreach (var gang in plan.Gangs.Where(gang => !plan.MustWait(gang.Job))) Start(pending[gang.Job], gang, now);
            if (plan.Evictions.Count == 0 && plan.Resizes.All(resize => resize.For.Count == 0)) return;
        }
    }

    private ClusterSnapshot Snapshot(TimeSpan now)
    {
        var shares = usage.Shares(queues, nodes, At(now));
        return new ClusterSnapshot(
            0,
            nodes,
            [.. pending.Values.Select(job => promised.TryGetValue(job.Id, out var promise) ? job.Wish with { Promised = promise } : job.Wish)],
            [.. running.Values.Select(job => job.Running!)])
        {
            QueueShares = shares.Queues,
            UserShares = shares.Users,
        };
    }

    private void Start(VirtualJob job, PlannedGang gang, TimeSpan now)
    {
        pending.Remove(job.Id);
        Run(job, job.Start(gang.Cluster, gang.Accelerator, gang.Tasks, now));
    }

    private void Evict(VirtualJob job, EvictionCause cause, TimeSpan now)
    {
        Leave(job, now);
        job.Evict(cause, now);
        lostGpuTime += job.Job.LostGpuTime;
        pending.Add(job.Id, job);
    }

    private void Resize(VirtualJob job, PlannedResize resize, TimeSpan now)
    {
        Leave(job, now);
        lostGpuTime += job.Job.LostGpuTime;
        Run(job, job.Resize(resize, now));
    }

    private void Run(VirtualJob job, TimeSpan end)
    {
        running.Add(job.Id, job);
        usage.Charge(AttemptUsage.Of(job.Running!, job.Attempt, null));
        ends.Enqueue((job, job.Attempt), (end, job.Index));
    }

    private void Leave(VirtualJob job, TimeSpan now)
    {
        running.Remove(job.Id);
        usage.End(AttemptUsage.Of(job.Running!, job.Attempt, At(now)));
    }

    private TimeSpan? NextEnd()
    {
        while (ends.TryPeek(out var end, out var at))
        {
            if (end.Job.Attempt == end.Attempt) return at.At;
            ends.Dequeue();
        }

        return null;
    }

    /// <summary>
    /// The next instant at which time alone may change a decision: a job has run so long that it may be evicted, moved or grow, has come into
    /// another band of attained service, or has outstayed its expected end; or has waited so long that it is promised machines.
    /// </summary>
    private TimeSpan NextChange(TimeSpan now)
    {
        var next = TimeSpan.MaxValue;
        if (pending.Count == 0 && !running.Values.Any(job => job.MayGrow)) return next;
        foreach (var job in running.Values)
        {
            var held = job.Running!;
            var standing = held.Standing;
            var ran = At(now) - held.StartedAt;
            After(policy.LevelOf(standing).MinRunTime - ran);
            if (job.MayGrow || policy.MovesJobs) After(policy.MinTimeBetweenSizes(standing) - ran);
            if (policy.MovesJobs && held.MovedAt is { } moved) After(moved + policy.MinTimeBetweenMoves - At(now));
            if (queues.OrderingOf(queues.IdOf(standing.Queue)) == QueueOrdering.Las)
            {
                After(policy.MinServedTime - ran);
                After(AttainedBands.UntilNextBand(standing.Served + ran, held.Devices));
            }

            var expected = held.MaxDuration ?? policy.UsualDuration;
            while (expected > TimeSpan.Zero && expected <= ran) expected *= 2;
            After(expected - ran);
        }

        foreach (var job in pending.Values) After(job.Job.Submit + policy.AgeBound - now);
        return next;

        void After(TimeSpan wait)
        {
            if (wait > TimeSpan.Zero) next = SimulatedTime.Earlier(next, now + wait);
        }
    }
}
