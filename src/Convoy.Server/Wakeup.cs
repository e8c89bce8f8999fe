namespace Convoy.Server;

/// <summary>Wakes a loop that is otherwise woken by its period. Any number of calls before it looks are one.</summary>
public sealed class Wakeup(TimeProvider time)
{
    private TaskCompletionSource signal = New();

    public void Signal() => Volatile.Read(ref signal).TrySetResult();

    /// <summary>Returns at once where there was a signal since the last return.</summary>
    public async Task WaitAsync(TimeSpan period, CancellationToken cancellationToken)
    {
        // The period is one more signal.
        var next = Volatile.Read(ref signal);
        await using (time.CreateTimer(_ => next.TrySetResult(), null, period, Timeout.InfiniteTimeSpan))
        await using (cancellationToken.UnsafeRegister((_, token) => next.TrySetCanceled(token), null))
        {
            await next.Task;
        }

        Interlocked.Exchange(ref signal, New());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
