namespace Convoy.Objects.S3;

/// <summary>
/// Asks a second time where the first answer is late, and takes what comes first ("The Tail at Scale", Dean and Barroso, 2013). One read of ten
/// may be asked twice: a store that is slow because it has too much to do must not get twice as much.
/// </summary>
internal sealed class Hedging(TimeSpan? after, TimeProvider time)
{
    private const int Price = 10;
    private const int MostSaved = 10 * Price;

    private int saved = MostSaved;

    /// <param name="ask">Not again after it failed; its answer is disposed of where another came first.</param>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
        where T : IDisposable
    {
        Save();
        if (after is not { } delay) return await ask(cancellationToken);
        using var stopFirst = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stopSecond = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stopWaiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = ask(stopFirst.Token);
        await Task.WhenAny(first, Task.Delay(delay, time, stopWaiting.Token));
        await stopWaiting.CancelAsync();
        if (first.IsCompleted || cancellationToken.IsCancellationRequested || !TryPay()) return await first;

        var second = ask(stopSecond.Token);
        var sooner = await Task.WhenAny(first, second);
        var later = sooner == first ? second : first;
        if (!sooner.IsCompletedSuccessfully) return await later;
        await (later == first ? stopFirst : stopSecond).CancelAsync();
        try
        {
            (await later).Dispose();
        }
        catch (Exception e) when (S3Failure.IsOne(e) || e is ObjectStoreException)
        {
            // It came too late to matter.
        }

        return await sooner;
    }

    private void Save()
    {
        if (Volatile.Read(ref saved) < MostSaved) Interlocked.Increment(ref saved);
    }

    private bool TryPay()
    {
        if (Interlocked.Add(ref saved, -Price) >= 0) return true;
        Interlocked.Add(ref saved, Price);
        return false;
    }
}
