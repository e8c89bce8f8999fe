using Convoy.Server.Datasets;

namespace Convoy.Server.Loops;

/// <summary>Has data sets copied, again and again. What was cut off goes on where it was.</summary>
public sealed partial class ReplicationLoop(DatasetStores stores, Replicator replicator, DataReadiness readiness, SchedulingLoop scheduling, TimeProvider time, ILogger<ReplicationLoop> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    private readonly Wakeup wakeup = new(time);

    /// <summary>Something more is to be copied.</summary>
    public void Wake() => wakeup.Signal();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => stores.Others.Count == 0 ? Task.CompletedTask : Task.WhenAll(CopyAsync(stoppingToken), LookAsync(stoppingToken));

    private async Task CopyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await replicator.RoundAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The boundary of the loop: what was not copied now is found again in the next round.
                LogRoundFailed(log, e);
            }

            await wakeup.WaitAsync(Period, cancellationToken);
        }
    }

    /// <summary>Jobs that wait for data are told how far it is, and start when it is there.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookPeriod, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                var (asked, changed) = await readiness.LookAsync(cancellationToken);
                if (asked) Wake();
                if (changed) scheduling.Wake();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // As above.
                LogRoundFailed(log, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A round of copying data sets failed; it is repeated")]
    private static partial void LogRoundFailed(ILogger log, Exception exception);
}
