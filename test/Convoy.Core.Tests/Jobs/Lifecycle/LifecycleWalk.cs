using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Jobs.Lifecycle;

/// <summary>A job, what has happened to it, and a cluster that does what it pleases with the job's tasks.</summary>
internal sealed class LifecycleWalk
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan BindTimeout = TimeSpan.FromMinutes(2);
    public static readonly JobId Other = JobId.Parse("jother000");

    private LifecycleWalk(JobSpec spec, string owner, string queue, int sequence)
    {
        Now = Start;
        Tell(new JobCommand.Submit(JobId.FromKey(owner, sequence == 1 ? "walk" : $"walk {sequence}"), owner, "engineer", queue, spec, sequence));
    }

    public Job Job { get; private set; } = null!;

    private Attempt? Attempted => Job.Attempts is [.., var last] ? last : null;

    public List<JobEvent> Events { get; } = [];

    public List<(JobPhase? From, JobEvent Event, JobPhase To)> Steps { get; } = [];

    public DateTimeOffset Now { get; private set; }

    public static JobSpec Spec(int tasks = 2, RecoverySpec? recovery = null, TimeSpan? maxDuration = null, bool preemptible = true, int gpus = 0, int most = 0) => new()
    {
        Name = "walk",
        Framework = most > tasks ? Framework.Pytorch : Framework.Command,
        Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Replicas = new(tasks, Math.Max(tasks, most)), Command = ["true"], Resources = new() { Gpu = gpus } } },
        Recovery = recovery ?? new(),
        Limits = new() { MaxDuration = maxDuration },
        Preemptible = preemptible,
    };

    public static LifecycleWalk Of(JobSpec? spec = null, string owner = "ann", string queue = "ann", int sequence = 1) => new(spec ?? Spec(), owner, queue, sequence);

    /// <summary>Random steps: most make sense, some do not.</summary>
    public static Gen<LifecycleWalk> Random { get; } =
        from tasks in Gen.Int[1, 3]
        from restarts in Gen.Int[0, 2]
        from codes in Gen.Int[1, 3].Array[0, 2]
        from limited in Gen.Bool
        from preemptible in Gen.Bool
        from more in Gen.Int[0, 2]
        from replace in Gen.Bool
        from steps in Gen.Select(Gen.Int[0, 18], Gen.Int[0, 3], Gen.Int[0, 4]).Array[1, 60]
        select Walked(Spec(tasks, new() { MaxRestarts = restarts, RetryExitCodes = codes, ReplaceFailedTasks = replace && more > 0 && restarts > 0 }, limited ? TimeSpan.FromMinutes(5) : null, preemptible, gpus: 1, most: tasks + more), steps);

    /// <summary>An elastic job gets one more than its least.</summary>
    public LifecycleWalk Assign(int more = 1) => Tell(new JobCommand.Assign(Job.Revision, "local", Job.Spec.Roles["worker"].Resources.Gpu > 0 ? "A100-80G" : null,
        [.. Enumerable.Range(0, Math.Min(Job.Spec.Roles["worker"].Replicas.Min + more, Job.Spec.Roles["worker"].Replicas.Max)).Select(rank => new TaskPlacement("worker", rank, rank, $"node-{rank}", []))]));

    /// <summary>The gang as it would be with another task.</summary>
    public TaskPlacement[] WithOneMore() => [.. Gang(), new TaskPlacement("worker", Gang().Length, Gang().Length, $"node-{Attempted?.Tasks.Count}", [])];

    /// <summary>The gang as it would be without the one in this place of it; by itself the last.</summary>
    public TaskPlacement[] Without(int? index = null) => [.. Gang().Where((_, i) => i != (index ?? Gang().Length - 1)).Select((task, rank) => task with { Rank = rank, RoleIndex = rank })];

    public LifecycleWalk Grow() => Tell(new JobCommand.Resize(Job.Revision, WithOneMore(), []));

    public LifecycleWalk Shrink(int? index = null) => Tell(new JobCommand.Resize(Job.Revision, Without(index), [Other]));

    public LifecycleWalk Started(params int[] ranks) => See(TaskState.Running, null, ranks);

    public LifecycleWalk Exited(int code, params int[] ranks) => See(TaskState.Exited, new TaskOutcome(code), ranks);

    public LifecycleWalk Stopped(params int[] ranks) => See(TaskState.Exited, new TaskOutcome(null, 15, Stopped: true), ranks);

    public LifecycleWalk Lost(params int[] ranks) => See(TaskState.Lost, null, ranks);

    public LifecycleWalk See(TaskState state, TaskOutcome? outcome, params int[] ranks) =>
        Tell(new JobCommand.Observe([.. ranks.Select(rank => new TaskObservation(Job.Id, Job.Attempts.Count, rank, state, Now, outcome))]));

    public LifecycleWalk After(TimeSpan time)
    {
        Now += time;
        return this;
    }

    public LifecycleWalk Tell(JobCommand command)
    {
        if (JobLifecycle.Decide(Job, command, Now) is not Decision.Accepted accepted) return this;
        foreach (var happened in accepted.Events)
        {
            var from = Job?.Phase;
            Job = JobLifecycle.Evolve(Job, happened);
            Events.Add(happened);
            Steps.Add((from, happened, Job.Phase));
        }

        Now += TimeSpan.FromSeconds(1);
        return this;
    }

    private TaskPlacement[] Gang() => [.. (Attempted?.Members ?? []).Select((task, rank) => task.Placement with { Rank = rank, RoleIndex = rank })];

    private static LifecycleWalk Walked(JobSpec spec, (int Kind, int Rank, int Code)[] steps)
    {
        var walk = Of(spec);
        foreach (var (kind, rank, code) in steps) walk.Step(kind, rank, code);
        return walk;
    }

    /// <summary>What these numbers mean; it may make no sense.</summary>
    public void Step(int kind, int rank, int code) => _ = kind switch
    {
        0 or 1 => Assign(),
        2 or 3 => Started(rank),
        4 or 5 => Exited(code is 4 ? 0 : code, rank),
        6 => Stopped(rank),
        7 => Lost(rank),
        8 => Tell(new JobCommand.Refuse(Job.Generation - (code == 0 ? 1 : 0), "no room")),
        9 => Tell(new JobCommand.Cancel("ann")),
        10 => Tell(new JobCommand.Suspend("ann")),
        11 => Tell(new JobCommand.Resume("ann")),
        12 => Tell(new JobCommand.Preempt(Job.Revision, Other, EvictionCause.Level)),
        13 => Tell(new JobCommand.Drain("local", $"node-{rank}", "root")),
        14 => Tell(new JobCommand.Update("ann", new TermsChange(rank == 0 ? null : $"queue-{rank}", code == 0 ? null : (JobPriority)(code % 3), code == 4 ? TimeSpan.FromMinutes(7) : null))),
        15 => Tell(new JobCommand.Retry("ann", null, "senior", null, Job.Place + 10)),
        16 => Grow(),
        17 => code < 3 ? Shrink() : Shrink(rank),
        _ => After(TimeSpan.FromMinutes(code)).Tell(new JobCommand.CheckDeadlines(BindTimeout)),
    };
}
