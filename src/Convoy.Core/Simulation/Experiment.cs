using Convoy.Core.Resources;

namespace Convoy.Core.Simulation;

/// <summary>
/// A trace replayed on a virtual cluster under a textbook policy. Pure: the same input gives the same result. At one instant
/// ends are processed before arrivals; ties go by submission, then by place in the trace.
/// </summary>
public sealed class Experiment
{
    private readonly Pool pool;
    private readonly SimulationPolicy policy;
    private readonly Progress[] runs;
    private readonly PriorityQueue<Progress, (TimeSpan End, int Order)> ends = new();
    private readonly SortedSet<Progress> waiting;
    private readonly HashSet<Progress> running = [];
    private TimeSpan lostGpuTime;

    private Experiment(IReadOnlyList<SimulatedNode> nodes, IReadOnlyList<SimulatedJob> jobs, SimulationPolicy policy)
    {
        pool = new Pool(nodes);
        this.policy = policy;
        runs = [.. jobs.Select((job, index) => (job, index)).OrderBy(each => each.job.Submit).ThenBy(each => each.index)
            .Select((each, order) => new Progress(each.job, each.index, order))];
        waiting = new SortedSet<Progress>(Comparer<Progress>.Create((x, y) =>
        {
            var byLength = policy == SimulationPolicy.Sjf ? x.Job.Duration.CompareTo(y.Job.Duration)
                : policy == SimulationPolicy.Srtf ? x.Left.CompareTo(y.Left) : 0;
            return byLength == 0 ? x.Order.CompareTo(y.Order) : byLength;
        }));
    }

    /// <param name="progress">Told at every instant how many jobs have ended, and the time in the trace.</param>
    public static SimulationResult Run(IReadOnlyList<SimulatedNode> nodes, IReadOnlyList<SimulatedJob> jobs, SimulationPolicy policy, Action<int, TimeSpan>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(jobs);
        if (policy == SimulationPolicy.Convoy) throw new ArgumentException("Convoy is no textbook policy", nameof(policy));
        var experiment = new Experiment(nodes, jobs, policy);
        experiment.Go(progress, cancellation);
        return new SimulationResult(policy, experiment.pool.Gpus,
            [.. experiment.runs.OrderBy(run => run.Index).Select(run => new SimulatedOutcome(run.Job, run.Ended, run.Runs, run.Evictions))], experiment.lostGpuTime);
    }

    private void Go(Action<int, TimeSpan>? progress, CancellationToken cancellation)
    {
        // What the empty cluster cannot hold would block the queue for ever.
        var arrivals = new Queue<Progress>(runs.Where(run => pool.Find(run.Job, pool.Free) is not null));
        var ended = 0;
        while (NextEnd() is var nextEnd && (nextEnd is not null || arrivals.Count > 0))
        {
            cancellation.ThrowIfCancellationRequested();
            var now = SimulatedTime.Checked(SimulatedTime.Earlier(nextEnd ?? TimeSpan.MaxValue, arrivals.Count > 0 ? arrivals.Peek().Job.Submit : TimeSpan.MaxValue));
            while (NextEnd() <= now)
            {
                var run = ends.Dequeue();
                Leave(run, now);
                run.Ended = now;
                ended++;
            }

            while (arrivals.Count > 0 && arrivals.Peek().Job.Submit <= now) waiting.Add(arrivals.Dequeue());
            if (policy == SimulationPolicy.Srtf) ByRemainingTime(now);
            else InOrder(now);
            progress?.Invoke(ended, now);
        }
    }

    /// <summary>The earliest end of a running job; entries of jobs that were evicted meanwhile are dropped on the way.</summary>
    private TimeSpan? NextEnd()
    {
        while (ends.TryPeek(out var run, out var end))
        {
            if (run.Places is not null && run.Ends == end.End) return end.End;
            ends.Dequeue();
        }

        return null;
    }

