using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Simulation;

/// <summary>One job on its way through a <see cref="VirtualCluster"/>.</summary>
/// <param name="wish">As the scheduler is told of it, without its duration.</param>
internal sealed class VirtualJob(SimulatedJob job, int index, PendingJob wish)
{
    private readonly List<SimulatedRun> runs = [];
    private readonly int wantedTasks = wish.Roles.Sum(role => role.Max);
    private readonly Dictionary<string, ResourceVector> each = wish.Roles.ToDictionary(role => role.Role, role => role.Each);
    private TimeSpan started;

    /// <summary>Work left, in time with all of the tasks that it wants.</summary>
    private TimeSpan left = job.Duration;

    public JobId Id => Wish.Standing.Id;

    public SimulatedJob Job => job;

    /// <summary>Place in the trace.</summary>
    public int Index => index;

    public PendingJob Wish { get; private set; } = wish;

    /// <summary>Null while it has no machines.</summary>
    public RunningJob? Running { get; private set; }

    public bool IsElastic { get; } = wish.Roles.Any(role => role.Max > role.Min);

    public bool MayGrow => IsElastic && Running is { } held && held.Places.Count < wantedTasks;

    /// <summary>Counts starts and stops: an end that was planned for an earlier attempt never comes.</summary>
    public int Attempt { get; private set; }

    public TimeSpan? Ended { get; private set; }

    public int Evictions { get; private set; }

    /// <summary>Kept from attempt to attempt.</summary>
    public DateTimeOffset? MovedAt { get; private set; }

    public SimulatedOutcome Outcome => new(job, Ended, runs, Evictions);

    /// <summary>The job gets these machines; returns when it will have done its work on them.</summary>
    public TimeSpan Start(string cluster, string? accelerator, IReadOnlyList<TaskPlacement> tasks, TimeSpan now)
    {
        Attempt++;
        started = now;
        Running = new RunningJob(Wish.Standing, cluster, [.. tasks.Select(task => new HeldPlace(task.Node, each[task.Role], task.Devices) { Role = task.Role })])
        {
            Accelerator = accelerator,
            Preemptible = Wish.Preemptible,
            StartedAt = VirtualCluster.At(now),
            MaxDuration = Wish.MaxDuration,

            // It saves its work when it is told to stop, whenever that is: what an eviction costs depends on its size alone.
            CheckpointedAt = DateTimeOffset.MaxValue,
            Roles = Wish.Roles,
            Topology = Wish.Topology,
            MovedAt = MovedAt,
        };

        // With half of the tasks it takes twice as long.
        return now + TimeSpan.FromTicks((long)((((Int128)left.Ticks * wantedTasks) + tasks.Count - 1) / tasks.Count));
    }

    /// <summary>Another job gets its machines. It saves its work, and does some of it again.</summary>
    public void Evict(EvictionCause cause, TimeSpan now)
    {
        Stop(now);
        Wish = Wish with { WasEvicted = cause is EvictionCause.Level or EvictionCause.Reclaim };
        left += job.DoneAgain;
        Evictions++;
    }

    /// <summary>It goes on at another size, or elsewhere, as after an eviction; returns when it will have done its work.</summary>
    public TimeSpan Resize(PlannedResize resize, TimeSpan now)
    {
        if (resize.IsMove) MovedAt = VirtualCluster.At(now);
        var before = Running!;
        Stop(now);
        left += job.DoneAgain;
        return Start(before.Cluster, before.Accelerator, resize.Tasks, now);
    }

    public void End(TimeSpan now)
    {
        Stop(now);
        Ended = now;
    }

    private void Stop(TimeSpan now)
    {
        var held = Running!;
        Attempt++;
        left -= TimeSpan.FromTicks(Math.Min(left.Ticks, (long)((Int128)(now - started).Ticks * held.Places.Count / wantedTasks)));
        runs.Add(new SimulatedRun(started, now, held.Places.Sum(place => place.Taken.MilliDevices)));
        Running = null;
        Wish = Wish with { Standing = Wish.Standing with { Served = Wish.Standing.Served + (now - started) } };
    }
}
