using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Submission;

/// <summary>Tells who watches a waiting job why it waits, until it waits no more.</summary>
internal static class WaitingNotices
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(Call call, JobView job, CancellationToken cancellationToken)
    {
        string? said = null;
        try
        {
            for (var pause = First; ; pause = Period)
            {
                await Task.Delay(pause, call.Time, cancellationToken);
                var now = await call.Client.GetJobAsync(job.Id, cancellationToken);
                if (now.Phase != JobPhase.Pending) return;
                var notice = $"{now.Reason}: {now.Message?.Said()}";
                if (notice != said) call.Say($"waiting: {notice}");
                said = notice;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ConvoyException or ServerUnreachableException)
        {
            // The logs' stream is what matters: it says by itself when the server is gone.
        }
    }
}
