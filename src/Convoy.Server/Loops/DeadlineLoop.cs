using System.Collections.Concurrent;
using Convoy.Core.Jobs;

namespace Convoy.Server.Loops;

/// <summary>Looks at a job when its time has come: the bind timeout of a gang, the longest a job may run.</summary>
public sealed partial class DeadlineLoop : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Ledger ledger;
    private readonly ServerOptions options;
    private readonly Fleet fleet;
    private readonly TimeProvider time;
    private readonly ILogger<DeadlineLoop> log;
    private readonly ConcurrentQueue<(JobId Id, DateTimeOffset Due)> noted = new();

    public DeadlineLoop(Ledger ledger, ServerOptions options, Fleet fleet, JobFeed feed, TimeProvider time, ILogger<DeadlineLoop> log)
    {
        this.ledger = ledger;
        this.options = options;
        this.fleet = fleet;
        this.time = time;
        this.log = log;
        feed.Listen(Note);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var job in ledger.Unfinished.Values.OrderBy(job => job.SubmitSequence)) Note(job);
        var due = new PriorityQueue<JobId, DateTimeOffset>();
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            while (noted.TryDequeue(out var note)) due.Enqueue(note.Id, note.Due);
            while (due.TryPeek(out var id, out var at) && at <= time.GetUtcNow())
            {
                // Most notes are of jobs that have long gone on.
                due.Dequeue();
                if (!ledger.Unfinished.TryGetValue(id, out var job) || !(JobLifecycle.NextDeadline(job, BindTimeoutOf(job)) <= at)) continue;
                try
                {
                    await ledger.TellAsync(id, new JobCommand.CheckDeadlines(BindTimeoutOf(job)), stoppingToken);
                }
                catch (LedgerUnavailableException e)
                {
                    LogPutOff(log, e, id);
                    due.Enqueue(id, time.GetUtcNow() + Period);
                }
            }
        }
    }

    /// <summary>Every change notes anew; the note of a deadline that no longer holds finds nothing to do.</summary>
    private void Note(Job job)
    {
        if (JobLifecycle.NextDeadline(job, BindTimeoutOf(job)) is { } due) noted.Enqueue((job.Id, due));
    }

    /// <summary>Elsewhere than here an image may have to come to the nodes first.</summary>
    private TimeSpan BindTimeoutOf(Job job) =>
        job.Current is { } attempt && fleet.Clusters.TryGetValue(attempt.Cluster, out var cluster) && cluster.Kind != LocalClusterSetup.Kind ? options.RemoteBindTimeout : options.BindTimeout;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The deadline of {Job} is looked at again later")]
    private static partial void LogPutOff(ILogger log, Exception exception, JobId job);
}
