using System.Collections.Immutable;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Loops;

/// <summary>
/// Plans, checks, applies. Takes no input: it looks at the ledger and the fleet as they are, whenever something changed and once
/// in a period. Runs only in the server that holds the state folder, so there is one.
/// </summary>
public sealed partial class SchedulingLoop : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Ledger ledger;
    private readonly Fleet fleet;
    private readonly People people;
    private readonly Wakeup wakeup;
    private readonly TimeProvider time;
    private readonly ILogger<SchedulingLoop> log;
    private LatestPlan latest = LatestPlan.None;

    public SchedulingLoop(Ledger ledger, Fleet fleet, People people, JobFeed feed, TimeProvider time, ILogger<SchedulingLoop> log)
    {
        this.ledger = ledger;
        this.fleet = fleet;
        this.people = people;
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

    /// <summary>All that a decision may depend on, as of now.</summary>
    public ClusterSnapshot Snapshot()
    {
        var jobs = ledger.Unfinished;
        return new ClusterSnapshot(
            0,
            [.. fleet.Nodes],
            [.. jobs.Values.Where(job => job.Phase == JobPhase.Pending).Select(PendingJob.Of)],
            [.. jobs.Values.Select(RunningJob.Of).OfType<RunningJob>()]);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await wakeup.WaitAsync(Period, stoppingToken);
            try
            {
                await CycleAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The boundary of the loop: a cycle that failed is repeated from a fresh snapshot.
                LogCycleFailed(log, e);
            }
        }
    }

    private async Task CycleAsync(CancellationToken cancellationToken)
    {
        // A cluster that has not reported yet holds unknown things, and so do jobs whose last commit failed: nothing is placed before both have spoken.
        if (!fleet.HasReported || !ledger.IsSure) return;
        var policy = await people.PolicyAsync(cancellationToken);
        var snapshot = Snapshot();
        var checkedPlan = PlanChecker.Check(snapshot, policy, Scheduler.Plan(snapshot, policy, time.GetUtcNow()));
        foreach (var violation in checkedPlan.Violations)
        {
            Instruments.PlanViolations.WithLabels($"{violation.Guarantee}").Inc();
            LogViolation(log, violation.Guarantee, violation.Job, violation.Message);
        }

        var plan = checkedPlan.Plan;
        Volatile.Write(ref latest, LatestPlan.Of(plan));
        Instruments.SchedulingCycles.Inc();
        Instruments.WaitingJobs.Set(plan.Waiting.Count);
        await Task.WhenAll(plan.Gangs.Select(gang => AssignAsync(gang, cancellationToken)));
    }

    private async Task AssignAsync(PlannedGang gang, CancellationToken cancellationToken)
    {
        var answer = await ledger.TellAsync(gang.Job, new JobCommand.Assign(gang.JobRevision, gang.Cluster, gang.Accelerator, gang.Tasks), cancellationToken);
        if (answer.Decision is Decision.Rejected stale) LogStale(log, gang.Job, stale.Message);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Scheduling cycle failed")]
    private static partial void LogCycleFailed(ILogger log, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Plan violates guarantee {Guarantee}: job {Job} {Violation}; dropped")]
    private static partial void LogViolation(ILogger log, int guarantee, JobId job, string violation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Assignment of {Job} dropped: {Reason}")]
    private static partial void LogStale(ILogger log, JobId job, string reason);
}

/// <summary>A plan, indexed for those who ask.</summary>
/// <param name="Order">Waiting jobs as the scheduler considers them.</param>
public sealed record LatestPlan(IReadOnlyList<WaitingJob> Order, ImmutableDictionary<JobId, WaitingReason> Reasons)
{
    public static LatestPlan None { get; } = new([], ImmutableDictionary<JobId, WaitingReason>.Empty);

    public static LatestPlan Of(Plan plan) => new(plan.Waiting, plan.Waiting.ToImmutableDictionary(waiting => waiting.Job, waiting => waiting.Reason));
}
