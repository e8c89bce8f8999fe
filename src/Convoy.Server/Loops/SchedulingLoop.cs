using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Loops;

/// <summary>
/// Plans, checks, applies. Takes no input: it looks at the ledger and the fleet as they are, whenever something changed and once
/// in a period. Runs only in the server that holds the state folder, so there is one.
/// </summary>
public sealed partial class SchedulingLoop : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>After a plan the loop rests so many times as long as planning took, and a little in any case: what comes in meanwhile is planned together, and a long line of waiting jobs leaves the processors to those who submit.</summary>
    private const int RestFactor = 7;

    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(250);

    private readonly Ledger ledger;
    private readonly Fleet fleet;
    private readonly Snapshots snapshots;
    private readonly GuardedPlanner planner;
    private readonly SnapshotFolder kept;
    private readonly Restraints restraints;
    private readonly Wakeup wakeup;
    private readonly TimeProvider time;
    private readonly ILogger<SchedulingLoop> log;
    private LatestPlan latest = LatestPlan.None;
    private string toldLast = "";
    private string? haltedBy;

    /// <summary>Held while a cycle is under way.</summary>
    private readonly SemaphoreSlim cycling = new(1);

    public SchedulingLoop(
        Ledger ledger, Fleet fleet, Snapshots snapshots, GuardedPlanner planner, SnapshotFolder kept, Restraints restraints, JobFeed feed, TimeProvider time, ILogger<SchedulingLoop> log)
    {
        this.ledger = ledger;
        this.fleet = fleet;
        this.snapshots = snapshots;
        this.planner = planner;
        this.kept = kept;
        this.restraints = restraints;
        this.time = time;
        this.log = log;
        wakeup = new Wakeup(time);

        // A running job's tasks come and go without changing what is free.
        feed.Listen(job =>
        {
            if (job.Phase is JobPhase.Pending or JobPhase.Suspended || job.Phase.IsFinished()) wakeup.Signal();
        });
    }

    /// <summary>What the last cycle decided; waiting reasons are read from here.</summary>
    public LatestPlan Latest => Volatile.Read(ref latest);

    public void Wake() => wakeup.Signal();

    /// <summary>What would be decided now if this job waited, too. Nothing is applied.</summary>
    public async Task<Plan> TryAsync(PendingJob job, CancellationToken cancellationToken)
    {
        var (snapshot, policy, now, _) = await snapshots.TakeAsync(cancellationToken);
        return planner.Plan(snapshot with { Pending = [.. snapshot.Pending, job] }, policy, now).Plan;
    }

    /// <summary>Why a job that has machines could not have what it has in another queue: null where that queue has room for it now.</summary>
    public async Task<WaitingReason?> WouldWaitInAsync(Job running, string queue, CancellationToken cancellationToken)
    {
        var (snapshot, policy, now, _) = await snapshots.TakeAsync(cancellationToken);
        var held = running.Current!.Members.ToLookup(task => task.Placement.Role);
        var moved = PendingJob.Of(running with { Queue = queue });
        moved = moved with
        {
            Roles =
            [
                .. moved.Roles.Select(role => role with
                {
                    Min = held[role.Role].Count(),
                    Max = held[role.Role].Count(),
                    Accelerators = role.UsesDevices && running.Current.Accelerator is { } type ? [type] : role.Accelerators,
                }).Where(role => role.Min > 0),
            ],
        };
        var plan = planner.Plan(snapshot with { Pending = [moved], Running = [.. snapshot.Running.Where(job => job.Standing.Id != running.Id)] }, policy, now).Plan;
        var waits = plan.Waiting.FirstOrDefault(waiting => waiting.Job == running.Id)?.Reason;
        return waits is { Token: WaitingToken.ExceedsQueueQuota or WaitingToken.WaitingForQuota or WaitingToken.WaitingForPreemption } ? waits : null;
    }

    /// <summary>Returns when no decision is under way that was made of what is no longer so.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await cycling.WaitAsync(cancellationToken);
        cycling.Release();
    }

    public override void Dispose()
    {
        cycling.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await wakeup.WaitAsync(Period, stoppingToken);
            var planning = TimeSpan.Zero;
            await cycling.WaitAsync(stoppingToken);
            try
            {
                planning = await CycleAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The boundary of the loop: a cycle that failed is repeated from a fresh snapshot.
                LogCycleFailed(log, e);
            }
            finally
            {
                cycling.Release();
            }

            await Task.Delay(TimeSpan.FromTicks(Math.Clamp((planning * RestFactor).Ticks, ShortestRest.Ticks, LongestRest.Ticks)), time, stoppingToken);
        }
    }

    /// <returns>How long planning took.</returns>
    private async Task<TimeSpan> CycleAsync(CancellationToken cancellationToken)
    {
        // A cluster that has not reported yet holds unknown things, and so do jobs whose last commit failed: nothing is placed before both have spoken.
        if (!fleet.IsKnownAt(time.GetUtcNow()) || !ledger.IsSure) return TimeSpan.Zero;
        var began = time.GetTimestamp();
        var planning = await snapshots.TakeAsync(cancellationToken);
        var guarded = planner.Plan(planning.Snapshot, planning.Policy, planning.Now);
        Tell(guarded, planning);
        var plan = guarded.Plan;
        Instruments.SchedulingCycles.Inc();

        // Where nothing could be planned at all, what was known before is better than nothing.
        if (plan.Gangs.Count == 0 && plan.Waiting.Count == 0 && planning.Snapshot.Pending.Count > 0) return time.GetElapsedTime(began);
        var halt = restraints.Halt;
        var silent = fleet.Clusters.Values.ToLookup(cluster => cluster.IsSilentAt(planning.Now), cluster => cluster.Name);
        Volatile.Write(ref latest, LatestPlan.Of(plan, halt).WithSilence([.. silent[true]], [.. silent[false]], planning.Snapshot.Pending));
        snapshots.Promise(plan, planning.Now);
        Instruments.WaitingJobs.Set(Latest.Order.Count);
        var took = time.GetElapsedTime(began);
        if (halt?.Code != haltedBy && halt is not null) LogHalted(log, halt.Code, halt.Message);
        haltedBy = halt?.Code;
        if (halt is not null) return took;
        Task[] applied =
        [
            .. plan.Gangs.Where(gang => !plan.MustWait(gang.Job)).Select(gang => AssignAsync(gang, cancellationToken)),
            .. MakingWay.Of(plan).Select(together => MakeWayAsync(together, cancellationToken)),
            .. plan.Resizes.Where(resize => resize.For.Count == 0).Select(growth => GrowAsync(growth, cancellationToken)),
        ];
        await Task.WhenAll(applied);
        return took;
    }

    private async Task AssignAsync(PlannedGang gang, CancellationToken cancellationToken)
    {
        var answer = await ledger.TellAsync(gang.Job, new JobCommand.Assign(gang.JobRevision, gang.Cluster, gang.Accelerator, gang.Tasks), cancellationToken);
        if (answer.Decision is Decision.Rejected stale) LogStale(log, gang.Job, stale.Message);
    }

    private async Task GrowAsync(PlannedResize growth, CancellationToken cancellationToken)
    {
        var answer = await ledger.TellAsync(growth.Job, new JobCommand.Resize(growth.JobRevision, growth.Tasks, []), cancellationToken);
        if (answer.Decision is Decision.Rejected stale) LogNotResized(log, growth.Job, stale.Message);
        else LogGrown(log, growth.Job, growth.Tasks.Count);
    }

    /// <summary>
    /// All who make way are told, or none. The gangs they make way for wait on: what is promised to them can be seen from those who
    /// leave, and once they are gone the gangs are planned again like any other. So a crash at any instant loses nothing but time.
    /// </summary>
    private async Task MakeWayAsync(MakingWay together, CancellationToken cancellationToken)
    {
        var answers = await ledger.TellTogetherAsync(together.Commands, cancellationToken);
        if (answers.Select(answer => answer.Decision).OfType<Decision.Rejected>().FirstOrDefault() is { } stale)
        {
            LogStale(log, together.Gangs[0].Job, stale.Message);
            return;
        }

        Instruments.Evictions.Inc(together.Evictions.Count);
        foreach (var eviction in together.Evictions) LogEvicted(log, eviction.Victim, eviction.For);
        foreach (var shrink in together.Shrinks) LogShrunk(log, shrink.Job, shrink.Tasks.Count, shrink.For[0]);
    }

    /// <summary>What went wrong is counted every time, and told, with the snapshot, when it is not what went wrong in the cycle before.</summary>
    private void Tell(GuardedPlan guarded, PlanningCase planning)
    {
        foreach (var violation in guarded.Violations) Instruments.PlanViolations.WithLabels($"{violation.Guarantee}").Inc();
        Instruments.PlannerFailures.Inc(guarded.Failures.Count);
        var told = string.Join('\n', guarded.Violations.Select(violation => violation.ToString()).Concat(guarded.Failures.Select(failure => failure.GetType().Name)));
        if (told == toldLast) return;
        toldLast = told;
        if (told.Length == 0) return;
        var file = kept.Keep(planning) ?? "no file";
        foreach (var violation in guarded.Violations) LogViolation(log, violation.Guarantee, violation.Job, violation.Message, file);
        foreach (var failure in guarded.Failures) LogPlannerFailed(log, failure, file);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Scheduling cycle failed")]
    private static partial void LogCycleFailed(ILogger log, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Plan violates guarantee {Guarantee}: job {Job} {Violation}; dropped; the snapshot is in {Snapshot}")]
    private static partial void LogViolation(ILogger log, int guarantee, JobId job, string violation, string snapshot);

    [LoggerMessage(Level = LogLevel.Error, Message = "Planning failed, and a simpler plan is made; the snapshot is in {Snapshot}")]
    private static partial void LogPlannerFailed(ILogger log, Exception exception, string snapshot);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Victim} makes way for {Job}")]
    private static partial void LogEvicted(ILogger log, JobId victim, JobId job);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Elastic} shrinks to {Tasks} tasks for {Job}")]
    private static partial void LogShrunk(ILogger log, JobId elastic, int tasks, JobId job);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Job} grows to {Tasks} tasks")]
    private static partial void LogGrown(ILogger log, JobId job, int tasks);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Job} keeps its size: {Reason}")]
    private static partial void LogNotResized(ILogger log, JobId job, Text reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nothing new starts ({Code}): {Why}")]
    private static partial void LogHalted(ILogger log, string code, Text why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Assignment of {Job} dropped: {Reason}")]
    private static partial void LogStale(ILogger log, JobId job, Text reason);
}
