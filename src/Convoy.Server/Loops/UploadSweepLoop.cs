using Convoy.Objects;

namespace Convoy.Server.Loops;

/// <summary>Forgets uploads that nobody went on with, lest they fill the disk.</summary>
public sealed partial class UploadSweepLoop(IObjectStore objects, TimeProvider time, ILogger<UploadSweepLoop> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>Who lost the connection in the evening can go on the next day.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await objects.SweepUploadsAsync(time.GetUtcNow() - KeptFor, stoppingToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogPutOff(log, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old uploads are looked at again later")]
    private static partial void LogPutOff(ILogger log, Exception exception);
}
