using Convoy.Server.Datasets;

namespace Convoy.Server.Loops;

/// <summary>Has the garbage of data sets collected, again and again. Each round finds anew what is to be done.</summary>
public sealed partial class GarbageLoop(GarbageCollection garbage, TimeProvider time, ILogger<GarbageLoop> log) : BackgroundService
{
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first round at once: what was being removed when the server ended is waited for.
        using var timer = new PeriodicTimer(TimeSpan.FromTicks(Math.Clamp(garbage.Grace.Ticks / 4, ShortestPeriod.Ticks, LongestPeriod.Ticks)), time);
        do
        {
            try
            {
                await garbage.RoundAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The boundary of the loop: what was not removed now is found again in the next round.
                LogRoundFailed(log, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A round of collecting the garbage of data sets failed; it is repeated")]
    private static partial void LogRoundFailed(ILogger log, Exception exception);
}