    private void InOrder(TimeSpan now)
    {
        while (waiting.Min is { } head)
        {
            if (pool.Find(head.Job, pool.Free) is not { } places)
            {
                if (policy == SimulationPolicy.Easy) Backfill(head, now);
                return;
            }

            Start(head, places, now);
        }
    }

    /// <summary>A later job may start if it ends by the time reserved for the first, or fits beside the reservation on every node.</summary>
    private void Backfill(Progress head, TimeSpan now)
    {
        var then = (ResourceVector[])pool.Free.Clone();
        Share[]? reserved = null;
        var reservedAt = now;
        var byEnd = running.OrderBy(run => run.Ends).ThenBy(run => run.Order).ToArray();
        for (var i = 0; i < byEnd.Length; i++)
        {
            foreach (var place in byEnd[i].Places!) then[place.Node] += place.Taken;
            reservedAt = byEnd[i].Ends;

            // Jobs that end together free their machines together.
            if (i + 1 < byEnd.Length && byEnd[i + 1].Ends <= reservedAt) continue;
            reserved = pool.Find(head.Job, then);
            if (reserved is not null) break;
        }

        if (reserved is null) return;
        foreach (var place in reserved) then[place.Node] -= place.Taken;
        foreach (var later in waiting.Skip(1).ToArray())
        {
            if (pool.Find(later.Job, pool.Free) is not { } places) continue;
            var endsBefore = now + later.Left <= reservedAt;
            if (!endsBefore)
            {
                foreach (var place in places) then[place.Node] -= place.Taken;
                if (places.Any(place => !default(ResourceVector).FitsIn(then[place.Node])))
                {
                    foreach (var place in places) then[place.Node] += place.Taken;
                    continue;
                }
            }

            Start(later, places, now);
        }
    }

    /// <summary>The jobs with the least left that fit a quota of all devices run; running ones that fell out make room first.</summary>
    private void ByRemainingTime(TimeSpan now)
    {
        foreach (var run in running) run.Left = run.Ends - now;
        var quota = pool.Gpus;
        var chosen = new List<Progress>();
        foreach (var run in waiting.Concat(running).OrderBy(run => run.Left).ThenBy(run => run.Order).ToArray())
        {
            if (run.Job.WholeGpus > quota) continue;
            quota -= run.Job.WholeGpus;
            chosen.Add(run);
        }

        foreach (var run in running.Except(chosen).OrderBy(run => run.Order).ToArray())
        {
            Leave(run, now);
            run.Left += run.Job.DoneAgain;
            run.Evictions++;
            lostGpuTime += run.Job.LostGpuTime;
            waiting.Add(run);
        }

        foreach (var run in chosen.Where(run => run.Places is null))
        {
            if (pool.Find(run.Job, pool.Free) is { } places) Start(run, places, now);
        }
    }

    private void Start(Progress run, Share[] places, TimeSpan now)
    {
        waiting.Remove(run);
        pool.Take(places);
        run.Places = places;
        run.Started = now;
        run.Ends = now + run.Left;
        running.Add(run);
        ends.Enqueue(run, (run.Ends, run.Order));
    }

    private void Leave(Progress run, TimeSpan now)
    {
        pool.Give(run.Places!);
        run.Places = null;
        run.Runs.Add(new SimulatedRun(run.Started, now, run.Job.MilliGpus));
        running.Remove(run);
    }

    /// <summary>One job on its way; <see cref="Left"/> does not change while it is in the waiting set, which is ordered by it.</summary>
    private sealed class Progress(SimulatedJob job, int index, int order)
    {
        public SimulatedJob Job => job;

        public int Index => index;

        public int Order => order;

        public TimeSpan Left { get; set; } = job.Duration;

        public Share[]? Places { get; set; }

        public TimeSpan Started { get; set; }

        public TimeSpan Ends { get; set; }

        public TimeSpan? Ended { get; set; }

        public List<SimulatedRun> Runs { get; } = [];

        public int Evictions { get; set; }
    }
}
