namespace Convoy.Server;

/// <summary>Wakes a loop that is otherwise woken by its period. Any number of calls before it looks are one.</summary>
public sealed class Wakeup(TimeProvider time)
{
    private TaskCompletionSource signal = New();

    public void Signal() => Volatile.Read(ref signal).TrySetResult();

    /// <summary>Returns at once where there was a signal since the last return.</summary>
    public async Task WaitAsync(TimeSpan period, CancellationToken cancellationToken)
    {
        try
        {
            await Volatile.Read(ref signal).Task.WaitAsync(period, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The period.
        }

        Interlocked.Exchange(ref signal, New());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
