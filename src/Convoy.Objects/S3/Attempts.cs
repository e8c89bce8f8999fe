namespace Convoy.Objects.S3;

/// <summary>Tries again what may go better the next time, so often and no more. Pauses are drawn from none to the whole ("full jitter"), so that those who failed together do not come back together.</summary>
internal sealed class Attempts(S3Options options, TimeProvider time, Random random)
{
    /// <summary>A store puts a large object together in minutes, and says nothing meanwhile.</summary>
    public static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(5);

    private readonly Lock drawing = new();

    public TimeProvider Time => time;

    public Task<T> RunAsync<T>(string what, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken) =>
        RunAsync(what, options.StallTimeout, patience => attempt(patience.Token), cancellationToken);

    public Task<T> RunAsync<T>(string what, Func<Patience, Task<T>> attempt, CancellationToken cancellationToken) => RunAsync(what, options.StallTimeout, attempt, cancellationToken);

    /// <exception cref="ObjectStoreException">It went wrong for good, or too often.</exception>
    public async Task<T> RunAsync<T>(string what, TimeSpan most, Func<Patience, Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            using var patience = new Patience(most, time, cancellationToken);
            try
            {
                return await attempt(patience);
            }
            catch (Exception e) when (S3Failure.IsOne(e))
            {
                await GoOnAsync(what, e, tries, cancellationToken);
            }
        }
    }

    /// <summary>Returns when it is time for the next try.</summary>
    /// <exception cref="ObjectStoreException">There is none.</exception>
    public Task GoOnAsync(string what, Exception e, int tries, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (tries >= options.Tries || !S3Failure.IsPassing(e)) throw S3Failure.Of(what, e, tries);
        var most = Math.Min(options.LongestPause.TotalMilliseconds, options.FirstPause.TotalMilliseconds * Math.Pow(2, tries - 1));
        double share;
        lock (drawing) share = random.NextDouble();
        return Task.Delay(TimeSpan.FromMilliseconds(share * most), time, cancellationToken);
    }
}
