using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Cli.Simulation;

/// <summary>What the scheduler makes of a snapshot.</summary>
/// <param name="Failure">What the planner or its check threw; null where neither did.</param>
internal sealed record ReplayView(
    DateTimeOffset Now,
    int Nodes,
    IReadOnlyList<ReplayedStart> Starts,
    IReadOnlyList<ReplayedEviction> Evictions,
    IReadOnlyList<ReplayedResize> Resizes,
    IReadOnlyList<ReplayedMove> Moves,
    IReadOnlyList<ReplayedWait> Waiting,
    IReadOnlyList<ReplayedViolation> Violations,
    string? Failure,
    int SchemaVersion = 1)
{
    public bool IsSound => Violations.Count == 0 && Failure is null;

    public static ReplayView Failed(PlanningCase planning, Exception failure) =>
        new(planning.Now, planning.Snapshot.Nodes.Count, [], [], [], [], [], [], $"{failure.GetType().Name}: {failure.Message}");

    public static ReplayView Of(PlanningCase planning, Plan plan, IReadOnlyList<Violation> violations)
    {
        var pending = planning.Snapshot.Pending.ToDictionary(job => job.Standing.Id);
        var running = planning.Snapshot.Running.ToDictionary(job => job.Standing.Id);
        return new ReplayView(
            planning.Now,
            planning.Snapshot.Nodes.Count,
            [.. plan.Gangs.Select(gang => ReplayedStart.Of(gang, pending[gang.Job], plan.MustWait(gang.Job)))],
            [.. plan.Evictions.Select(eviction => ReplayedEviction.Of(eviction, running[eviction.Victim]))],
            [.. plan.Resizes.Where(resize => !resize.IsMove).Select(resize => new ReplayedResize(resize.Job.Value, running[resize.Job].Places.Count, resize.Tasks.Count, Ids(resize.For)))],
            [.. plan.Resizes.Where(resize => resize.IsMove).Select(move => new ReplayedMove(move.Job.Value, NodesOf(running[move.Job].Places.Select(place => place.Node)), NodesOf(move.Tasks.Select(task => task.Node)), Ids(move.For)))],
            [.. plan.Waiting.Select(waiting => ReplayedWait.Of(waiting, pending[waiting.Job]))],
            [.. violations.Select(violation => new ReplayedViolation(violation.Guarantee, violation.Job.Value, violation.Message))],
            null);
    }

    private static string[] Ids(IEnumerable<JobId> jobs) => [.. jobs.Select(job => job.Value)];

    private static string[] NodesOf(IEnumerable<string> nodes) => [.. nodes.Distinct()];
}

/// <param name="AfterOthers">It starts once the jobs that make way for it have stopped.</param>
internal sealed record ReplayedStart(
    string Job, string User, string Level, string Queue, int Tasks, long MilliGpus, string Cluster, string? Accelerator, IReadOnlyList<string> Nodes, bool AfterOthers)
{
    public static ReplayedStart Of(PlannedGang gang, PendingJob job, bool afterOthers)
    {
        var each = job.Roles.ToDictionary(role => role.Role, role => role.Each);
        return new ReplayedStart(
            gang.Job.Value, job.Standing.Owner, job.Standing.Level, job.Standing.Queue, gang.Tasks.Count, gang.Tasks.Sum(task => each[task.Role].MilliDevices), gang.Cluster, gang.Accelerator,
            [.. gang.Tasks.Select(task => task.Node).Distinct()], afterOthers);
    }
}

/// <param name="Cause">What gives the other job the right to it.</param>
internal sealed record ReplayedEviction(string Job, string User, string Level, string Queue, long MilliGpus, string For, string Cause, bool IsProvenBest)
{
    public static ReplayedEviction Of(PlannedEviction eviction, RunningJob victim) => new(
        eviction.Victim.Value, victim.Standing.Owner, victim.Standing.Level, victim.Standing.Queue, victim.Places.Sum(place => place.Taken.MilliDevices), eviction.For.Value, eviction.Cause.ToString(),
        eviction.IsProvenBest);
}

/// <param name="For">Jobs that get what is given up; none where the job grows.</param>
internal sealed record ReplayedResize(string Job, int TasksBefore, int TasksAfter, IReadOnlyList<string> For);

/// <param name="From">Nodes, as <paramref name="To"/>.</param>
/// <param name="For">The job that gets what is left.</param>
internal sealed record ReplayedMove(string Job, IReadOnlyList<string> From, IReadOnlyList<string> To, IReadOnlyList<string> For);

internal sealed record ReplayedWait(
    string Job,
    string User,
    string Level,
    string Queue,
    string Reason,
    string Unit,
    long Needed,
    long Free,
    long LargestFreeBlock,
    int JobsAhead,
    string? BlockedBy,
    DateTimeOffset? Until,
    DateTimeOffset? EarliestStart)
{
    public static ReplayedWait Of(WaitingJob waiting, PendingJob job)
    {
        var reason = waiting.Reason;
        return new ReplayedWait(
            waiting.Job.Value, job.Standing.Owner, job.Standing.Level, job.Standing.Queue, reason.Token.ToString(), reason.Unit.ToString(), reason.Needed, reason.Free, reason.LargestFreeBlock,
            reason.JobsAhead, reason.BlockedBy?.Value, reason.Until, reason.EarliestStart);
    }
}

/// <param name="Guarantee">Its number in the scheduler's contract.</param>
internal sealed record ReplayedViolation(int Guarantee, string Job, string Message);
